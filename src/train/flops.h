// What a training step has to multiply, counted from the model's shape: the yardstick of `bench train`.
//
// A product of [m, k] and [k, n] is 2 m k n operations. Counted are, for every frozen map W [out, in], x W^T and
// dY W (not dY W below the lowest adapter, where nobody asks for it); for its detour of rank r, six thin products; the
// head over the targets, both ways; and of attention the half of each square that causality leaves: two products
// forward, four backward. What a trainer chooses to compute twice is its own affair and is never counted.
#pragma once

#include <cstdint>
#include <vector>

#include "train/lora_parameters.h"
#include "train/shape.h"

namespace banchu::lora {

struct ProductShape {
  std::int64_t m = 0, k = 0, n = 0;
  std::int64_t times = 1;  // in one step
  double flops() const {
    return 2.0 * static_cast<double>(m * times) * static_cast<double>(k) * static_cast<double>(n);
  }
};

struct StepSize {
  std::int64_t rows = 0;
  std::int64_t row_tokens = 0;
  std::int64_t targets = 0;
};

// All but attention's; equal shapes are one entry.
std::vector<ProductShape> step_products(const ModelShape& shape, const ParameterPlan& plan, const StepSize& size);
double attention_flops(const ModelShape& shape, const StepSize& size);
double step_flops(const ModelShape& shape, const ParameterPlan& plan, const StepSize& size);

}  // namespace banchu::lora
