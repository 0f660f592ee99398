// Are a model's weights numbers? Asked once before training: a NaN in one of them makes every loss a NaN, and nobody
// would know which.
#pragma once

#include "base/result.h"
#include "model/gguf_file.h"

namespace banchu::lora {

// Reads every tensor once, on every thread. Errors: Corruption, naming the first tensor that holds NaN or infinity.
Status check_weights(const GgufFile& file);

}  // namespace banchu::lora
