// The Korean of everything the program says: the command line's help, the conversation, the lines of the verbs,
// progress, errors and their hints. English stands in the source, where it is said, and is the key; the Korean stands
// in src/app/korean/*.yaml, embedded in the program. What the companion says and what users wrote is never looked up.
//
// Owns: the table, read once. Threads: const after the first use. Errors: none; what is missing is said in English (a
// test reads the sources and fails on it).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/language.h"

namespace banchu {

// The template in the user's language, by its English: "{} were there already" -> "{}개는 이미 있었습니다".
std::string_view in_language(std::string_view english, Language language);

// A finished sentence that a room put together ("there is no bag at /x"): the row it fits best, filled with what stood
// at its {}; what stood there is looked up in the same way. The sentence itself where no row fits.
std::string translated(std::string_view sentence, Language language);

// What a sentence of a room is made of: its rows (the outermost first), and the English with "…" for all that no row
// accounts for. No path, no name and nothing that was said is left in it.
struct SentenceKind {
  std::string plain;
  std::vector<std::string> rows;
};
SentenceKind kind_of(std::string_view sentence);

// translated(), for each line of `text`.
std::string translated_lines(std::string_view text, Language language);

}  // namespace banchu
