// Adapters as sums: several into one, exactly, and one adapter from matrices that each have their own scale.
//
// A GGUF adapter has one alpha; matrix t works with alpha / rank_t. So matrices with other scales get the difference
// multiplied into B. The alpha is chosen so that as many B as possible stay untouched, byte for byte.
// Sum: w1 s1 B1 A1 + w2 s2 B2 A2 = [B1 | f B2] [A1 ; A2] with f = w2 s2 / (w1 s1): nothing is lost but the last bit of
// f B2, and the ranks add up. Pure functions. Errors: InvalidArgument (nothing to add, shapes or architectures differ).
#pragma once

#include <vector>

#include "base/result.h"
#include "train/adapter.h"

namespace banchu {

struct WeightedAdapter {
  Adapter adapter;
  double weight = 1;
};

struct ScaledTensor {
  AdapterTensor tensor;
  double scale = 1;  // the update is scale * B A
};

// What the engine multiplies B A with; an alpha of 0 means 1 there.
double scale_of(const Adapter& adapter, const AdapterTensor& tensor);

// Sorted by name. The adapter's alpha is never 0.
Adapter assemble(std::string architecture, std::vector<ScaledTensor> tensors);

Result<Adapter> sum_adapters(const std::vector<WeightedAdapter>& terms);

// The rank most of its matrices have; 0 for none.
std::uint32_t common_rank(const Adapter& adapter);

}  // namespace banchu
