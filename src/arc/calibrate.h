// Teaches a probe: reads labelled sentences with a model and fits, for each thing that they say, a linear reader.
//
// Ridge (arc/ridge.h) on the model's rows, columns standardised; a scale is standardised file by file, because files
// disagree about scales. Five folds by the digest of a sentence's group (or text): what a row's own group taught never
// judges it. An emotion is fitted as a share (0 or 1), which ranks like a logistic fit and needs no iteration.
// Threads: those of the session. Errors: InvalidArgument (too few sentences), Cancelled, those of Session::score.
#pragma once

#include <span>

#include "arc/labelled.h"
#include "arc/probe.h"
#include "base/progress.h"
#include "model/model.h"

namespace banchu {

inline constexpr std::size_t kLeastSentences = 60;  // with a scale, to teach that scale
inline constexpr std::size_t kLeastLabelled = 20;   // with an emotion's label, and as many without it

struct CalibrateOptions {
  ProgressSink progress;
  const CancelFlag* cancel = nullptr;
};

Result<Probe> calibrate_probe(std::span<const LabelledSet> sets, Session& session, const CalibrateOptions& options);

// The same from states that were read before, [sentences in the order of the sets][dimension]. `model` is left empty.
Result<Probe> fit_probe(std::span<const LabelledSet> sets, std::vector<std::vector<float>> states);

}  // namespace banchu
