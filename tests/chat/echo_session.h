// A session that answers from a script, so that what a conversation asks of it can be looked at.
//
// Tokens are bytes; a message is its role's token and its bytes. Each reply is the next line of `replies`.
#pragma once

#include <string>
#include <vector>

#include "model/model.h"

namespace banchu::test {

inline constexpr Token kRoleToken = 256;

inline std::vector<Token> bytes_as_tokens(std::string_view text) {
  std::vector<Token> tokens;
  for (const char c : text) tokens.push_back(static_cast<unsigned char>(c));
  return tokens;
}

class ByteTemplate : public ChatTemplate {
 public:
  Result<RenderedChat> render(std::span<const Message> messages, bool add_generation_prompt) const override {
    RenderedChat chat;
    for (const Message& message : messages) {
      chat.tokens.push_back(kRoleToken + static_cast<Token>(message.role));
      for (const Token token : bytes_as_tokens(message.content)) chat.tokens.push_back(token);
    }
    if (add_generation_prompt) chat.tokens.push_back(kRoleToken + static_cast<Token>(Role::assistant));
    return chat;
  }
  bool is_builtin() const override { return false; }
};

class ByteTokenizer : public Tokenizer {
 public:
  std::vector<Token> encode(std::string_view text) const override { return bytes_as_tokens(text); }
  std::string decode(std::span<const Token>) const override { return ""; }
  const std::string& piece(Token) const override { return piece_; }
  bool ends_generation(Token) const override { return false; }
  std::size_t vocabulary_size() const override { return 260; }

 private:
  std::string piece_;
};

class ByteModel : public Model {
 public:
  explicit ByteModel(std::uint32_t context_tokens) { info_.context_tokens = context_tokens; }
  const ModelInfo& info() const override { return info_; }
  const std::string& digest() const override { return digest_; }
  const std::filesystem::path& path() const override { return path_; }
  const Tokenizer& tokenizer() const override { return tokenizer_; }
  const ChatTemplate& chat_template() const override { return template_; }

 private:
  ModelInfo info_;
  std::string digest_ = "bytes";
  std::filesystem::path path_;
  ByteTokenizer tokenizer_;
  ByteTemplate template_;
};

class EchoSession : public Session {
 public:
  explicit EchoSession(std::uint32_t context_tokens = 4096) : model_(context_tokens) {}

  std::vector<std::string> replies;
  std::vector<CompletionRequest> asked;
  StopReason stop_reason = StopReason::end_of_turn;

  Status set_adapters(std::span<const AdapterUse>) override { return {}; }
  Result<Completion> complete(const CompletionRequest& request, const TextSink& on_text, const CancelFlag*) override {
    const std::string text = asked.size() < replies.size() ? replies[asked.size()] : "yes";
    asked.push_back(request);
    if (on_text) on_text(text);
    Completion completion;
    completion.text = text;
    completion.tokens = bytes_as_tokens(text);
    completion.stop_reason = stop_reason;
    completion.prompt_tokens = static_cast<std::uint32_t>(request.prompt.size());
    return completion;
  }
  Result<std::vector<Completion>> complete_all(std::span<const CompletionRequest>,
                                               const std::function<void(std::size_t)>&, const CancelFlag*) override {
    return make_error(Code::Unsupported, "one at a time");
  }
  Result<std::vector<Score>> score(std::span<const ScoreRequest>, int, const std::function<void(std::size_t)>&,
                                   const CancelFlag*) override {
    return make_error(Code::Unsupported, "no scores");
  }
  const Model& model() const override { return model_; }
  std::uint64_t generated_tokens() const override { return 0; }

  // The last prompt as text; roles stand as '<' (system), '>' (user), '=' (assistant).
  std::string last_prompt() const {
    std::string text;
    for (const Token token : asked.back().prompt) {
      text += token < kRoleToken ? static_cast<char>(token) : "<>="[token - kRoleToken];
    }
    return text;
  }

 private:
  ByteModel model_;
};

}  // namespace banchu::test
