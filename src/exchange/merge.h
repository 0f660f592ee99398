// An adapter put into its base for good: W + scale B A, as a GGUF that needs no adapter and no banchu.
//
// As F16, BF16 or F32; or through the engine's quantiser, from a 16-bit file that lies beside the target meanwhile and
// goes away. Merged and quantised again is not the same as served unmerged: the rounding hits the update too.
// Memory: the adapter and a few MB, whatever the model's size. On disk: whole or not at all.
// Errors: InvalidArgument (an adapter of another base, an unknown format), those of model/float_model.h and quantise.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "model/gguf_file.h"
#include "train/adapter.h"

namespace banchu {

// "f16", "bf16", "f32" and every type of the engine's quantiser, in lower case.
std::vector<std::string> merge_formats();

struct MergeRequest {
  const GgufFile* base = nullptr;
  const Adapter* adapter = nullptr;  // null: the base alone, in another format
  std::filesystem::path to;
  std::string format = "f16";
  int threads = 0;  // of the quantiser; 0: every core
  ProgressSink progress;
  const CancelFlag* cancel = nullptr;
};
struct MergeOutcome {
  std::uint64_t bytes = 0;
  std::uint64_t tensors = 0;  // of the model
  std::uint64_t changed = 0;  // of them, by the adapter
};
Result<MergeOutcome> merge_model(const MergeRequest& request);

}  // namespace banchu
