// Private to arc/: what is known about a Korean word (어절): stem and particle, role, valence.
//
// No morphological analyser: particles are stripped where their form agrees with the syllable before them (은 behind a
// final consonant, 는 behind a vowel), and valence is a sum over syllable pairs and triples. Kiwi's morphemes reach
// rank correlations .591 and .652 on held-out NSMC and KOTE where these reach .586 and .656 (tools/make_arc_tables.py
// --kiwi), so it stays out (docs/arc.md).
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "arc/vocabulary.h"

namespace banchu {

// Fills roles, particle and valence (of `word.text`, a run of Hangul syllables); answers the stem.
std::string learn_korean(VocabularyWord& word);

// How a sentence's last word addresses its listener.
enum class SpeechLevel : std::uint8_t { none, plain, polite };  // 반말 or written 해라체; 존댓말
SpeechLevel speech_level(std::string_view last_word);

// How much an opening a word is, where nothing was learned: 1 for words that set a scene or introduce (옛날, 어느,
// ...이/가 있었다), -1 for those that lean on what was told (그, 그런데, 다시, 마침내).
double opening_of(const VocabularyWord& word);
// The same for words that close (이제, 지금도, 마침내): 1; -1 for those that introduce.
double closing_of(const VocabularyWord& word);

// Pairs and triples of syllables of one run of Hangul, and its beginning ("^"): the keys of the Korean tables.
void add_syllable_grams(std::string_view run, std::set<std::string>& grams);

// Does the syllable (3 bytes of UTF-8) end in a consonant?
bool has_final_consonant(std::string_view syllable);

}  // namespace banchu
