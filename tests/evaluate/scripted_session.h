// A session that speaks from a script: what evaluate() makes of replies and losses can then be known beforehand.
//
// Tokens are bytes; a message is its role's token and its bytes. Adapters are told apart by their digest.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/model.h"

namespace banchu::test {

inline constexpr Token kRole = 256;

class ByteTokenizer : public Tokenizer {
 public:
  std::vector<Token> encode(std::string_view text) const override {
    std::vector<Token> tokens;
    for (const char c : text) tokens.push_back(static_cast<unsigned char>(c));
    return tokens;
  }
  std::string decode(std::span<const Token> tokens) const override {
    std::string text;
    for (const Token token : tokens) text += token < kRole ? static_cast<char>(token) : '|';
    return text;
  }
  const std::string& piece(Token) const override { return piece_; }
  bool ends_generation(Token) const override { return false; }
  std::size_t vocabulary_size() const override { return 260; }

 private:
  std::string piece_;
};

class RoleTemplate : public ChatTemplate {
 public:
  Result<RenderedChat> render(std::span<const Message> messages, bool add_generation_prompt) const override {
    RenderedChat chat;
    for (const Message& message : messages) {
      chat.tokens.push_back(kRole + static_cast<Token>(message.role));
      for (const Token token : ByteTokenizer().encode(message.content)) chat.tokens.push_back(token);
    }
    if (add_generation_prompt) chat.tokens.push_back(kRole + static_cast<Token>(Role::assistant));
    return chat;
  }
  bool is_builtin() const override { return false; }
};

class ScriptedModel : public Model {
 public:
  const ModelInfo& info() const override { return info_; }
  const std::string& digest() const override { return digest_; }
  const std::filesystem::path& path() const override { return path_; }
  const Tokenizer& tokenizer() const override { return tokenizer_; }
  const ChatTemplate& chat_template() const override { return template_; }

 private:
  ModelInfo info_;
  std::string digest_ = "model";
  std::filesystem::path path_;
  ByteTokenizer tokenizer_;
  RoleTemplate template_;
};

// What is heard: the conversation as "|message|message|", and how strongly the candidate is worn (0: not at all).
struct Scene {
  std::string prompt;
  int users = 0;  // user messages so far
  bool masked = false;
  double candidate = 0;
};

class ScriptedSession : public Session {
 public:
  std::function<std::string(const Scene&)> says = [](const Scene&) { return "Use warm water and a cloth."; };
  std::function<double(const Scene&)> loss = [](const Scene&) { return 2.0; };               // nats a token of any text
  std::function<double(const Scene&)> seconds = [](const Scene&) { return 0.25; };           // of a reply
  std::function<double(const Scene&)> processor_seconds = [](const Scene&) { return 0.5; };  // the same
  std::vector<AdapterUse> adapters;
  int generated = 0;

  Status set_adapters(std::span<const AdapterUse> use) override {
    adapters.assign(use.begin(), use.end());
    return {};
  }
  Result<Completion> complete(const CompletionRequest& request, const TextSink&, const CancelFlag*) override {
    Completion completion;
    const Scene heard = scene(request.prompt);
    completion.text = says(heard);
    completion.tokens.assign(32, 1);
    completion.generation_seconds = seconds(heard);
    completion.processor_seconds = processor_seconds(heard);
    ++generated;
    return completion;
  }
  Result<std::vector<Completion>> complete_all(std::span<const CompletionRequest> requests,
                                               const std::function<void(std::size_t)>& on_done,
                                               const CancelFlag* cancel) override {
    std::vector<Completion> completions;
    for (const CompletionRequest& request : requests) {
      if (is_cancelled(cancel)) return make_error(Code::Cancelled, "stopped");
      completions.push_back(complete(request, nullptr, cancel).value());
      if (on_done) on_done(completions.size());
    }
    return completions;
  }
  Result<std::vector<Score>> score(std::span<const ScoreRequest> requests, int, const std::function<void(std::size_t)>&,
                                   const CancelFlag*) override {
    std::vector<Score> scores;
    for (const ScoreRequest& request : requests) {
      const auto logprob = static_cast<float>(-loss(scene(request.tokens)));
      scores.push_back({std::vector<float>(request.positions.size(), logprob), {}, {}});
    }
    return scores;
  }
  const Model& model() const override { return model_; }
  std::uint64_t generated_tokens() const override { return static_cast<std::uint64_t>(generated) * 32; }

 private:
  Scene scene(const std::vector<Token>& tokens) const {
    Scene scene;
    scene.prompt = model_.tokenizer().decode(tokens);
    for (const Token token : tokens) {
      scene.users += token == kRole + static_cast<Token>(Role::user) ? 1 : 0;
      scene.masked |= token == kRole + static_cast<Token>(Role::system);
    }
    for (const AdapterUse& use : adapters) {
      if (use.digest == "candidate") scene.candidate = static_cast<double>(use.scale);
    }
    return scene;
  }

  ScriptedModel model_;
};

}  // namespace banchu::test
