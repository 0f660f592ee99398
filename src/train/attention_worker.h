// One thread's part of attention: a group of query heads that share a key head, in one row. Formulas: attention.h.
//
// Queries go in blocks of 64 against the keys from the first that one of them sees up to the block's end: half of the
// square is never computed. The group's heads stand below each other, so that their sum in dk and dv is the product's
// own sum. Products in T, sums, softmax and what comes back to dk and dv in f32.
//
// Owns: products for one thread, scratch. Threads: each has its own worker.
#pragma once

#include <cstdint>

#include "train/attention.h"
#include "train/batch.h"
#include "train/gemm.h"
#include "train/heads.h"
#include "train/rope.h"
#include "train/shape.h"

namespace banchu::lora {

template <typename T>
class AttentionWorker {
 public:
  explicit AttentionWorker(const ModelShape* shape) : shape_(*shape) {}

  // The arrays of Attention<T>; only what belongs to `row` and key head `head` is read and written.
  void forward(const AttentionLayer& layer, const RopeTable& rope, const RowSpan& row, std::int64_t head, const T* qkv,
               T* out);
  void backward(const AttentionLayer& layer, const RopeTable& rope, const RowSpan& row, std::int64_t head, const T* qkv,
                const float* d_out, T* d_qkv);

 private:
  struct Block {
    std::int64_t first = 0;      // query position
    std::int64_t queries = 0;    // a multiple of 16; those behind the row's end are zero
    std::int64_t first_key = 0;  // the products begin here
    std::int64_t keys = 0;       // how many, up to first + queries
  };
  void begin(const AttentionLayer& layer, const RopeTable& rope, const RowSpan& row, std::int64_t head);
  Block block_at(std::int64_t first) const;
  void load_keys(const T* qkv);
  void load_queries(const Block& block, const T* qkv);
  void probabilities(const Block& block);
  void store_output(const Block& block, T* out);
  void load_output_gradient(const Block& block, const float* d_out);
  void block_backward(const Block& block);
  void store_query_gradient(const Block& block, const T* qkv, T* d_qkv);
  void store_key_gradient(const T* qkv, T* d_qkv);
  // f(row of the block's arrays, position in the row, query head) for the queries inside the row; zero(row) for others.
  template <typename F, typename Zero>
  void for_each_query(const Block& block, const F& f, const Zero& zero);
  // f(row of the scores, keys before the first it sees, how many it sees).
  template <typename F>
  void for_each_score_row(const Block& block, const F& f);

  HeadPath query_path() const { return {&shape_, layer_.query_norm, shape_.attention_scale}; }
  HeadPath key_path() const { return {&shape_, layer_.key_norm, 1.0f}; }
  const float* bias(std::int64_t column) const { return layer_.bias == nullptr ? nullptr : layer_.bias + column; }
  std::int64_t key_column() const { return shape_.query_width() + head_ * shape_.head_dim; }
  std::int64_t padded_length() const;

  template <typename E>
  Matrix queries(const E* data, const Block& block) const;  // [group * block.queries, head_dim]
  template <typename E>
  Matrix keys(const E* data, const Block& block) const;  // [block.keys, head_dim]
  template <typename E>
  Matrix scores(const E* data, const Block& block) const;  // [group * block.queries, block.keys]

  const ModelShape& shape_;
  Gemm gemm_;
  AttentionLayer layer_;
  const RopeTable* rope_ = nullptr;
  RowSpan row_;
  std::int64_t head_ = 0;
  Buffer<T> q_, k_, v_, p_, d_out_, ds_;
  Buffer<float> wide_, s_, o_, dk_, dv_;
};

}  // namespace banchu::lora
