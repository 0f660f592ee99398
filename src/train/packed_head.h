// The vocabulary's products by the processor's own kernels.
#pragma once

#include "train/head.h"
#include "train/weights.h"

namespace banchu::lora {

template <typename T>
class PackedHead : public HeadProducts<T> {
 public:
  PackedHead(const Weights<T>* weights, Gemm* gemm) : weights_(*weights), gemm_(*gemm) {}

  void project(const T* normed, std::int64_t count, float* logits) override {
    const ModelShape& s = weights_.shape();
    gemm_.multiply(matrix(normed, count, s.n_embd), weights_.head_forward(), matrix(logits, count, s.n_vocab));
  }
  void project_back(const T* d_logits, std::int64_t count, float* d_normed) override {
    const ModelShape& s = weights_.shape();
    gemm_.multiply(matrix(d_logits, count, s.n_vocab), weights_.head_backward(), matrix(d_normed, count, s.n_embd));
  }

 private:
  const Weights<T>& weights_;
  Gemm& gemm_;
};

}  // namespace banchu::lora
