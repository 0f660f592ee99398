// Sentences with what people felt in them: what a probe is taught by.
//
// On disk: JSON Lines, UTF-8. A row is one sentence,
//   {"text": "...", "valence": 0.5, "arousal": -1, "labels": ["joy"], "group": "letter 3"}
// with at least one of valence, arousal (any scale; a file has one) and labels (any names; [] says "none of them").
// Rows of one group are never split between teaching and judging. A row with "units" is a golden episode, or what
// `arc golden make --dataset` writes: each sentence of it is a row, its id their group.
// Threads: pure functions. Errors: NotFound; InvalidArgument, naming file, row and field.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "arc/golden.h"
#include "base/result.h"

namespace banchu {

struct LabelledSentence {
  std::string text;
  std::string group;
  std::optional<double> valence;
  std::optional<double> arousal;
  std::optional<std::vector<std::string>> labels;
};

struct LabelledSet {
  std::string name;    // the file's
  std::string digest;  // of its bytes
  std::vector<LabelledSentence> sentences;
};

Result<LabelledSet> read_labelled(const std::filesystem::path& path);
// The hand-set valence of golden episodes.
LabelledSet labelled_of(const GoldenSet& golden, const std::string& name);
// At most `most` sentences in all: those whose text's digests come first, so that any machine takes the same.
void thin_out(std::vector<LabelledSet>& sets, std::size_t most);

}  // namespace banchu
