#include "serve/talker.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/digest.h"
#include "base/text.h"
#include "serve/bias_field.h"

namespace banchu {
namespace {

constexpr const char* kGrow = ":grow";

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  for (const char c : random_id()) seed = seed * 16 + static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  return seed >> 1;
}

// The turn that a request's last message begins. A conversation that names no id is known by how it began: its mask,
// its first message, and the day.
Turn turn_of(const Ask& ask, const Asker& asker) {
  Turn turn;
  turn.id = random_id();
  turn.time = now();
  std::string first;
  for (const Message& message : ask.messages) {
    if (message.role == Role::system) turn.mask += (turn.mask.empty() ? "" : "\n\n") + message.content;
    if (message.role != Role::user) continue;
    if (first.empty()) first = message.content;
    turn.user = message.content;
    ++turn.index;
  }
  turn.index = std::max(turn.index - 1, 0);
  if (asker.mask) {
    turn.mask = asker.mask->system;
    turn.few_shot = asker.mask->few_shot;
  }
  const std::string told =
      asker.conversation.empty() ? turn.mask + '\x1e' + first + '\x1e' + format_day(turn.time) : asker.conversation;
  turn.conversation = asker.goes_on ? asker.conversation : sha256("conversation over the API: " + told).substr(0, 16);
  return turn;
}

// The mask's words and examples stand before the conversation.
Status wear(const Mask& mask, Ask& ask) {
  const bool has_own = std::any_of(ask.messages.begin(), ask.messages.end(),
                                   [](const Message& message) { return message.role == Role::system; });
  if (has_own || ask.messages.empty()) {
    return make_error(Code::InvalidArgument,
                      has_own ? "the conversation brings a system message of its own, and a mask"
                              : "a mask is worn in a conversation; this request has none",
                      "leave out that message, or the header X-Banchu-Mask");
  }
  std::vector<Message> before;
  if (!mask.system.empty()) before.push_back({Role::system, mask.system});
  before.insert(before.end(), mask.few_shot.begin(), mask.few_shot.end());
  ask.messages.insert(ask.messages.begin(), before.begin(), before.end());
  return {};
}

}  // namespace

Replies::~Replies() {
  for (const Said& said : said_) {
    if (!said.ended) speech_.cancel(said.ticket);
  }
}

Status Replies::keep(std::size_t i, const Completion& completion, const std::string& self) {
  said_[i].ended = true;
  if (!keep_ || completion.stop_reason == StopReason::cancelled) return {};
  Turn turn = turn_;
  turn.reply = trim(completion.text);
  turn.self = self;
  if (turn.reply.empty()) return {};
  BANCHU_TRY_STATUS(keep_(turn));
  kept_turn_ = turn.id;
  return {};
}

Status Replies::say(const std::vector<Token>& prompt, std::uint64_t seed) {
  auto hearing = std::make_shared<Hearing>();
  CompletionRequest request;
  request.prompt = prompt;
  request.sampling = ask_.sampling;
  request.seed = seed;
  request.logprobs = ask_.logprobs;
  BANCHU_TRY(const Speech::Ticket ticket, speech_.say(std::move(request), Hearing::listener_of(hearing)));
  said_.push_back({ticket, std::move(hearing), false});
  return {};
}

Talker::Talker(Speech& speech, TalkerOptions options, int context_tokens)
    : speech_(speech), options_(std::move(options)), context_tokens_(context_tokens) {
  const Tokenizer& tokenizer = model().tokenizer();
  for (std::size_t i = 0; i < tokenizer.vocabulary_size(); ++i) {
    longest_piece_bytes_ = std::max(longest_piece_bytes_, tokenizer.piece(static_cast<Token>(i)).size());
  }
}

std::size_t Talker::least_tokens(const RawPrompt& raw) const {
  return raw.text.size() / longest_piece_bytes_ + raw.tokens.size();
}

std::size_t Talker::least_tokens(const std::vector<Message>& messages) const {
  std::size_t bytes = 0;
  for (const Message& message : messages) bytes += message.content.size();
  return bytes / longest_piece_bytes_;
}

Status Talker::check_length(std::size_t tokens, std::optional<TooLong>& too_long) const {
  if (tokens < static_cast<std::size_t>(context_tokens_)) return {};
  too_long = TooLong{static_cast<int>(tokens), context_tokens_};
  return make_error(
      Code::InvalidArgument,
      fmt::format("the request ({} tokens) exceeds the available context size ({} tokens)", tokens, context_tokens_));
}

std::vector<std::string> Talker::model_names() const {
  std::vector<std::string> names = {options_.name};
  if (options_.keep) names.push_back(options_.name + kGrow);
  return names;
}

bool Talker::knows(const std::string& name) const {
  const std::vector<std::string> names = model_names();
  const std::string plain = name.ends_with(":latest") ? name.substr(0, name.size() - 7) : name;
  const auto is_among = [&](const std::vector<std::string>& list, const std::string& one) {
    return std::find(list.begin(), list.end(), one) != list.end();
  };
  return plain.empty() || is_among(names, plain) || is_among(options_.aliases, name) ||
         is_among(options_.aliases, plain);
}

Result<bool> Talker::should_grow(const Ask& ask, const Asker& asker) const {
  if (!asker.mode.empty() && asker.mode != "sandbox" && asker.mode != "grow") {
    return make_error(Code::InvalidArgument, "X-Banchu-Mode must be sandbox or grow");
  }
  const bool wanted = asker.mode.empty() ? ask.model.ends_with(kGrow) : asker.mode == "grow";
  if (!wanted) return false;
  if (asker.right == Right::talk) {
    return make_error(Code::FailedPrecondition, "this key may talk, but not let the companion keep what is said",
                      "a key made with --may grow");
  }
  if (!options_.keep) return make_error(Code::FailedPrecondition, "there is no bag here that could keep what is said");
  const bool ends_with_user = !ask.messages.empty() && ask.messages.back().role == Role::user;
  if (!ends_with_user || ask.replies != 1) {
    return make_error(Code::InvalidArgument, "what is kept is one reply to a user's message");
  }
  return true;
}

Result<std::vector<Token>> Talker::prompt_of(const Ask& ask) const {
  BANCHU_TRY(RenderedChat rendered, model().chat_template().render(ask.messages, true));
  return std::move(rendered.tokens);
}

Result<std::vector<Token>> Talker::tokens_of(const RawPrompt& raw) const {
  if (raw.tokens.empty()) {
    BANCHU_TRY_STATUS(check_utf8(raw.text, "the prompt"));
    return model().tokenizer().encode(raw.text);
  }
  const std::size_t vocabulary = model().tokenizer().vocabulary_size();
  const bool known = std::all_of(raw.tokens.begin(), raw.tokens.end(),
                                 [&](Token token) { return static_cast<std::size_t>(token) < vocabulary; });
  if (!known) return make_error(Code::InvalidArgument, "the prompt holds a token that is not in the vocabulary");
  return raw.tokens;
}

// What cannot fit is refused before it is tokenised.
Result<std::vector<std::vector<Token>>> Talker::prompts_of(const Ask& ask, std::optional<TooLong>& too_long) const {
  std::vector<std::vector<Token>> prompts;
  if (ask.raw.empty()) {
    BANCHU_TRY_STATUS(check_length(least_tokens(ask.messages), too_long));
    BANCHU_TRY(std::vector<Token> prompt, prompt_of(ask));
    prompts.push_back(std::move(prompt));
  }
  for (const RawPrompt& raw : ask.raw) {
    BANCHU_TRY_STATUS(check_length(least_tokens(raw), too_long));
    BANCHU_TRY(std::vector<Token> prompt, tokens_of(raw));
    prompts.push_back(std::move(prompt));
  }
  for (const std::vector<Token>& prompt : prompts) {
    if (prompt.empty()) return make_error(Code::InvalidArgument, "the prompt is empty");
    BANCHU_TRY_STATUS(check_length(prompt.size(), too_long));
  }
  return prompts;
}

Result<int> Talker::count_tokens(const Ask& ask) const {
  if (!knows(ask.model)) {
    return make_error(Code::NotFound, fmt::format("model '{}' not found", shorten(ask.model, 100)));
  }
  BANCHU_TRY(const std::vector<Token> prompt, prompt_of(ask));
  return static_cast<int>(prompt.size());
}

Result<std::unique_ptr<Replies>> Talker::start(Ask ask, const Asker& asker, std::optional<TooLong>& too_long) const {
  if (!knows(ask.model)) {
    return make_error(Code::NotFound, fmt::format("model '{}' not found", shorten(ask.model, 100)));
  }
  BANCHU_TRY(const bool grows, should_grow(ask, asker));
  const Turn turn = grows ? turn_of(ask, asker) : Turn();
  if (asker.mask) BANCHU_TRY_STATUS(wear(*asker.mask, ask));
  BANCHU_TRY_STATUS(check_token_biases(ask.sampling, model().tokenizer().vocabulary_size()));
  BANCHU_TRY(const std::vector<std::vector<Token>> prompts, prompts_of(ask, too_long));
  auto replies = std::make_unique<Replies>(speech_, std::move(ask));
  for (const std::vector<Token>& prompt : prompts) replies->prompt_tokens_ += static_cast<int>(prompt.size());
  if (grows) {
    replies->keep_ = options_.keep;
    replies->turn_ = turn;
  }
  const std::uint64_t seed = replies->ask_.seed.value_or(random_seed());
  for (const std::vector<Token>& prompt : prompts) {
    for (int i = 0; i < replies->ask_.replies; ++i) {
      BANCHU_TRY_STATUS(replies->say(prompt, seed + static_cast<std::uint64_t>(i)));
    }
  }
  return replies;
}

}  // namespace banchu
