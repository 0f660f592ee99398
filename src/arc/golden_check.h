// Is this golden set a standard? It is when its own episodes stand near 100 without having helped to set the scale, and
// when damaged ones do not: shuffled below 60, spliced from two stories below 80.
//
// Threads: one. Errors: those of calibrate_standard and score_units; InvalidArgument (fewer than 8 episodes);
// Cancelled.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arc/golden.h"
#include "base/progress.h"
#include "base/result.h"

namespace banchu {

inline constexpr double kGoldenFloor = 90;  // median of the leave-one-out scores
inline constexpr double kShuffledLimit = 60;
inline constexpr double kSplicedLimit = 80;

struct GoldenScores {
  std::vector<double> scores;
  double median = 0;
  double low = 0, high = 0;
};

struct GoldenCheck {
  GoldenScores held_out;             // each episode against the standard of the others
  GoldenScores shuffled;             // its sentences in another order
  GoldenScores spliced;              // its first half, and the second half of another one of its language
  std::vector<std::string> reasons;  // why the answer is no; empty: yes
};

struct GoldenCheckOptions {
  double gamma = 1;
  double tau = 1;
  std::uint64_t seed = 20;
  const CancelFlag* cancel = nullptr;
  ProgressSink progress;
};

// Shuffled and spliced episodes are measured against a standard that none of their stories helped to set (four folds).
Result<GoldenCheck> check_golden(const GoldenSet& set, const GoldenCheckOptions& options);

// The same sentences in another order; none is where it was when there is another way.
std::vector<std::string> shuffled_units(const std::vector<std::string>& units, std::uint64_t seed);
std::vector<std::string> spliced_units(const std::vector<std::string>& first, const std::vector<std::string>& second);

}  // namespace banchu
