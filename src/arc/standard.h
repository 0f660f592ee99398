// A standard: what a golden set turns into once it has been measured. Plain data; see docs/arc.md.
//
// The golden set is the writer's: episodes that he calls right, with the peaks, valleys and phases he sees in them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "arc/reading.h"
#include "base/result.h"

namespace banchu {

struct GoldenEpisode {
  std::string id;
  std::string language;  // "en", "ko"
  std::vector<std::string> units;
  std::vector<std::size_t> peaks;  // units
  std::vector<std::size_t> valleys;
  std::vector<PhaseSpan> phases;
  std::string author;
  std::string licence;
};

struct Standard {
  // One step of the monotone map from raw structure to 0 .. 100.
  struct Knot {
    double raw = 0;
    double score = 0;
  };
  std::string digest;                 // SHA-256 of the golden file
  std::size_t episodes = 0;           //
  double median_coherence = 0;        // of the episodes
  double leave_one_out_median = 0;    // of the episodes' standard scores, each held out of its own calibration
  std::vector<double> leave_one_out;  // in the order of the episodes
  // Of the structure features, for English and then for Korean: where golden episodes stop being golden (their lower
  // quartile), and the unit in which falling short of it is counted.
  std::vector<double> feature_levels;
  std::vector<double> feature_spreads;
  std::vector<Knot> map;  // raw ascending
};

// Measures every episode, shuffles of it and splices of two, and fits the map. Slow (seconds).
// Errors: InvalidArgument (fewer than 4 episodes; an episode too short to measure, named).
Result<Standard> calibrate_standard(std::span<const GoldenEpisode> episodes, const std::string& digest);

// Agreement of a reading with the standard, 0 .. 100.
double standard_score(const Reading& reading, const Standard& standard);
double standard_score(const ArcSubscores& subscores, ArcLanguage language, const Standard& standard);

}  // namespace banchu
