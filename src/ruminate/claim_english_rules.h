// The phrasings that the English rules look for and fill. A pattern is words, with {thing} (one or two words), {word}
// (the word before the value) and {value} (up to a comma or a joining word). Twelve questions each: eight to train,
// four to test.
#pragma once

#include <string>
#include <vector>

#include "ruminate/memory.h"

namespace banchu {

struct EnglishRule {
  std::vector<std::string> patterns;
  MemoryKind kind = MemoryKind::fact;
  std::string slot, value, text, expected;
  std::size_t longest_value = 4;  // words
  std::vector<std::string> questions, answers, neighbours;
};
const std::vector<EnglishRule>& english_rules();

}  // namespace banchu
