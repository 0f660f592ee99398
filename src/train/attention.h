// Causal grouped-query attention over packed rows, forward and backward.
//
// For every row of length n and every head, with q and k as heads.h hands them over and s the scale of the scores:
//   S_ij = s q_i . k_j for i - window < j <= i      P_i = softmax(S_i)      o_i = sum_j P_ij v_j
// (no window: all j <= i) and backward, with dP_ij = do_i . v_j:
//   dS_ij = P_ij (dP_ij - sum_k P_ik dP_ik)   dv_j = sum_i P_ij do_i   dq_i = s sum_j dS_ij k_j
//   dk_j = s sum_i dS_ij q_i
// then back through heads.h. Queries go in blocks of 64 against the keys from the first that one of them sees up to
// the block's end: the scratch is [heads, 64, n] and half of the square is never computed. All heads that share a key
// stand below each other, so that the sum over the group in dk and dv is the product's own sum. Computed in f32
// whatever T is.
#pragma once

#include <cstdint>
#include <vector>

#include "train/batch.h"
#include "train/element.h"
#include "train/gemm.h"
#include "train/heads.h"
#include "train/shape.h"

namespace banchu::lora {

// What a layer's heads meet besides the projection; all null in a plain llama.
struct AttentionLayer {
  const float* bias = nullptr;        // [qkv_width]
  const float* query_norm = nullptr;  // [head_dim]
  const float* key_norm = nullptr;    // [head_dim]
  bool windowed = false;
};

template <typename T>
class Attention {
 public:
  Attention(const ModelShape& shape, Gemm* gemm)
      : shape_(shape),
        gemm_(gemm),
        rope_(shape.rope, shape.rope_pairs),
        window_rope_(shape.window_rope, shape.rope_pairs) {}

  // qkv [tokens, qkv_width] -> out [tokens, query_width]; only the tokens of `rows` are written.
  void forward(const AttentionLayer& layer, const std::vector<RowSpan>& rows, const T* qkv, T* out);
  // d_out [tokens, query_width] -> d_qkv [tokens, qkv_width].
  void backward(const AttentionLayer& layer, const std::vector<RowSpan>& rows, const T* qkv, const float* d_out,
                T* d_qkv);

 private:
  struct Block {
    std::int64_t first = 0;      // query position
    std::int64_t first_key = 0;  // the products begin here
    std::int64_t keys = 0;       // how many, up to first + kBlock
    std::int64_t length = 0;     // of the row
  };
  void begin(const AttentionLayer& layer, const std::vector<RowSpan>& rows, bool backward);
  void reserve(const std::vector<RowSpan>& rows, bool backward);
  Block block_at(std::int64_t first, std::int64_t length) const;
  void load_keys(const RowSpan& row, const T* qkv);
  void load_queries(const RowSpan& row, const Block& block, const T* qkv);
  void probabilities(const Block& block);
  void store_output(const RowSpan& row, const Block& block, T* out);
  void load_output_gradient(const RowSpan& row, const Block& block, const float* d_out);
  void block_backward(const Block& block);
  void store_query_gradient(const RowSpan& row, const Block& block, const T* qkv, T* d_qkv);
  void store_key_gradient(const RowSpan& row, const T* qkv, T* d_qkv);
  template <typename F>
  void for_each_score_row(const Block& block, const F& f);

  HeadPath query_path() const { return {&shape_, layer_.query_norm, shape_.attention_scale}; }
  HeadPath key_path() const { return {&shape_, layer_.key_norm, 1.0f}; }
  Angles angles(std::int64_t position) const { return (layer_.windowed ? window_rope_ : rope_).at(position); }
  const float* bias(std::int64_t column) const { return layer_.bias == nullptr ? nullptr : layer_.bias + column; }

  Matrix queries(float* data) const;                     // [kv heads][group * kBlock, head_dim]
  Matrix keys(float* data, const Block& block) const;    // [kv heads][block.keys, head_dim]
  Matrix scores(float* data, const Block& block) const;  // [kv heads][group * kBlock, block.keys]

  ModelShape shape_;
  Gemm* gemm_;
  AttentionLayer layer_;  // of the pass that is running
  RopeTable rope_, window_rope_;
  std::int64_t key_capacity_ = 0;  // positions the key buffers hold
  Buffer<float> q_, k_, v_, p_, o_, dq_, dk_, dv_, dp_, do_;
};

}  // namespace banchu::lora
