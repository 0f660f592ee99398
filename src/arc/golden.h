// The golden set as it lies on disk: JSON Lines, one episode a line, each sentence labelled by a person
// (docs/golden.md).
//
// It defines what 100 means, so nothing in it is repaired in silence: a bad row is refused, named by file, row and
// field. Threads: pure functions. Errors: InvalidArgument (a fault), NotFound. On disk: UTF-8, one JSON object a line.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arc/standard.h"
#include "base/result.h"

namespace banchu {

inline constexpr double kGoldenValence = 3;  // labels run from -3 (the worst moment) to 3 (the best)

struct GoldenStory {
  GoldenEpisode episode;
  std::string title;
  std::string shape;            // "man_in_a_hole", ...: the labeller's word, free
  std::string genre;            // free
  std::vector<double> valence;  // [units], -3 .. 3
};

struct GoldenSet {
  std::vector<GoldenStory> stories;
  std::string digest;  // SHA-256 of the bytes it was read from
};

// What is wrong with one place of a golden file. Rows count from 1, as editors do.
struct GoldenFault {
  std::size_t row = 0;
  std::string field;  // "units[4].phase"; "" for the row as a whole
  std::string what;
};

// Every fault, at most 50; the stories that have none go to `set` when it is not null.
std::vector<GoldenFault> find_golden_faults(std::string_view text, GoldenSet* set = nullptr);

// Errors name `name`, the row and the field of the first fault, and how many more there are.
Result<GoldenSet> parse_golden(std::string_view text, const std::string& name);
// A file, or a folder whose *.jsonl files are read in the order of their names.
Result<GoldenSet> load_golden(const std::filesystem::path& path);
// The 24 episodes that come with the program.
Result<GoldenSet> shipped_golden();

// One line of the format, with '\n'; parse_golden reads back what was written.
std::string golden_line(const GoldenStory& story);

std::vector<GoldenEpisode> episodes_of(const GoldenSet& set);
// Which phase may stand behind which: the cycle rise, peak, fall, valley, between one setup and one close.
bool may_follow(Phase before, Phase after);
std::vector<PhaseSpan> spans_of(std::span<const Phase> phases);
std::vector<Phase> phases_of(const GoldenEpisode& episode);  // [units]
// The unit of the highest (lowest) valence in each span of `phase`: a peak (a valley) as the labels have it.
std::vector<std::size_t> extrema_of(std::span<const PhaseSpan> spans, std::span<const double> valence, Phase phase);

}  // namespace banchu
