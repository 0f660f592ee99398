// The troubles that `banchu trouble` knows, from src/app/troubles/troubles.yaml, which is embedded in the program.
//
// Owns: the table, read once. Threads: const after the first use. Errors: none; what is not known is "not there".
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/terms.h"
#include "base/error.h"
#include "base/json.h"
#include "base/result.h"

namespace banchu {

struct Trouble {
  std::string id;  // "slow-night": what it is asked by
  BothLanguages symptom;
  BothLanguages cause;
  BothLanguages cure;
  std::vector<std::string> errors;  // rows of the catalogue: errors of these kinds are this trouble
  std::string where;                // a page of docs/, or ""
};

std::span<const Trouble> troubles();
const Trouble* find_trouble(const std::string& id);  // null: no such one
const Trouble* trouble_behind(const Error& error);   // by its message, else by its hint; null: unknown
Json trouble_to_json(const Trouble& trouble);

// Full text: the places of the `texts` that are about `symptom`, best first, the far less fitting left out. Hangul is
// searched by pairs of syllables, so that "가방이" finds "가방을"; English by its stems. Errors: those of SQLite.
Result<std::vector<std::size_t>> search_texts(std::span<const std::string> texts, const std::string& symptom);

}  // namespace banchu
