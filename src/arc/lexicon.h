// Private to arc/: the embedded tables of valence, and the valence and arousal of a unit.
//
// English figures are VADER's (MIT) and AFINN's (Apache-2.0), averaged, -4 .. 4. Korean figures are our own, learned
// from NSMC (CC0) and KOTE (MIT) by tools/make_arc_tables.py, which also says what they reach. Threads: any.
#pragma once

#include <span>
#include <string_view>

#include "arc/vocabulary.h"

namespace banchu {

// -4 .. 4; null for a word that the table does not hold.
const float* english_valence(std::string_view word);
// Sum over the syllable groups of one run of Hangul, in the English table's unit.
float korean_valence(std::string_view word);

struct UnitEmotion {
  double valence = 0;  // sum of figures / (words known + 3), over 4: -1 .. 1
  double arousal = 0;  // sum of |figures| / sqrt(words + 3), with the marks ! and ?: 0 .. 1
  double coverage = 0;
};

// Negation turns a figure into -0.74 of itself for three words behind it (Korean: before a negated ending, one word
// before); an intensifier makes the next one 1.3 times as strong. The factors are VADER's, rounded.
UnitEmotion emotion_of(std::span<const std::uint32_t> words, const Vocabulary& vocabulary, int exclamations);

// SHA-256 of all tables, for ArcInputs::engine.
const std::string& tables_digest();

}  // namespace banchu
