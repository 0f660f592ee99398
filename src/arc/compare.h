// Who wrote it? Groups of texts (people, models) set beside each other, with intervals.
//
// A structure score says nothing about good writing, and a few stories say little about a model: so every mean comes
// with its bootstrap interval and every AUC with its own, and a group of one has no interval at all.
// Threads: pure functions; seeded, the same bytes each time. Errors: InvalidArgument (no group with a score).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arc/reading.h"
#include "base/result.h"

namespace banchu {

inline constexpr std::size_t kCompareMeasures = 8;
inline constexpr std::array<const char*, kCompareMeasures> kCompareMeasureNames = {
    "coherence", "standard", "order", "local", "peak_valley", "tension", "entities", "consistency"};

struct ComparedText {
  std::string name;
  std::array<std::optional<double>, kCompareMeasures> values;  // absent where it could not be measured
  std::string reason;                                          // why there is no coherence
};
ComparedText compared_text(std::string name, const Reading& reading);

struct CompareGroup {
  std::string name;
  bool is_people = false;
  std::vector<ComparedText> texts;
};

struct CompareInterval {
  double low = 0;
  double high = 0;
};

// The chance that a text of the one kind scores higher than one of the other; 0.5: they cannot be told apart.
struct CompareAuc {
  double auc = 0.5;
  CompareInterval interval;
};

struct CompareRow {
  std::string name;
  bool is_people = false;
  std::size_t texts = 0;
  std::size_t measured = 0;  // of them, with a coherence
  double mean = 0, median = 0;
  std::optional<CompareInterval> interval;   // of the mean, 95 %; absent for fewer than two
  std::optional<CompareAuc> against_people;  // P(people's text scores higher); absent for people themselves
};

struct CompareMeasureAuc {
  std::string measure;
  CompareAuc people_over_machines;
};

struct Comparison {
  std::vector<CompareRow> rows;             // best mean first
  std::vector<CompareMeasureAuc> measures;  // people against all machines together; empty without both kinds
  std::vector<std::string> notes;
};

Result<Comparison> compare_groups(std::span<const CompareGroup> groups, int rounds, std::uint64_t seed);

// Mann-Whitney: the share of pairs in which `high` is above `low`, ties counting half. Both not empty.
double auc_of(std::span<const double> high, std::span<const double> low);

// SVG: a row a group, each text a dot, the mean with its interval, the AUC against people.
std::string compare_svg(std::span<const CompareGroup> groups, const Comparison& comparison, const std::string& title,
                        bool in_korean, bool can_draw_hangul);

}  // namespace banchu
