// Dear reader,
//
// gibberish is not one thing. Fingers on a keyboard make words that nobody could say; a stuck generator says the same
// two words for ever; a shaken dictionary gives real words whose neighbours cannot stand side by side; symbols are no
// words at all. So there are four small measures here, each of one number with a limit that ordinary talk stays far
// away from, and each knows which script it may judge: consonant runs mean nothing in Hangul, and in Hangul it is the
// share of open syllables that random typing gets wrong.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "base/text.h"
#include "ruminate/filter.h"

namespace banchu {
namespace {

constexpr std::size_t kFewWords = 4;
constexpr double kUnsayableShare = 0.30;  // of Latin words; English prose stays below 0.03
constexpr double kSymbolShare = 0.30;     // of the characters
constexpr double kLoopShare = 0.45;       // of the words covered by the most frequent pair of words
constexpr std::size_t kLoopWords = 10;
constexpr double kOpenSyllableShare = 0.15;  // Korean prose has 0.45 to 0.7, random syllables 1/28
constexpr std::size_t kFewSyllables = 12;
constexpr double kLooseJamoShare = 0.5;
constexpr double kBrokenPairShare = 0.09;  // pairs of small words that English never puts side by side

bool is_latin_letter(char32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0x24F);
}
bool is_vowel(char32_t c) {
  static const std::u32string kVowels = U"aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýÿāēīōūœ";
  return kVowels.find(c) != std::u32string::npos;
}

// No vowel at all, or five consonants or five vowels in a row. Short words ("hmm", "Mr") may do without.
bool is_unsayable(const std::string& word) {
  const std::vector<char32_t> points = code_points(word);
  std::size_t run = 0, longest = 0, vowels = 0;
  bool run_is_vowel = false;
  for (const char32_t c : points) {
    const bool vowel = is_vowel(c);
    if (c == 'h' && run > 0 && !run_is_vowel) continue;  // th, sh, ch, gh, ph are one sound
    run = run > 0 && vowel == run_is_vowel ? run + 1 : 1;
    run_is_vowel = vowel;
    longest = std::max(longest, run);
    vowels += vowel ? 1 : 0;
  }
  return longest >= 5 || (points.size() >= 4 && vowels == 0) || (longest == 4 && points.size() <= 6);
}

double unsayable_share(const std::vector<std::string>& said) {
  std::size_t latin = 0, unsayable = 0;
  for (const std::string& word : said) {
    const std::vector<char32_t> points = code_points(word);
    if (points.size() < 3 || !std::all_of(points.begin(), points.end(), is_latin_letter)) continue;
    ++latin;
    unsayable += is_unsayable(word) ? 1 : 0;
  }
  return latin < kFewWords ? 0 : static_cast<double>(unsayable) / static_cast<double>(latin);
}

double symbol_share(std::string_view text) {
  static const std::u32string kUsual = U" \n\t.,!?;:'\"()-–—…’‘“”~·";
  const std::vector<char32_t> points = code_points(text);
  const auto strange = std::count_if(points.begin(), points.end(), [](char32_t c) {
    return c < 0x2600 && !is_word_character(c) && kUsual.find(c) == std::u32string::npos;  // emoji are talk
  });
  return points.size() < 12 ? 0 : static_cast<double>(strange) / static_cast<double>(points.size());
}

double loop_share(const std::vector<std::string>& said) {
  if (said.size() < kLoopWords) return 0;
  std::map<std::string, std::size_t> pairs;
  std::size_t most = 0;
  for (std::size_t i = 0; i + 1 < said.size(); ++i) most = std::max(most, ++pairs[said[i] + " " + said[i + 1]]);
  return most < 3 ? 0 : static_cast<double>(2 * most) / static_cast<double>(said.size());
}

struct Hangul {
  std::size_t syllables = 0, open = 0, jamo = 0;
};
Hangul count_hangul(std::string_view text) {
  Hangul count;
  for (const char32_t c : code_points(text)) {
    if (c >= 0xAC00 && c <= 0xD7A3) {
      ++count.syllables;
      count.open += (c - 0xAC00) % 28 == 0 ? 1 : 0;  // no final consonant
    } else if (is_hangul(c) && c != U'ㅋ' && c != U'ㅎ' && c != U'ㅠ' && c != U'ㅜ') {
      ++count.jamo;
    }
  }
  return count;
}

bool is_random_hangul(const Hangul& count) {
  const std::size_t all = count.syllables + count.jamo;
  if (all < kFewSyllables) return false;
  if (static_cast<double>(count.jamo) > kLooseJamoShare * static_cast<double>(all)) return true;
  return count.syllables >= kFewSyllables &&
         static_cast<double>(count.open) < kOpenSyllableShare * static_cast<double>(count.syllables);
}

enum class Small { none, article, possessive, preposition, conjunction, verb };
Small small_word(const std::string& word) {
  static const std::map<std::string, Small> kSmall = [] {
    std::map<std::string, Small> table;
    for (const char* w : {"the", "a", "an"}) table[w] = Small::article;
    for (const char* w : {"my", "your", "his", "their", "our", "its"}) table[w] = Small::possessive;
    for (const char* w : {"of", "from", "with", "into", "upon", "between", "beneath", "than", "under", "inside"})
      table[w] = Small::preposition;
    for (const char* w : {"and", "or", "but", "because", "if", "nor", "therefore"}) table[w] = Small::conjunction;
    for (const char* w : {"is", "are", "was", "were", "am", "has", "have", "eats", "sings"}) table[w] = Small::verb;
    return table;
  }();
  const auto found = kSmall.find(word);
  return found == kSmall.end() ? Small::none : found->second;
}

// "the of", "my because", "of and", "than is": articles want a noun, prepositions something to stand before.
bool is_broken_pair(Small left, Small right) {
  if (right == Small::none) return false;
  if (left == Small::article || left == Small::possessive) return true;
  if (left == Small::preposition)
    return right == Small::conjunction || right == Small::verb || right == Small::preposition;
  return left == Small::conjunction && right == Small::conjunction;
}

double broken_pair_share(const std::vector<std::string>& said) {
  std::size_t broken = 0;
  for (std::size_t i = 0; i + 1 < said.size(); ++i) {
    broken += is_broken_pair(small_word(said[i]), small_word(said[i + 1])) ? 1 : 0;
  }
  return said.size() < kLoopWords || broken < 2 ? 0 : static_cast<double>(broken) / static_cast<double>(said.size());
}

}  // namespace

std::optional<Finding> find_gibberish(std::string_view text, const std::string& who) {
  const std::vector<std::string> said = words(text);
  const auto finding = [&](const char* what) { return Finding{Reason::gibberish, fmt::format("{} {}", who, what)}; };
  if (symbol_share(text) > kSymbolShare) return finding("is mostly signs, not words");
  if (unsayable_share(said) > kUnsayableShare) return finding("is made of words nobody could say");
  if (loop_share(said) > kLoopShare) return finding("says the same words over and over");
  if (is_random_hangul(count_hangul(text))) return finding("is Hangul typed at random");
  if (broken_pair_share(said) > kBrokenPairShare) return finding("is words in no order");
  return std::nullopt;
}

}  // namespace banchu
