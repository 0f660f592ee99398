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

// Everything the trained bytes depend on, in parts, so that a checkpoint that does not belong can say why.
struct JobIdentity {
  std::string base;        // the model file
  std::string selves;      // the frozen adapters and their scales, the adapter to start from
  std::string rows;        // both sets
  std::string options;     // those that change the result
  std::string arithmetic;  // number format, thread count, kernels
};
// Errors: those of reading the files.
Result<JobIdentity> identify(const TrainJob& job, Element type, int threads);

struct MemoryNeed {
  std::int64_t fixed_bytes = 0;       // weights, parameters, moments, one layer's activations, scratch
  std::int64_t all_layers_bytes = 0;  // more, if every layer keeps its activations
};
MemoryNeed memory_need(const ModelShape& shape, const ParameterPlan& plan, const TrainJob& job, Element type);
// What this process may still take: free memory of the machine and of its control group.
std::uint64_t available_memory_bytes();

}  // namespace banchu::lora
