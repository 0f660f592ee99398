// The engine's own quantiser behind a Result: a float GGUF in, a smaller one out.
//
// Memory: 256 MiB of buffers at most. On disk: the file appears whole or not at all. Threads: one call at a time in
// the process (it listens to the engine's log, which is global); inside, as many threads as asked for.
// Errors: InvalidArgument (no such type), Unsupported (types that need an importance matrix; a model the engine does
// not know), NoSpace, Cancelled (between two tensors).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"

namespace banchu {

// "q4_k_m", "q8_0", ...: every type the engine offers, F32, F16 and BF16 excepted.
const std::vector<std::string>& quantisation_names();

struct QuantiseRequest {
  std::string type;  // one of quantisation_names()
  int threads = 0;   // 0: every core
  ProgressSink progress;
  const CancelFlag* cancel = nullptr;
};
Status quantise_model(const std::filesystem::path& from, const std::filesystem::path& to,
                      const QuantiseRequest& request);

}  // namespace banchu
