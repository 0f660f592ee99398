// The words that `banchu explain` knows, from src/app/terms/terms.yaml, which is embedded in the program.
//
// Owns: the table, read once. Threads: const after the first use. Errors: NotFound (a word nobody wrote about; the hint
// names the nearest ones).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "app/language.h"
#include "base/result.h"

namespace banchu {

// A text in both languages.
struct BothLanguages {
  std::string en;
  std::string ko;
  const std::string& in(Language language) const { return language == Language::ko ? ko : en; }
};

struct Term {
  BothLanguages name;
  std::vector<std::string> also;  // other names it is asked by
  BothLanguages meaning;
  BothLanguages example;
  std::string where;  // commands, keys and pages, the same in both languages
};

std::span<const Term> terms();
// By any of its names, in either language; case, spaces and hyphens do not matter.
Result<const Term*> find_term(const std::string& word);

}  // namespace banchu
