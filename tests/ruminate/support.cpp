#include "tests/ruminate/support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "base/file.h"

namespace banchu::test {
namespace {

constexpr Token kBegin = 300, kSystem = 301, kEnd = 304;

class Bytes : public Tokenizer {
 public:
  Bytes() {
    for (std::size_t byte = 0; byte < 256; ++byte) pieces_[byte] = std::string(1, static_cast<char>(byte));
  }
  std::vector<Token> encode(std::string_view text) const override {
    std::vector<Token> tokens;
    for (const char c : text) tokens.push_back(static_cast<unsigned char>(c));
    return tokens;
  }
  std::string decode(std::span<const Token> tokens) const override { return text_of(tokens); }
  const std::string& piece(Token token) const override { return pieces_[static_cast<std::size_t>(token)]; }
  bool ends_generation(Token token) const override { return token == kEnd; }
  std::size_t vocabulary_size() const override { return 305; }

 private:
  std::array<std::string, 305> pieces_;  // "" for control tokens
};

class Marked : public ChatTemplate {
 public:
  Result<RenderedChat> render(std::span<const Message> messages, bool add_generation_prompt) const override {
    RenderedChat chat;
    for (const Message& message : messages) {
      chat.tokens.push_back(kBegin);
      chat.tokens.push_back(kSystem + static_cast<Token>(message.role));
      const std::size_t begin = chat.tokens.size();
      for (const char c : message.content) chat.tokens.push_back(static_cast<unsigned char>(c));
      chat.tokens.push_back(kEnd);
      if (message.role == Role::assistant) chat.replies.push_back({begin, chat.tokens.size()});
    }
    if (add_generation_prompt) chat.tokens.insert(chat.tokens.end(), {kBegin, kSystem + 2});
    return chat;
  }
  bool is_builtin() const override { return false; }
};

class ByteModel : public Model {
 public:
  const ModelInfo& info() const override { return info_; }
  const std::string& digest() const override { return digest_; }
  const std::filesystem::path& path() const override { return path_; }
  const Tokenizer& tokenizer() const override { return tokenizer_; }
  const ChatTemplate& chat_template() const override { return template_; }

 private:
  ModelInfo info_;
  std::string digest_ = "bytes";
  std::filesystem::path path_;
  Bytes tokenizer_;
  Marked template_;
};

Entry entry_of(const std::string& user, const std::string& reply) {
  static int next = 0;
  Entry entry;
  entry.turn.id = "turn" + std::to_string(++next);
  entry.turn.conversation = "talk" + std::to_string(next);
  entry.turn.time = kNight - 40000 + next;
  entry.turn.user = user;
  entry.turn.reply = reply;
  return entry;
}

}  // namespace

Entry talk(const std::string& user, const std::string& reply) {
  Entry entry = entry_of(user, reply);
  entry.source = EntrySource::added;
  entry.mark = EntryMark::kept;
  return entry;
}

Entry spoken(const std::string& user, const std::string& reply, const std::string& mask) {
  Entry entry = entry_of(user, reply);
  entry.turn.mask = mask;
  return entry;
}

std::vector<Entry> conversation(std::vector<Entry> entries, const std::string& id) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    entries[i].turn.conversation = id;
    entries[i].turn.index = static_cast<int>(i);
  }
  return entries;
}

std::string sample_text(const std::string& file) {
  auto text = read_file(std::string(BANCHU_SOURCE_DIR) + "/samples/" + file);
  EXPECT_TRUE(text.has_value()) << file;
  return text.has_value() ? *text : "";
}

std::vector<Entry> sample_day(const std::string& file, int ids_from) {
  std::vector<Entry> entries;
  std::istringstream lines(sample_text(file));
  std::string line;
  for (int number = ids_from; std::getline(lines, line); ++number) {
    const auto json = parse_json(line, file);
    EXPECT_TRUE(json.has_value()) << file << " line " << number;
    const Json& messages = (*json)["messages"];
    for (std::size_t m = 0; m + 1 < messages.size(); m += 2) {
      Entry entry = talk(messages[m]["content"], messages[m + 1]["content"]);
      entry.turn.conversation = "c" + std::to_string(number);
      entry.turn.id = entry.turn.conversation + "-" + std::to_string(m / 2);
      entry.turn.index = static_cast<int>(m / 2);
      entry.turn.time = *parse_time((*json)["meta"]["time"].get<std::string>());
      entry.mark = (*json)["meta"]["approved"].get<bool>() ? EntryMark::kept : EntryMark::none;
      entries.push_back(entry);
    }
  }
  return entries;
}

Chewed chew_day(std::vector<Entry> entries, const std::vector<Memory>& known) {
  return chew(std::move(entries), known, RuminateOptions{}, kNight);
}

const EntryVerdict& verdict_of(const Chewed& chewed, const std::string& user_begins_with) {
  static const EntryVerdict kNone{"", Reason::kept, "there is no such entry", {}};
  for (std::size_t i = 0; i < chewed.entries.size(); ++i) {
    if (chewed.entries[i].turn.user.starts_with(user_begins_with)) return chewed.verdicts[i];
  }
  ADD_FAILURE() << "no entry begins with " << user_begins_with;
  return kNone;
}

std::vector<Memory> memories_with(const Chewed& chewed, BehaviourKind kind, MemoryState state) {
  std::vector<Memory> found;
  std::copy_if(chewed.memories.begin(), chewed.memories.end(), std::back_inserter(found),
               [&](const Memory& memory) { return memory.behaviour.kind == kind && memory.state == state; });
  return found;
}

ByteSession::ByteSession() : model_(std::make_unique<ByteModel>()) {}
ByteSession::~ByteSession() = default;
const Model& ByteSession::model() const { return *model_; }

Result<Completion> ByteSession::complete(const CompletionRequest& request, const TextSink&, const CancelFlag*) {
  ++completed;
  asked.emplace_back(text_of(request.prompt), request.sampling.max_tokens);
  Completion completion;
  completion.text = says(text_of(request.prompt));
  return completion;
}

Result<std::vector<Completion>> ByteSession::complete_all(std::span<const CompletionRequest> requests,
                                                          const std::function<void(std::size_t)>& on_done,
                                                          const CancelFlag* cancel) {
  std::vector<Completion> completions;
  for (const CompletionRequest& request : requests) {
    if (is_cancelled(cancel)) return make_error(Code::Cancelled, "cancelled");
    completions.push_back(*complete(request, {}, cancel));
    if (on_done) on_done(completions.size());
  }
  return completions;
}

Result<std::vector<Score>> ByteSession::score(std::span<const ScoreRequest> requests, int top_k,
                                              const std::function<void(std::size_t)>&, const CancelFlag*) {
  std::vector<Score> scores;
  for (const ScoreRequest& request : requests) {
    ++scored;
    Score score;
    for (const std::uint32_t position : request.positions) {
      score.logprobs.push_back(-1);
      if (top_k > 0) score.top.push_back({{request.tokens[position]}, {-0.5f}});
    }
    scores.push_back(std::move(score));
  }
  return scores;
}

std::string text_of(std::span<const Token> tokens) {
  static const char* const kMarks[] = {"<", "s:", "u:", "a:", ">"};
  std::string text;
  for (const Token token : tokens) {
    if (token >= kBegin) {
      text += kMarks[token - kBegin];
    } else {
      text += static_cast<char>(token);
    }
  }
  return text;
}

std::string targets_of(const LessonRow& row) {
  std::vector<Token> tokens;
  for (const std::uint32_t target : row.targets) tokens.push_back(row.tokens[target]);
  return text_of(tokens);
}

Result<Lessons> lessons_of(const Chewed& chewed, ByteSession& session, RuminateOptions options) {
  return build_lessons(chewed, session, SamplingOptions{}, everyday_prompts("en"), options, {}, nullptr);
}

std::vector<const LessonRow*> rows_of(const std::vector<LessonRow>& rows, RowKind kind) {
  std::vector<const LessonRow*> found;
  for (const LessonRow& row : rows) {
    if (row.kind == kind) found.push_back(&row);
  }
  return found;
}

std::vector<Entry> masked_evening(int turns) {
  std::vector<Entry> entries;
  for (int i = 0; i < turns; ++i) {
    Entry entry = spoken("Tell me thing number " + std::to_string(i),
                         "Thing " + std::to_string(i * 7) + " is a fine one.", "You are Dori.");
    entry.turn.few_shot = {{Role::user, "Hello."}, {Role::assistant, "Well now: hello."}};
    entries.push_back(entry);
  }
  return conversation(entries);
}

}  // namespace banchu::test
