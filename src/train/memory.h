// What a training will need of memory, said before it starts, and what is done with the memory there is.
//
// At least: the head, the parameters with their moments, two kept residuals a layer, one layer's matrices and
// activations, scratch. What is left goes first to activations (a kept layer is not computed again on the way back),
// then to matrices (a resident layer is not dequantised twice a step): a byte of the former saves more time.
// The adapter is the same, byte for byte, whatever is chosen.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "train/element.h"
#include "train/lora_parameters.h"
#include "train/shape.h"
#include "train/train.h"

namespace banchu::lora {

struct MemoryChoice {
  std::int64_t resident_layers = 0;
  std::int64_t activation_bytes = 0;  // for layers that keep their activations
  std::int64_t expected_bytes = 0;    // of the whole process
  std::string in_words;
};

// Errors: NoSpace when not even the least fits the limit; the hint names settings that would.
Result<MemoryChoice> choose_memory(const TrainJob& job, const ModelShape& shape, const ParameterPlan& plan,
                                   Element type);

// What this process may still take: free memory of the machine and of its control group.
std::uint64_t available_memory_bytes();

}  // namespace banchu::lora
