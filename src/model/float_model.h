// Writes a GGUF model again with its matrices as floats, some of them changed on the way: what a merged adapter needs.
//
// Every key, and every tensor that is no matrix of weights, is kept byte for byte; only general.file_type says the new
// type. Memory: a slab of rows at a time (a few MB), whatever the model's size; mapped pages are given back tensor by
// tensor. On disk: the file appears whole or not at all. Threads: one call, one thread.
// Errors: Unsupported (a split model, a tensor type that cannot become floats), InvalidArgument (a number that does not
// fit F16, or is not finite), NoSpace (before anything is written, when the disk can be asked), Cancelled.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <span>
#include <string>

#include "base/atomic_file.h"
#include "base/progress.h"
#include "base/result.h"
#include "model/gguf_file.h"

namespace banchu {

enum class FloatType { f32, f16, bf16 };

// Changes rows [first_row, first_row + n) of one matrix in place; values is [n, ne[0]], row-major.
using RowChange = std::function<void(const GgufTensor& tensor, std::uint64_t first_row, std::span<float> values)>;

struct FloatModelRequest {
  FloatType type = FloatType::f16;
  std::set<std::string> changed;  // the names of the tensors that `change` is called for
  RowChange change;
  ProgressSink progress;
  const CancelFlag* cancel = nullptr;
};

// Into `file`, which the caller commits. Answers the bytes written.
Result<std::uint64_t> write_float_model(const GgufFile& base, const FloatModelRequest& request, AtomicFile& file);

// What write_float_model will write, in bytes (the metadata counted as the base's).
std::uint64_t float_model_bytes(const GgufFile& base, const FloatModelRequest& request);

}  // namespace banchu
