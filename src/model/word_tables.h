// Private to model/: what every token of a vocabulary would do to a watched word, computed once for each state of the
// match and kept. A vocabulary has 10^5 tokens and a step takes milliseconds, so nothing is scanned twice.
//
// Needs only a Tokenizer, so that tests script their vocabulary. Threads: one at a time.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/model.h"
#include "model/word_match.h"

namespace banchu {

// A token that does something; every other token leaves the word neither found nor live.
struct TokenEffect {
  Token token = 0;
  std::uint8_t found = 0;  // whole words that are certain once the token stands
  bool live = false;       // afterwards the text is on its way into the word, or it stands complete and undecided
  bool complete = false;   // afterwards the word stands complete and undecided
};

// The vocabulary by first byte.
struct TokenIndex {
  explicit TokenIndex(const Tokenizer& given);
  const Tokenizer& tokenizer;
  std::array<std::vector<Token>, 256> by_first_byte;
  std::vector<Token> ends;   // tokens that end the turn
  std::vector<Token> empty;  // other tokens without text
};

class WordTable {
 public:
  WordTable(const TokenIndex& index, const std::string& word);
  const WordMatcher& matcher() const { return matcher_; }
  const TokenIndex& index() const { return index_; }
  // Tokens that end the turn or have no text are in no list.
  const std::vector<TokenEffect>& effects(const MatchState& state);

 private:
  void add_effect(const MatchState& state, Token token, std::vector<TokenEffect>& effects) const;
  std::vector<TokenEffect> compute(const MatchState& state) const;

  const TokenIndex& index_;
  WordMatcher matcher_;
  std::vector<Token> starters_;  // tokens that contain the word or its beginning, wherever they stand
  std::map<MatchState, std::vector<TokenEffect>> known_;
};

class WordTables {
 public:
  explicit WordTables(const Tokenizer& tokenizer) : index_(tokenizer) {}
  // References stay valid until trim().
  WordTable& table(const std::string& word);
  // Between replies: forgets everything when too many words were watched.
  void trim();
  const TokenIndex& index() const { return index_; }

 private:
  TokenIndex index_;
  std::map<std::string, std::unique_ptr<WordTable>> tables_;
};

}  // namespace banchu
