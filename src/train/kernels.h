// The loops between the matrix products, in one vectorised version for each kind of processor.
//
// Pure functions on rows; formulas stand in graph.h. `n` counts elements. T is float or Bf16.
#pragma once

#include <cstdint>

#include "train/element.h"

namespace banchu::lora {

struct AdamStep {
  float learning_rate = 0;
  float decay = 1;  // 1 - learning_rate * weight_decay
  float beta1 = 0, beta2 = 0;
  float correction1 = 1;       // 1 - beta1^t
  float correction2_root = 1;  // sqrt(1 - beta2^t)
  float epsilon = 0;
  float gradient_scale = 1;  // of clipping
};

template <typename T>
struct TypedKernels {
  void (*convert)(const float* x, T* y, std::int64_t n);
  void (*widen)(const T* x, float* y, std::int64_t n);
  void (*rms_norm)(const float* x, const float* weight, float epsilon, std::int64_t n, T* y);
  void (*rms_norm_kept)(const T* x, const float* weight, float epsilon, std::int64_t n, T* y);
  // dx += the gradient through rms_norm.
  void (*rms_norm_backward)(const T* x, const float* weight, const float* dy, float epsilon, std::int64_t n, float* dx);
  void (*swiglu)(const T* gate, const T* up, std::int64_t n, T* out);
  void (*swiglu_backward)(const T* gate, const T* up, const float* d_out, std::int64_t n, T* d_gate, T* d_up);
  // The same with gelu(z) = z / (1 + exp(-2 u)), u = sqrt(2 / pi) (z + 0.044715 z^3), in place of silu.
  void (*geglu)(const T* gate, const T* up, std::int64_t n, T* out);
  void (*geglu_backward)(const T* gate, const T* up, const float* d_out, std::int64_t n, T* d_gate, T* d_up);
  // out = scale * rotate(in): pairs (2i, 2i+1) by the angle whose cosine and sine are given; the rest is copied.
  void (*rope)(const T* in, const float* cosines, const float* sines, std::int64_t pairs, std::int64_t n, float scale,
               float* out);
  void (*rope_backward)(const float* in, const float* cosines, const float* sines, std::int64_t pairs, std::int64_t n,
                        float scale, T* out);
  // The same for pairs (i, i + pairs).
  void (*rope_halves)(const T* in, const float* cosines, const float* sines, std::int64_t pairs, std::int64_t n,
                      float scale, float* out);
  void (*rope_halves_backward)(const float* in, const float* cosines, const float* sines, std::int64_t pairs,
                               std::int64_t n, float scale, T* out);
  // out = factor * exp(x - shift). x and out may be the same memory.
  void (*scaled_exp)(const float* x, float shift, float factor, std::int64_t n, T* out);
  // Softmax of the first `visible`, zero for the other n - visible; in place, and in T to `out` (may be x itself).
  void (*softmax)(float* x, std::int64_t visible, std::int64_t n, T* out);
  // ds = p (dp - sum p dp) where p is not zero, which is at most the first `visible`; zero for the rest.
  void (*softmax_backward)(const float* p, const float* dp, std::int64_t visible, std::int64_t n, T* ds);
};

struct Kernels {
  const char* name;
  TypedKernels<float> f32;
  TypedKernels<Bf16> bf16;
  float (*maximum)(const float* x, std::int64_t n);
  double (*sum_exp)(const float* x, float shift, std::int64_t n);
  double (*sum_squares)(const float* x, std::int64_t n);
  void (*add_scaled)(float a, const float* x, float* y, std::int64_t n);  // y += a x
  void (*adamw)(const AdamStep& step, const float* gradient, float* m, float* v, float* parameter, std::int64_t n);

  template <typename T>
  const TypedKernels<T>& of() const {
    if constexpr (kElementOf<T> == Element::f32) {
      return f32;
    } else {
      return bf16;
    }
  }
};

// The fastest version this processor can run.
const Kernels& kernels();

const Kernels& kernels_baseline();
const Kernels& kernels_avx2();
const Kernels& kernels_avx512();

}  // namespace banchu::lora
