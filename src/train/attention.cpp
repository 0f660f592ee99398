#include "train/attention.h"

#include <algorithm>
#include <cstring>

#include "train/kernels.h"
#include "train/parallel.h"
#include "train/part_times.h"

namespace banchu::lora {

namespace {
constexpr std::int64_t kBlock = 64;

std::int64_t round_up(std::int64_t n) { return (n + kBlock - 1) / kBlock * kBlock; }
std::size_t float_bytes(std::int64_t n) { return static_cast<std::size_t>(n) * sizeof(float); }
}  // namespace

template <typename T>
Matrix Attention<T>::queries(float* data) const {
  const std::int64_t rows = shape_.queries_per_kv() * kBlock;
  return matrices(data, shape_.n_head_kv, rows * shape_.head_dim, rows, shape_.head_dim);
}

template <typename T>
Matrix Attention<T>::keys(float* data, const Block& block) const {
  return matrices(data + block.first_key * shape_.head_dim, shape_.n_head_kv, key_capacity_ * shape_.head_dim,
                  block.keys, shape_.head_dim);
}

template <typename T>
Matrix Attention<T>::scores(float* data, const Block& block) const {
  const std::int64_t rows = shape_.queries_per_kv() * kBlock;
  return matrices(data, shape_.n_head_kv, rows * block.keys, rows, block.keys);
}

// A window lets the keys begin later, at a multiple of 16 to keep the number of compiled products small.
template <typename T>
typename Attention<T>::Block Attention<T>::block_at(std::int64_t first, std::int64_t length) const {
  const std::int64_t seen = layer_.windowed ? std::max<std::int64_t>(0, first - shape_.window + 1) : 0;
  const std::int64_t first_key = seen / 16 * 16;
  return {first, first_key, first + kBlock - first_key, length};
}

// f(row of the block's scores, first key it sees, how many it sees); keys are counted from the block's first.
template <typename T>
template <typename F>
void Attention<T>::for_each_score_row(const Block& block, const F& f) {
  parallel_for(shape_.n_head * kBlock, block.keys, [&](std::int64_t i) {
    const std::int64_t t = block.first + i % kBlock;
    const std::int64_t first = layer_.windowed ? std::max<std::int64_t>(0, t - shape_.window + 1) : 0;
    const std::int64_t skipped = t < block.length ? first - block.first_key : 0;
    f(i, skipped, t < block.length ? t + 1 - first : 0);
  });
}

template <typename T>
void Attention<T>::begin(const AttentionLayer& layer, const std::vector<RowSpan>& rows, bool backward) {
  layer_ = layer;
  reserve(rows, backward);
  (layer_.windowed ? window_rope_ : rope_).extend(key_capacity_);
}

template <typename T>
void Attention<T>::reserve(const std::vector<RowSpan>& rows, bool backward) {
  std::int64_t longest = 1;
  for (const RowSpan& row : rows) longest = std::max(longest, row.length);
  key_capacity_ = std::max(key_capacity_, round_up(longest));
  const std::int64_t query_floats = shape_.n_head * kBlock * shape_.head_dim;
  const std::int64_t key_floats = shape_.n_head_kv * key_capacity_ * shape_.head_dim;
  const std::int64_t score_floats = shape_.n_head * kBlock * key_capacity_;
  for (Buffer<float>* buffer : {&q_, &o_}) buffer->grow(query_floats);
  for (Buffer<float>* buffer : {&k_, &v_}) buffer->grow(key_floats);
  p_.grow(score_floats);
  if (!backward) return;
  for (Buffer<float>* buffer : {&dq_, &do_}) buffer->grow(query_floats);
  for (Buffer<float>* buffer : {&dk_, &dv_}) buffer->grow(key_floats);
  dp_.grow(score_floats);
}

// Rotated keys and plain values of the whole row; zeros behind its end, which the products may read.
template <typename T>
void Attention<T>::load_keys(const RowSpan& row, const T* qkv) {
  const std::int64_t dim = shape_.head_dim;
  const std::int64_t padded = round_up(row.length);
  parallel_for(shape_.n_head_kv * padded, dim, [&](std::int64_t i) {
    const std::int64_t head = i / padded;
    const std::int64_t t = i % padded;
    float* k = k_.data() + (head * key_capacity_ + t) * dim;
    float* v = v_.data() + (head * key_capacity_ + t) * dim;
    if (t >= row.length) {
      std::memset(k, 0, float_bytes(dim));
      std::memset(v, 0, float_bytes(dim));
      return;
    }
    const std::int64_t column = shape_.query_width() + head * dim;
    const T* source = qkv + (row.begin + t) * shape_.qkv_width() + column;
    load_head(key_path(), source, bias(column), angles(t), k);
    kernels().of<T>().widen(source + shape_.kv_width(), v, dim);
    if (const float* shift = bias(column + shape_.kv_width()); shift != nullptr) kernels().add_scaled(1, shift, v, dim);
  });
}

template <typename T>
void Attention<T>::load_queries(const RowSpan& row, const Block& block, const T* qkv) {
  const std::int64_t dim = shape_.head_dim;
  parallel_for(shape_.n_head * kBlock, dim, [&](std::int64_t i) {
    const std::int64_t head = i / kBlock;
    const std::int64_t t = block.first + i % kBlock;
    float* q = q_.data() + i * dim;
    if (t >= row.length) {
      std::memset(q, 0, float_bytes(dim));
      return;
    }
    const T* source = qkv + (row.begin + t) * shape_.qkv_width() + head * dim;
    load_head(query_path(), source, bias(head * dim), angles(t), q);
  });
}

template <typename T>
void Attention<T>::probabilities(const Block& block) {
  gemm_->multiply(queries(q_.data()), keys(k_.data(), block).transposed(), scores(p_.data(), block));
  for_each_score_row(block, [&](std::int64_t i, std::int64_t skipped, std::int64_t seen) {
    float* p = p_.data() + i * block.keys;
    std::fill_n(p, skipped, 0.0f);
    kernels().softmax(p + skipped, seen, block.keys - skipped);
  });
}

template <typename T>
void Attention<T>::store_output(const RowSpan& row, const Block& block, T* out) {
  const std::int64_t dim = shape_.head_dim;
  parallel_for(shape_.n_head * kBlock, dim, [&](std::int64_t i) {
    const std::int64_t t = block.first + i % kBlock;
    if (t >= row.length) return;
    T* target = out + (row.begin + t) * shape_.query_width() + i / kBlock * dim;
    kernels().of<T>().convert(o_.data() + i * dim, target, dim);
  });
}

template <typename T>
void Attention<T>::forward(const AttentionLayer& layer, const std::vector<RowSpan>& rows, const T* qkv, T* out) {
  const Timed timed(Part::attention);
  begin(layer, rows, false);
  for (const RowSpan& row : rows) {
    load_keys(row, qkv);
    for (std::int64_t first = 0; first < row.length; first += kBlock) {
      const Block block = block_at(first, row.length);
      load_queries(row, block, qkv);
      probabilities(block);
      gemm_->multiply(scores(p_.data(), block), keys(v_.data(), block), queries(o_.data()));
      store_output(row, block, out);
    }
  }
}

template <typename T>
void Attention<T>::load_output_gradient(const RowSpan& row, const Block& block, const float* d_out) {
  const std::int64_t dim = shape_.head_dim;
  parallel_for(shape_.n_head * kBlock, dim, [&](std::int64_t i) {
    const std::int64_t t = block.first + i % kBlock;
    float* to = do_.data() + i * dim;
    if (t >= row.length) {
      std::memset(to, 0, float_bytes(dim));
    } else {
      std::memcpy(to, d_out + (row.begin + t) * shape_.query_width() + i / kBlock * dim, float_bytes(dim));
    }
  });
}

template <typename T>
void Attention<T>::block_backward(const Block& block) {
  const Matrix p = scores(p_.data(), block);
  const Matrix dp = scores(dp_.data(), block);
  const Matrix d_out = queries(do_.data());
  gemm_->multiply(p.transposed(), d_out, keys(dv_.data(), block), 1, true);
  gemm_->multiply(d_out, keys(v_.data(), block).transposed(), dp);
  for_each_score_row(block, [&](std::int64_t i, std::int64_t skipped, std::int64_t seen) {
    const std::int64_t at = i * block.keys + skipped;
    std::fill_n(dp_.data() + at - skipped, skipped, 0.0f);
    kernels().softmax_backward(p_.data() + at, dp_.data() + at, seen, block.keys - skipped);
  });
  gemm_->multiply(dp, keys(k_.data(), block), queries(dq_.data()));
  gemm_->multiply(dp.transposed(), queries(q_.data()), keys(dk_.data(), block), 1, true);
}

template <typename T>
void Attention<T>::store_query_gradient(const RowSpan& row, const Block& block, const T* qkv, T* d_qkv) {
  const std::int64_t dim = shape_.head_dim;
  parallel_for(shape_.n_head * kBlock, dim, [&](std::int64_t i) {
    const std::int64_t t = block.first + i % kBlock;
    if (t >= row.length) return;
    const std::int64_t column = i / kBlock * dim;
    const std::int64_t at = (row.begin + t) * shape_.qkv_width() + column;
    load_head_backward(query_path(), qkv + at, bias(column), angles(t), dq_.data() + i * dim, d_qkv + at);
  });
}

// The queries that made dk carried the factor s already.
template <typename T>
void Attention<T>::store_key_gradient(const RowSpan& row, const T* qkv, T* d_qkv) {
  const std::int64_t dim = shape_.head_dim;
  parallel_for(shape_.n_head_kv * row.length, dim, [&](std::int64_t i) {
    const std::int64_t head = i / row.length;
    const std::int64_t t = i % row.length;
    const std::int64_t from = (head * key_capacity_ + t) * dim;
    const std::int64_t column = shape_.query_width() + head * dim;
    const std::int64_t at = (row.begin + t) * shape_.qkv_width() + column;
    load_head_backward(key_path(), qkv + at, bias(column), angles(t), dk_.data() + from, d_qkv + at);
    kernels().of<T>().convert(dv_.data() + from, d_qkv + at + shape_.kv_width(), dim);
  });
}

template <typename T>
void Attention<T>::backward(const AttentionLayer& layer, const std::vector<RowSpan>& rows, const T* qkv,
                            const float* d_out, T* d_qkv) {
  const Timed timed(Part::attention);
  begin(layer, rows, true);
  for (const RowSpan& row : rows) {
    load_keys(row, qkv);
    std::memset(dk_.data(), 0, float_bytes(dk_.size()));
    std::memset(dv_.data(), 0, float_bytes(dv_.size()));
    for (std::int64_t first = 0; first < row.length; first += kBlock) {
      const Block block = block_at(first, row.length);
      load_queries(row, block, qkv);
      probabilities(block);
      load_output_gradient(row, block, d_out);
      block_backward(block);
      store_query_gradient(row, block, qkv, d_qkv);
    }
    store_key_gradient(row, qkv, d_qkv);
  }
}

template class Attention<float>;
template class Attention<Bf16>;

}  // namespace banchu::lora
