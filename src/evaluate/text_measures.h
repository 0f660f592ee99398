// What a program can see in one reply. Pure functions of text; everything is compared folded.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ruminate/lesson.h"

namespace banchu {

// Phrases looked for as whole words in a row, punctuation aside. The last word of a phrase that ends in Hangul matches
// as a beginning, for endings and particles follow ("어렵" is in "어렵습니다").
class Marks {
 public:
  explicit Marks(const std::vector<std::string>& phrases);
  // The first phrase (in the order given) that is in `text`, or "".
  std::string first_in(std::string_view text) const;
  bool in(std::string_view text) const { return !first_in(text).empty(); }

 private:
  std::vector<std::string> spaced_;  // " word word " or " word 어렵"
  std::vector<std::string> phrases_;
};

// Does the reply show the behaviour? A reply that was cut by its length limit never shows closes_with. as_masked and
// none cannot be seen in one reply: false.
bool shows(const Behaviour& behaviour, std::string_view reply, bool cut);

// More than a third of its word 4-grams came before (at least 4 of them), or one character 16 times in a row.
bool loops(std::string_view reply);

// Word for word one of the taught replies (compared folded, punctuation aside).
class TaughtReplies {
 public:
  explicit TaughtReplies(const std::vector<std::string>& replies);
  bool contains(std::string_view reply) const;

 private:
  std::set<std::string> replies_;
};

}  // namespace banchu
