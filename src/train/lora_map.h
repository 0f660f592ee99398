// A linear map with its detour: y = x W^T + b + s (drop(x) A^T) B^T, for the groups of maps that read the same input.
//
// Backward, given dY = dl/dY, with H = drop(X) A^T:
//   dH = s dY B       dX = dY W + drop(dH A)       dA += dH^T drop(X)       dB += s dY^T H
// The bias of the group q k v is not added here: attention adds it in f32 (heads.h).
//
// Owns: scratch. Threads: one pass at a time.
#pragma once

#include <cstdint>

#include "train/gemm.h"
#include "train/lora_parameters.h"
#include "train/weights.h"

namespace banchu::lora {

template <typename T>
class LoraMaps {
 public:
  LoraMaps(const Weights<T>* weights, const ParameterPlan* plan, Gemm* gemm, double dropout)
      : weights_(*weights), plan_(*plan), gemm_(gemm), dropout_(dropout) {}

  // The parameters of the next passes, [plan.size].
  void use_parameters(const float* parameters);
  // The rows of every input from now on, and the key of the pass's masks (0: nothing is dropped).
  void begin(std::int64_t tokens, std::uint64_t dropout_key);

  // y (+)= map(input); y is T or f32 [tokens, group.out]. Keeps H in `h` [tokens, group.h_width].
  void forward(std::int64_t layer, GroupKind kind, const T* input, Buffer<T>* h, const Matrix& y, bool accumulate);
  // H alone.
  void project_down(std::int64_t layer, GroupKind kind, const T* input, Buffer<T>* h);
  // d_input = the gradient of the input, f32 [tokens, group.in], unless it is null; those of A and B are added to
  // gradients [plan.size].
  void backward(std::int64_t layer, GroupKind kind, const T* dy, const T* input, const Buffer<T>& h, float* d_input,
                float* gradients);

 private:
  const Group& group(std::int64_t layer, GroupKind kind) const;
  const T* parameter(std::int64_t offset) const { return parameters_.data() + offset; }
  const T* dropped(std::int64_t layer, GroupKind kind, const T* input);
  void undrop(std::int64_t layer, GroupKind kind, const float* from, float* to);
  void add_bias(const Buffer<float>& bias, const Matrix& y);

  const Weights<T>& weights_;
  const ParameterPlan& plan_;
  Gemm* gemm_;
  double dropout_;
  std::int64_t tokens_ = 0;
  std::uint64_t dropout_key_ = 0;
  Buffer<T> parameters_;  // as they are multiplied: B turned, [rank, out], which products read faster both ways
  Buffer<T> dropped_, d_h_;
  Buffer<float> d_extra_, d_b_;
};

}  // namespace banchu::lora
