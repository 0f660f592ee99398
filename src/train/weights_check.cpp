#include "train/weights_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "train/dequantise.h"
#include "train/parallel.h"

namespace banchu::lora {

namespace {

constexpr std::int64_t kRowsAtOnce = 16;

// x - x is 0 for every number, and a NaN for what is none: one sum asks them all.
bool all_finite(const float* x, std::int64_t n) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < n; ++i) sum += x[i] - x[i];
  return sum == 0.0f;
}

bool is_finite(const GgufTensor& tensor) {
  const auto columns = static_cast<std::int64_t>(tensor.ne.front());
  const std::int64_t piece = columns * kRowsAtOnce, n = static_cast<std::int64_t>(tensor.elements());
  std::atomic<bool> good{true};
  parallel_for((n + piece - 1) / piece, piece, [&](std::int64_t i) {
    if (!good) return;
    std::vector<float> values(static_cast<std::size_t>(std::min(piece, n - i * piece)));
    const auto size = static_cast<std::int64_t>(values.size());
    dequantise(tensor, i * piece, size, values.data());
    if (!all_finite(values.data(), size)) good = false;
  });
  give_back_pages(tensor);
  return good;
}

}  // namespace

Status check_weights(const GgufFile& file) {
  for (const GgufTensor& tensor : file.tensors()) {
    if (tensor.ne.empty() || tensor.elements() == 0 || !can_dequantise(tensor) || is_finite(tensor)) continue;
    return make_error(Code::Corruption,
                      fmt::format("the tensor {} of {} holds NaN or infinity", tensor.name, file.path().string()),
                      "get the model file again; a model with such weights can neither be trained nor served");
  }
  return {};
}

}  // namespace banchu::lora
