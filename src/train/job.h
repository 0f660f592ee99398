// A training job before it runs: is it sane, what is its name, will it fit.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "train/element.h"
#include "train/lora_parameters.h"
#include "train/shape.h"
#include "train/train.h"

namespace banchu::lora {

// Errors: InvalidArgument, naming the option and its range.
Status check_options(const TrainOptions& options);
// Errors: InvalidArgument (a token outside the vocabulary, targets out of order, a teacher that does not fit).
Status check_rows(const std::vector<LessonRow>& rows, std::int64_t n_vocab, const char* set);

// A digest of everything the trained bytes depend on: the base, the frozen adapters and their scales, every option,
// every row, the initial adapter, the number format and the kernels. Errors: those of reading the files.
Result<std::string> job_digest(const TrainJob& job, Element type, int threads);

struct MemoryNeed {
  std::int64_t fixed_bytes = 0;       // weights, parameters, moments, one layer's activations, scratch
  std::int64_t all_layers_bytes = 0;  // more, if every layer keeps its activations
};
MemoryNeed memory_need(const ModelShape& shape, const ParameterPlan& plan, const TrainJob& job, Element type);
// What this process may still take: free memory of the machine and of its control group.
std::uint64_t available_memory_bytes();

}  // namespace banchu::lora
