// Private to arc/: does this order of the units look like the order in which somebody told it?
//
// A letter to the reader. Shuffle a tale and every sentence is as good as before; what breaks is what the sentences
// take for granted. "The letter" comes before "a letter". "She" comes before any woman. Speech opens and never closes.
// A word that was used three times in a row is scattered. Each of these is counted here for a given order, so that the
// original can be compared with shuffles of itself: chance is measured on the very text, and length, topic and style
// cancel out. What is learned (tables order.*.tsv) was learned from shuffles alone, of tales that no figure is
// reported on; no human judgement entered.
//
// Cost: one pass over mentions and content words an order, no allocation after construction. Threads: one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "arc/discourse.h"
#include "arc/time_words.h"

namespace banchu {

enum OrderFeature : std::size_t {
  kArticle,       // definite mentions behind (+1) or before (-1) the indefinite mention of the same noun
  kArticleFirst,  // nouns mentioned both ways whose first mention is indefinite (+1) or definite (-1)
  kAntecedent,    // pronouns with (+1) or without (-1) somebody fitting in the two units before
  kRecurrence,    // sum over repeated content words of idf / gap
  kSpan,          // - sum over repeated content words of log(last - first), idf-weighted
  kGrowth,        // mean first position of repeated content words
  kQuotes,        // - speech that closes without having been opened, or opens twice
  kAdjacency,     // learned: does this shape follow that one?
  kOpening,       // learned: do opening words open?
  kClosing,       // learned: do closing words close?
  kDrift,         // learned: words of the beginning before words of the end
  kGiven,         // "the bell", 그 우물: the noun stood in an earlier unit (+1) or only in later ones (-1)
  kNaming,        // "a man called Matteo", 준호라는 아이: the name is new (+1) or was used before (-1)
  kTime,          // months, seasons, hours of the day, "second" and "third" go forward (+1) or back (-1)
  kOrderFeatures
};
inline constexpr std::array<const char*, kOrderFeatures> kOrderFeatureNames = {
    "article",   "article-first", "antecedent", "recurrence", "span",  "growth", "quotes",
    "adjacency", "opening",       "closing",    "drift",      "given", "naming", "time"};

// Bit 1: introduces a noun; bit 2: presumes it.
std::uint8_t form_bit(MentionForm form);

using OrderValues = std::array<double, kOrderFeatures>;

class OrderEvidence {
 public:
  explicit OrderEvidence(const Discourse& discourse);

  // `order` is a permutation of all units. With `by_unit`, what each unit (by its own number) contributed.
  OrderValues measure(std::span<const std::uint32_t> order, std::vector<OrderValues>* by_unit = nullptr);
  // One number: the features by their frozen weights.
  double weigh(const OrderValues& values) const;
  // What the learned table says of this shape behind that one.
  double adjacency(std::uint64_t before, std::uint64_t after) const;
  double scale() const { return scale_; }  // every feature is a sum times this

 private:
  struct Learned {  // of one unit
    float opening = 0;
    float closing = 0;
    float drift = 0;
  };
  void add_mentions(std::uint32_t unit, OrderValues& values);
  void add_times(std::uint32_t unit, OrderValues& values);
  void add_contents(std::uint32_t unit, std::uint32_t place, OrderValues& values);
  void add_antecedents(std::uint32_t unit, std::uint8_t recent, OrderValues& values) const;
  void add_learned(std::uint32_t unit, std::uint32_t place, OrderValues& values) const;
  Learned learned_of(std::uint32_t unit) const;
  Learned ruled_of(std::uint32_t unit) const;  // without tables: opening words by rule

  const Discourse& discourse_;
  bool english_;
  double scale_;                                  // 1 / sqrt(units)
  std::vector<float> idf_;                        // by stem; 0 where it stands in one unit only
  std::vector<std::uint8_t> both_forms_;          // by stem: mentioned both ways
  std::vector<Learned> learned_;                  // by unit
  std::vector<std::vector<TimePoint>> times_of_;  // by unit
  // State of one pass; a stem's entry counts only when its stamp is this pass's.
  std::uint32_t pass_ = 0;
  std::vector<std::uint32_t> content_pass_, indefinite_pass_, mention_pass_;
  std::array<TimePoint, kTimeScaleCount + 1> last_time_;
  std::vector<std::uint32_t> first_place_, last_place_, times_;
};

}  // namespace banchu
