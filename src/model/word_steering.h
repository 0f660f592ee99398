// Private to model/: the word biases of one reply. Changes a row of logits before the sampler sees it.
//
// A letter to the reader. A word is text, a token is not: "sorry" may come as one token, as " s" "orry", or as half of
// "sorrysome", and whether it was the word shows only when the next token comes. So nothing here works on token lists.
// For each watched word a small machine (word_match.h) follows the text, and tables (word_tables.h) say for each
// state what every token would do to the word.
//
// Ban (bias <= -100). A token that would make the banned word certain is impossible. Where a Latin word stands
// complete at the end, these are all tokens that do not begin with a letter or digit, and the end of the turn. When
// less than kLittleMass of the model's own probability is left by that, going on would force nonsense ("sorryish"):
// the reply goes back to the token in which the word began, and that token is forbidden at that place.
//
// Finite bias b. Let c be the number of whole words found, and l whether the text is on its way into the word.
//   b > 0: a text weighs e^(b (c + l)). A token's logit changes by the quotient of the weights after and before it,
//          so the way into the word is favoured, and a text that turns out to be another word gives the favour back.
//   b < 0: a text weighs e^(b (c + d)), d: the word stands complete and undecided. Only the completing token pays,
//          and it is paid back when the word turns out to be a longer one.
//
// Pure but for the tables' memory. Threads: one at a time.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "model/sampling.h"
#include "model/word_tables.h"

namespace banchu {

class WordSteering {
 public:
  static constexpr float kBan = -100.0f;
  static constexpr double kLittleMass = 0.1;

  // `tables` must outlive this.
  WordSteering(WordTables& tables, std::span<const WordBias> words);

  bool active() const { return !words_.empty(); }
  // Changes the logits of the next token. Returns the byte of the text at which a banned word began when the reply
  // should go back there; then the logits are of no use.
  std::optional<std::size_t> apply(std::span<float> logits);
  void accept(Token token);
  // The reply goes back to `count` tokens, and `token` is forbidden as the next one.
  void forbid_here(std::size_t count, Token token);
  // The byte from which the text may still be taken back.
  std::optional<std::size_t> undecided_from() const;
  // Where a banned word begins that would stand at the end of this text, if it ended here.
  std::optional<std::size_t> banned_at_end(std::string_view text) const;

 private:
  struct Watched {
    WordTable* table = nullptr;
    float bias = 0;
    bool banned = false;
    std::vector<MatchState> states;  // after 0, 1, ... tokens
  };
  void shift(Watched& word, std::span<float> logits) const;
  double mask(Watched& word, std::span<float> logits, std::span<const float> weights) const;
  std::optional<std::size_t> live_begin(const Watched& word) const;

  std::vector<Watched> words_;
  const TokenIndex* index_ = nullptr;
  std::vector<std::size_t> sizes_ = {0};              // of the text after 0, 1, ... tokens
  std::map<std::size_t, std::set<Token>> forbidden_;  // by place
  int rewinds_ = 0;
};

}  // namespace banchu
