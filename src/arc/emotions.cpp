#include "arc/emotions.h"

#include <charconv>
#include <set>
#include <unordered_map>

#include "arc/discourse.h"
#include "arc/korean.h"
#include "arc/numeric.h"
#include "embedded/tables.h"

namespace banchu {
namespace {

using Row = std::array<int, kEmotions>;

class EmotionTable {
 public:
  explicit EmotionTable(std::string_view tsv) {
    while (!tsv.empty()) {
      const std::size_t end = std::min(tsv.find('\n'), tsv.size());
      add(tsv.substr(0, end));
      tsv.remove_prefix(std::min(end + 1, tsv.size()));
    }
  }

  EmotionShares classify(const std::set<std::string>& features) const {
    Row sum = bias_;
    for (const std::string& feature : features) {
      const auto found = rows_.find(feature);
      if (found == rows_.end()) continue;
      for (std::size_t e = 0; e < kEmotions; ++e) sum[e] += found->second[e];
    }
    EmotionShares shares;
    for (std::size_t e = 0; e < kEmotions; ++e) {
      shares.probability[e] = sigmoid(sum[e] / scale_);
      shares.label[e] = shares.probability[e] * 100 >= threshold_[e];
    }
    return shares;
  }

 private:
  void add(std::string_view line) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos) return;
    Row row{};
    const char* at = line.data() + tab;
    for (int& figure : row) at = std::from_chars(at + 1, line.data() + line.size(), figure).ptr;
    const std::string_view key = line.substr(0, tab);
    if (key == "#bias") bias_ = row;
    if (key == "#threshold") threshold_ = row;
    if (key == "#scale") scale_ = row[0] / 1000.0;
    if (!key.starts_with('#')) rows_.emplace(key, row);
  }

  std::unordered_map<std::string_view, Row> rows_;
  Row bias_{};
  Row threshold_{};
  double scale_ = 1;
};

}  // namespace

EmotionShares classify_emotions(std::string_view unit) {
  static const EmotionTable english(embedded::tables_emotion_en_tsv);
  static const EmotionTable korean(embedded::tables_emotion_ko_tsv);
  const Discourse discourse(std::span(&unit, 1));
  std::set<std::string> words;
  std::set<std::string> grams;
  std::size_t hangul = 0;
  for (const std::uint32_t id : discourse.words(0)) {
    const VocabularyWord& word = discourse.vocabulary().word(id);
    hangul += word.hangul;
    if (word.hangul) {
      add_syllable_grams(word.text, grams);
    } else {
      words.insert(word.text);
    }
  }
  if (discourse.word_count() == 0) return {};
  return hangul * 2 > discourse.word_count() ? korean.classify(grams) : english.classify(words);
}

}  // namespace banchu
