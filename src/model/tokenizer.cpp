#include "model/tokenizer.h"

#include <algorithm>

#include "base/text.h"
#include "model/valid_utf8.h"

namespace banchu {
namespace {

std::string piece_of(const llama_vocab* vocab, Token token, bool special) {
  std::string bytes(32, '\0');
  int size = llama_token_to_piece(vocab, token, bytes.data(), static_cast<int>(bytes.size()), 0, special);
  if (size < 0) {
    bytes.resize(static_cast<std::size_t>(-size));
    size = llama_token_to_piece(vocab, token, bytes.data(), static_cast<int>(bytes.size()), 0, special);
  }
  bytes.resize(static_cast<std::size_t>(std::max(size, 0)));
  return bytes;
}

}  // namespace

LlamaTokenizer::LlamaTokenizer(const llama_vocab* vocab, bool space_prefix)
    : vocab_(vocab), space_prefix_(space_prefix) {
  const int count = llama_vocab_n_tokens(vocab);
  pieces_.reserve(static_cast<std::size_t>(count));
  for (Token token = 0; token < count; ++token) {
    pieces_.push_back(piece_of(vocab, token, false));
    control_.push_back(llama_vocab_is_control(vocab, token));
    ends_.push_back(llama_vocab_is_eog(vocab, token));
    const bool user_defined = (llama_vocab_get_attr(vocab, token) & LLAMA_TOKEN_ATTR_USER_DEFINED) != 0;
    if (user_defined && (ends_.back() || control_.back())) obeyed_in_text_.push_back(written(token));
  }
}

std::vector<Token> LlamaTokenizer::tokenize(std::string_view text, bool parse_special) const {
  if (text.empty()) return {};
  std::vector<Token> tokens(text.size() + 8);
  const auto size = static_cast<int>(text.size());
  int count =
      llama_tokenize(vocab_, text.data(), size, tokens.data(), static_cast<int>(tokens.size()), false, parse_special);
  if (count < 0) {
    tokens.resize(static_cast<std::size_t>(-count));
    count = llama_tokenize(vocab_, text.data(), size, tokens.data(), -count, false, parse_special);
  }
  tokens.resize(static_cast<std::size_t>(std::max(count, 0)));
  return tokens;
}

// Plain text; where it spells a token that the vocabulary would obey anyway, it is cut inside that spelling.
std::vector<Token> LlamaTokenizer::tokenize_apart(std::string_view text) const {
  std::size_t cut = std::string_view::npos;
  for (const std::string& spelling : obeyed_in_text_) {
    if (spelling.size() > 1) cut = std::min(cut, text.find(spelling));
  }
  if (cut == std::string_view::npos) return tokenize(text, false);
  std::vector<Token> tokens = tokenize(text.substr(0, cut + 1), false);
  const std::vector<Token> rest = tokenize_apart(text.substr(cut + 1));
  tokens.insert(tokens.end(), rest.begin(), rest.end());
  return tokens;
}

std::vector<Token> LlamaTokenizer::encode(std::string_view text) const {
  return is_valid_utf8(text) ? tokenize_apart(text) : tokenize_apart(valid_utf8(text));
}

std::string LlamaTokenizer::decode(std::span<const Token> tokens) const {
  std::string text;
  for (const Token token : tokens) text += piece(token);
  return text;
}

const std::string& LlamaTokenizer::piece(Token token) const {
  static const std::string kNone;
  const auto index = static_cast<std::size_t>(token);
  return token < 0 || index >= pieces_.size() || control_[index] ? kNone : pieces_[index];
}

bool LlamaTokenizer::ends_generation(Token token) const {
  return token >= 0 && static_cast<std::size_t>(token) < ends_.size() && ends_[static_cast<std::size_t>(token)];
}

bool LlamaTokenizer::is_control(Token token) const {
  return token >= 0 && static_cast<std::size_t>(token) < control_.size() && control_[static_cast<std::size_t>(token)];
}

std::string LlamaTokenizer::written(Token token) const {
  return token < 0 || token >= llama_vocab_n_tokens(vocab_) ? "" : piece_of(vocab_, token, true);
}

Token LlamaTokenizer::control_token(std::string_view text) const {
  const std::vector<Token> tokens = tokenize(text, true);
  return tokens.size() == 1 && is_control(tokens[0]) ? tokens[0] : -1;
}

bool LlamaTokenizer::wants_space(const std::vector<Token>& before) const {
  return space_prefix_ && (before.empty() || is_control(before.back()));
}

void LlamaTokenizer::append_text(std::string_view text, std::vector<Token>& tokens) const {
  if (text.empty()) return;
  const std::vector<Token> added = wants_space(tokens) ? encode(" " + std::string(text)) : encode(text);
  tokens.insert(tokens.end(), added.begin(), added.end());
}

void LlamaTokenizer::append_run(std::vector<Token>& run, bool with_space, std::vector<Token>& tokens) const {
  if (with_space && !run.empty()) run = tokenize(" " + decode(run), false);
  tokens.insert(tokens.end(), run.begin(), run.end());
  run.clear();
}

void LlamaTokenizer::append_template(std::string_view text, std::vector<Token>& tokens) const {
  std::vector<Token> run;  // text tokens since the last control token
  bool with_space = wants_space(tokens);
  for (const Token token : tokenize(text, true)) {
    if (!is_control(token)) {
      run.push_back(token);
      continue;
    }
    append_run(run, with_space, tokens);
    tokens.push_back(token);
    with_space = space_prefix_;
  }
  append_run(run, with_space, tokens);
}

LlamaSamplerHandle LlamaTokenizer::grammar(const std::string& gbnf) const {
  if (gbnf.empty()) return nullptr;
  return LlamaSamplerHandle(llama_sampler_init_grammar(vocab_, gbnf.c_str(), "root"));
}

}  // namespace banchu
