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

// Tokens of the most expensive pass: the longest row, and of all rows that one pass can hold together.
struct PassSize {
  std::int64_t longest_row = 0;
  std::int64_t tokens = 0;  // padded
};
PassSize largest_pass(const TrainJob& job, int batch_rows, int context_tokens);

}  // namespace banchu::lora
