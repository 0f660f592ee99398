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

// Tokens of the most expensive pass: the longest row, and of all rows that one pass can hold together.
struct PassSize {
  std::int64_t longest_row = 0;
  std::int64_t tokens = 0;
  std::int64_t usual_tokens = 0;  // of as many rows of mean length, and half as much again
};
PassSize largest_pass(const TrainJob& job, int batch_rows, int context_tokens);

}  // namespace banchu::lora
