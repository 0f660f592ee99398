// Private to arc/: what a language model says about each unit: surprisal, context gain, entropy.
//
// Two readings of the text and no more: once in windows of the session's context (at most kWindowTokens, each opening
// with the last kOverlapTokens of the one before), once every unit alone. Logits leave the engine in batches of at most
// 256 rows (model/). A line break stands where a text begins. The rows that a probe reads (probe_states.h) come out of
// the second reading, so that they cost no third.
#pragma once

#include <string_view>
#include <vector>

#include "arc/follow.h"
#include "arc/reading.h"
#include "base/progress.h"
#include "base/result.h"
#include "model/model.h"

namespace banchu {

inline constexpr std::size_t kWindowTokens = 1024;
inline constexpr std::size_t kOverlapTokens = 256;

// kWindowTokens, or what the model was trained with where that is less.
std::size_t window_tokens(const Model& model);

struct ModelReading {
  std::vector<ModelSignals> units;
  std::vector<TwiceRead> twice;
  std::vector<std::vector<float>> states;  // [units][n_embd] of the reading alone; empty when not asked for
  std::uint64_t tokens = 0;                // read, both readings together
};

Result<ModelReading> read_with_model(std::span<const std::string_view> units, Session& session, bool with_states,
                                     const CancelFlag* cancel);

}  // namespace banchu
