// Causal grouped-query attention over packed rows, forward and backward.
//
// For every row of length n and every head, with q and k as heads.h hands them over and s the scale of the scores:
//   S_ij = s q_i . k_j for i - window < j <= i      P_i = softmax(S_i)      o_i = sum_j P_ij v_j
// (no window: all j <= i) and backward, with dP_ij = do_i . v_j:
//   dS_ij = P_ij (dP_ij - sum_k P_ik dP_ik)   dv_j = sum_i P_ij do_i   dq_i = s sum_j dS_ij k_j
//   dk_j = s sum_i dS_ij q_i
// then back through heads.h. Every (row, key head) with its query heads is a piece of work of its own that one thread
// does alone (attention_worker.h): nobody waits for anybody before the end, and the result does not depend on who did
// what.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "train/batch.h"
#include "train/element.h"
#include "train/rope.h"
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
class AttentionWorker;

template <typename T>
class Attention {
 public:
  explicit Attention(const ModelShape& shape);
  ~Attention();

  // qkv [tokens, qkv_width] -> out [tokens, query_width]; only the tokens of `rows` are written.
  void forward(const AttentionLayer& layer, const std::vector<RowSpan>& rows, const T* qkv, T* out);
  // d_out [tokens, query_width] -> d_qkv [tokens, qkv_width].
  void backward(const AttentionLayer& layer, const std::vector<RowSpan>& rows, const T* qkv, const float* d_out,
                T* d_qkv);

 private:
  // work(worker, rope, row, key head) for every piece, the longest rows first.
  template <typename Work>
  void share(const AttentionLayer& layer, const std::vector<RowSpan>& rows, const Work& work);

  ModelShape shape_;
  RopeTable rope_, window_rope_;
  std::vector<std::unique_ptr<AttentionWorker<T>>> workers_;  // one a thread
};

}  // namespace banchu::lora
