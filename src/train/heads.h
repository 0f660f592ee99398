// One head on its way from the projection into the scores, and its gradient on the way back:
//   x + bias, rms norm (families with head norms), rotation, scale.
// All of it in f32, whatever T the projection is kept in: a bias may be a hundred times larger than what it shifts.
#pragma once

#include <cstdint>

#include "train/element.h"
#include "train/rope.h"
#include "train/shape.h"

namespace banchu::lora {

// What all heads of one kind (queries or keys) of a layer share.
struct HeadPath {
  const ModelShape* shape = nullptr;
  const float* norm = nullptr;  // [head_dim]; null: none
  float scale = 1;
};

// in, bias, out [head_dim]; bias may be null.
template <typename T>
void load_head(const HeadPath& path, const T* in, const float* bias, Angles angles, float* out);
// d_out -> d_in; `in` and `bias` are those of load_head.
template <typename T>
void load_head_backward(const HeadPath& path, const T* in, const float* bias, Angles angles, const float* d_out,
                        T* d_in);

}  // namespace banchu::lora
