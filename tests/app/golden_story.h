// The stories that the program ships as its standard, as plain texts.
#pragma once

#include <string>

#include "arc/golden.h"

namespace banchu::test {

// The sentences of a shipped episode, one a line.
inline std::string golden_story(const std::string& id) {
  const GoldenSet set = *shipped_golden();
  std::string text;
  for (const GoldenStory& one : set.stories) {
    for (const std::string& unit : one.episode.units) text += one.episode.id == id ? unit + "\n" : "";
  }
  return text;
}

}  // namespace banchu::test
