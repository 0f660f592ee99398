// Private to model/: the model's own vocabulary behind the Tokenizer contract, and the two ways in which a rendered
// chat is tokenised: the template's text (its control tokens obeyed) and people's text (nothing obeyed).
//
// Threads: const after construction, may be shared.
#pragma once

#include <string>
#include <vector>

#include "model/engine.h"
#include "model/model.h"

namespace banchu {

class LlamaTokenizer final : public Tokenizer {
 public:
  // `space_prefix`: this vocabulary expects a space before text that follows a control token or begins the stream
  // (SentencePiece). The engine must have been loaded with its own prefixing off, so that parts can be joined.
  LlamaTokenizer(const llama_vocab* vocab, bool space_prefix);

  std::vector<Token> encode(std::string_view text) const override;
  std::vector<Token> text_start() const override {
    return adds_bos() && bos() >= 0 ? std::vector<Token>{bos()} : std::vector<Token>{};
  }
  std::string decode(std::span<const Token> tokens) const override;
  const std::string& piece(Token token) const override;
  bool ends_generation(Token token) const override;
  std::size_t vocabulary_size() const override { return pieces_.size(); }

  bool is_control(Token token) const;
  // How the vocabulary writes a token, control tokens too ("<|im_end|>"); "" for LLAMA_TOKEN_NULL.
  std::string written(Token token) const;
  // One part of a rendered chat behind the tokens before it.
  void append_template(std::string_view text, std::vector<Token>& tokens) const;
  void append_text(std::string_view text, std::vector<Token>& tokens) const;
  // The token whose written form is `text`, when that is one control token; else -1.
  Token control_token(std::string_view text) const;
  // nullptr for "" and for what check_grammar() refuses.
  LlamaSamplerHandle grammar(const std::string& gbnf) const;
  bool adds_bos() const { return llama_vocab_get_add_bos(vocab_); }
  Token bos() const { return llama_vocab_bos(vocab_); }
  Token eos() const { return llama_vocab_eos(vocab_); }

 private:
  std::vector<Token> tokenize(std::string_view text, bool parse_special) const;
  std::vector<Token> tokenize_apart(std::string_view text) const;
  bool wants_space(const std::vector<Token>& before) const;
  void append_run(std::vector<Token>& run, bool with_space, std::vector<Token>& tokens) const;

  const llama_vocab* vocab_;
  bool space_prefix_;
  std::vector<std::string> pieces_;
  std::vector<bool> control_;
  std::vector<bool> ends_;
  // Tokens that end a turn but that the vocabulary obeys even in plain text: their written forms must be broken up.
  std::vector<std::string> obeyed_in_text_;
};

}  // namespace banchu
