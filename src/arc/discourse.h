// Private to arc/: a text as the rules see it: units made of words, mentions, quotation marks and endings.
//
// Built once a text; everything that depends on the *order* of units is in order.h, so that a shuffle costs no new
// reading. Threads: const after construction. Memory: about 12 bytes a word.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arc/korean.h"
#include "arc/lexicon.h"
#include "arc/reading.h"
#include "arc/vocabulary.h"

namespace banchu {

// How a noun is mentioned.
// named: "a man called Matteo", "준호라는 아이", a full name.
enum class MentionForm : std::uint8_t { indefinite, definite, possessive, topic, subject, name, named };

struct Mention {
  std::uint32_t stem = 0;
  MentionForm form = MentionForm::definite;
};

// Third persons that a unit's pronouns ask for, or that its words offer.
enum PersonBits : std::uint8_t { kAnyHe = 1, kAnyShe = 2, kAnyThey = 4, kAnyIt = 8 };

// What quotation marks do in a unit.
struct QuoteState {
  bool has_marks = false;
  bool first_closes = false;  // its first mark closes something that was opened before
  bool stays_open = false;    // after its last mark speech goes on
};

// Binary features of a unit for the adjacency table (order.h), by bit.
inline constexpr int kShapeBits = 48;

struct DiscourseUnit {
  std::uint32_t word_begin = 0, word_end = 0;
  std::uint32_t mention_begin = 0, mention_end = 0;
  std::uint32_t content_begin = 0, content_end = 0;  // distinct stems of content words
  std::uint64_t shape = 0;
  std::uint8_t asks = 0;    // PersonBits without an antecedent before them in the unit itself
  std::uint8_t offers = 0;  // PersonBits
  QuoteState quotes;
  SpeechLevel level = SpeechLevel::none;
  bool contrast = false;  // opens with but, 그러나 ...
  UnitEmotion emotion;
  std::uint64_t fingerprint = 0;  // of its words, for units said twice
};

class Discourse {
 public:
  explicit Discourse(std::span<const std::string_view> units);

  std::size_t size() const { return units_.size(); }
  const DiscourseUnit& unit(std::size_t i) const { return units_[i]; }
  std::span<const std::uint32_t> words(std::size_t i) const {
    return std::span(words_).subspan(units_[i].word_begin, units_[i].word_end - units_[i].word_begin);
  }
  std::span<const Mention> mentions(std::size_t i) const {
    return std::span(mentions_).subspan(units_[i].mention_begin, units_[i].mention_end - units_[i].mention_begin);
  }
  std::span<const std::uint32_t> contents(std::size_t i) const {
    return std::span(contents_).subspan(units_[i].content_begin, units_[i].content_end - units_[i].content_begin);
  }
  const Vocabulary& vocabulary() const { return vocabulary_; }
  // In how many units a stem stands, by id.
  std::span<const std::uint32_t> unit_counts() const { return unit_counts_; }
  ArcLanguage language() const { return language_; }
  std::uint64_t word_count() const { return words_.size(); }
  // Words in letters that no lexicon here knows (neither Latin nor Hangul).
  std::uint64_t foreign_words() const { return foreign_words_; }

 private:
  friend class UnitReader;
  ArcLanguage find_language() const;

  Vocabulary vocabulary_;
  std::vector<DiscourseUnit> units_;
  std::vector<std::uint32_t> words_;
  std::vector<Mention> mentions_;
  std::vector<std::uint32_t> contents_;
  std::vector<std::uint32_t> unit_counts_;
  ArcLanguage language_ = ArcLanguage::unknown;
  std::uint64_t english_words_ = 0;
  std::uint64_t korean_words_ = 0;
  std::uint64_t foreign_words_ = 0;
};

}  // namespace banchu
