#include "arc/discourse.h"

#include "arc/unit_reader.h"

namespace banchu {
namespace {

constexpr double kMostOfIt = 0.85;  // share of words in one script that makes it the text's language
constexpr double kKnownEnough = 0.5;

}  // namespace

Discourse::Discourse(std::span<const std::string_view> units) {
  units_.reserve(units.size());
  UnitReader reader(*this);
  for (const std::string_view unit : units) reader.read(unit);
  unit_counts_.assign(vocabulary_.size(), 0);
  for (const std::uint32_t stem : contents_) ++unit_counts_[stem];
  language_ = find_language();
}

// Latin letters may be any language: it is English where its small words are (one in six at least; real English has
// about one in two).
ArcLanguage Discourse::find_language() const {
  const auto all = static_cast<double>(english_words_ + korean_words_ + foreign_words_);
  if (all < 1 || static_cast<double>(foreign_words_) > kKnownEnough * all) return ArcLanguage::unknown;
  if (static_cast<double>(korean_words_) > kMostOfIt * all) return ArcLanguage::korean;
  std::uint64_t functions = 0;
  for (const std::uint32_t id : words_) {
    const VocabularyWord& word = vocabulary_.word(id);
    functions += !word.hangul && (word.roles & kFunction) != 0;
  }
  const bool english = functions * 6 >= english_words_;
  if (korean_words_ * 10 < english_words_) return english ? ArcLanguage::english : ArcLanguage::unknown;
  return ArcLanguage::mixed;
}

}  // namespace banchu
