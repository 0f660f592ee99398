// Causal grouped-query attention over packed rows, forward and backward.
//
// For every row of length n and every head, with q and k rotated by rope and s = 1 / sqrt(head_dim):
//   S_ij = s q_i . k_j for j <= i      P_i = softmax(S_i)      o_i = sum_j P_ij v_j
// and backward, with dP_ij = do_i . v_j:
//   dS_ij = P_ij (dP_ij - sum_k P_ik dP_ik)   dv_j = sum_i P_ij do_i   dq_i = s sum_j dS_ij k_j   dk_j = s sum_i dS_ij
//   q_i
// then the inverse rotation. Queries go in blocks of 64 against the keys up to the block's end: the scratch is
// [heads, 64, n] and half of the square is never computed. All heads that share a key stand below each other, so
// that the sum over the group in dk and dv is the product's own sum. Computed in f32 whatever T is.
#pragma once

#include <cstdint>
#include <vector>

#include "train/batch.h"
#include "train/element.h"
#include "train/gemm.h"
#include "train/shape.h"

namespace banchu::lora {

template <typename T>
class Attention {
 public:
  Attention(const LlamaShape& shape, Gemm* gemm) : shape_(shape), gemm_(gemm) {}

  // qkv [tokens, qkv_width] -> out [tokens, query_width]; only the tokens of `rows` are written.
  void forward(const std::vector<RowSpan>& rows, const T* qkv, T* out);
  // d_out [tokens, query_width] -> d_qkv [tokens, qkv_width].
  void backward(const std::vector<RowSpan>& rows, const T* qkv, const float* d_out, T* d_qkv);

 private:
  struct Block {
    std::int64_t first = 0;   // query position
    std::int64_t keys = 0;    // first + kBlock
    std::int64_t length = 0;  // of the row
  };
  void reserve(const std::vector<RowSpan>& rows, bool backward);
  void extend_rope(std::int64_t positions);
  void load_keys(const RowSpan& row, const T* qkv);
  void load_queries(const RowSpan& row, const Block& block, const T* qkv);
  void probabilities(const Block& block);
  void store_output(const RowSpan& row, const Block& block, T* out);
  void load_output_gradient(const RowSpan& row, const Block& block, const float* d_out);
  void block_backward(const Block& block);
  void store_query_gradient(const RowSpan& row, const Block& block, T* d_qkv);
  void store_key_gradient(const RowSpan& row, T* d_qkv);

  Matrix queries(float* data) const;                     // [kv heads][group * kBlock, head_dim]
  Matrix keys(float* data, std::int64_t count) const;    // [kv heads][count, head_dim]
  Matrix scores(float* data, std::int64_t count) const;  // [kv heads][group * kBlock, count]

  LlamaShape shape_;
  Gemm* gemm_;
  std::int64_t positions_ = 0;          // the rope tables reach
  std::int64_t key_capacity_ = 0;       // positions the key buffers hold
  std::vector<float> cosines_, sines_;  // [positions, rope_pairs]
  Buffer<float> q_, k_, v_, p_, o_, dq_, dk_, dv_, dp_, do_;
};

}  // namespace banchu::lora
