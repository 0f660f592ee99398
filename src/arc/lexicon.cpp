#include "arc/lexicon.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <string>
#include <unordered_map>

#include "arc/korean.h"
#include "base/digest.h"
#include "embedded/tables.h"

namespace banchu {
namespace {

constexpr float kEnglishUnit = 0.1f;  // the table holds tenths
constexpr float kKoreanUnit = 0.05f;
constexpr double kShrink = 3;  // words at zero added to every unit
constexpr double kNegated = -0.74;
constexpr double kIntensified = 1.3;
constexpr int kNegationReach = 3;
constexpr double kLargestFigure = 4;
constexpr double kArousalUnit = 4;

using Figures = std::unordered_map<std::string_view, float>;

// Lines "key<TAB>integer".
Figures read_figures(std::string_view table, float unit) {
  Figures figures;
  figures.reserve(static_cast<std::size_t>(std::count(table.begin(), table.end(), '\n')));
  while (!table.empty()) {
    const std::size_t tab = table.find('\t');
    const std::size_t end = table.find('\n', tab);
    int figure = 0;
    std::from_chars(table.data() + tab + 1, table.data() + end, figure);
    figures.emplace(table.substr(0, tab), static_cast<float>(figure) * unit);
    table.remove_prefix(end + 1);
  }
  return figures;
}

float figure_of(const Figures& figures, std::string_view key) {
  const auto found = figures.find(key);
  return found == figures.end() ? 0.0f : found->second;
}

}  // namespace

const float* english_valence(std::string_view word) {
  static const Figures figures = read_figures(embedded::tables_valence_en_tsv, kEnglishUnit);
  const auto found = figures.find(word);
  return found == figures.end() ? nullptr : &found->second;
}

float korean_valence(std::string_view word) {
  static const Figures figures = read_figures(embedded::tables_valence_ko_tsv, kKoreanUnit);
  std::set<std::string> grams;
  add_syllable_grams(word, grams);
  float sum = 0;
  for (const std::string& gram : grams) sum += figure_of(figures, gram);
  return sum;
}

UnitEmotion emotion_of(std::span<const std::uint32_t> words, const Vocabulary& vocabulary, int exclamations) {
  double sum = 0;
  double strength = 0;
  double known = 0;
  double boost = 1;
  int negated = 0;  // words to go
  for (const std::uint32_t id : words) {
    const VocabularyWord& word = vocabulary.word(id);
    if (word.in_lexicon) {
      const double figure = static_cast<double>(word.valence) * boost * (negated > 0 ? kNegated : 1.0);
      sum += figure;
      strength += figure < 0 ? -figure : figure;
      known += 1;
    }
    boost = (word.roles & kIntensifier) != 0 ? kIntensified : 1.0;
    negated = (word.roles & kNegation) != 0 ? kNegationReach : std::max(0, negated - 1);
  }
  const auto count = static_cast<double>(words.size());
  UnitEmotion emotion;
  emotion.valence = std::clamp(sum / (known + kShrink) / kLargestFigure, -1.0, 1.0);
  emotion.arousal = std::min(1.0, (strength + exclamations) / std::sqrt(count + kShrink) / kArousalUnit);
  emotion.coverage = words.empty() ? 0.0 : known / count;
  return emotion;
}

const std::string& tables_digest() {
  static const std::string digest = sha256(fmt::format(
      "{}{}{}{}{}{}{}{}", embedded::tables_valence_en_tsv, embedded::tables_valence_ko_tsv,
      embedded::tables_position_en_tsv, embedded::tables_adjacency_tsv, embedded::tables_order_weights_en_tsv,
      embedded::tables_order_weights_ko_tsv, embedded::tables_emotion_en_tsv, embedded::tables_emotion_ko_tsv));
  return digest;
}

}  // namespace banchu
