#include "train/attention.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "train/kernels.h"
#include "train/parallel.h"

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
Matrix Attention<T>::keys(float* data, std::int64_t count) const {
  return matrices(data, shape_.n_head_kv, key_capacity_ * shape_.head_dim, count, shape_.head_dim);
}

template <typename T>
Matrix Attention<T>::scores(float* data, std::int64_t count) const {
  const std::int64_t rows = shape_.queries_per_kv() * kBlock;
  return matrices(data, shape_.n_head_kv, rows * count, rows, count);
}

// Angles in double: position * base^(-2i / (2 pairs)) / factor_i.
template <typename T>
void Attention<T>::extend_rope(std::int64_t positions) {
  const std::int64_t pairs = shape_.rope_pairs;
  cosines_.resize(static_cast<std::size_t>(positions * pairs));
  sines_.resize(cosines_.size());
  for (std::int64_t i = 0; i < pairs; ++i) {
    double frequency = std::pow(shape_.rope_base, -static_cast<double>(i) / static_cast<double>(pairs));
    if (!shape_.rope_factors.empty())
      frequency /= static_cast<double>(shape_.rope_factors[static_cast<std::size_t>(i)]);
    for (std::int64_t t = 0; t < positions; ++t) {
      const auto at = static_cast<std::size_t>(t * pairs + i);
      cosines_[at] = static_cast<float>(std::cos(static_cast<double>(t) * frequency));
      sines_[at] = static_cast<float>(std::sin(static_cast<double>(t) * frequency));
    }
  }
  positions_ = positions;
}

template <typename T>
void Attention<T>::reserve(const std::vector<RowSpan>& rows, bool backward) {
  std::int64_t longest = 1;
  for (const RowSpan& row : rows) longest = std::max(longest, row.length);
  key_capacity_ = std::max(key_capacity_, round_up(longest));
  if (key_capacity_ > positions_) extend_rope(key_capacity_);
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
  const auto& run = kernels().of<T>();
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
    const T* source = qkv + (row.begin + t) * shape_.qkv_width() + shape_.query_width() + head * dim;
    const std::int64_t angle = t * shape_.rope_pairs;
    run.rope(source, &cosines_[static_cast<std::size_t>(angle)], &sines_[static_cast<std::size_t>(angle)],
             shape_.rope_pairs, dim, 1.0f, k);
    run.widen(source + shape_.kv_width(), v, dim);
  });
}

template <typename T>
void Attention<T>::load_queries(const RowSpan& row, const Block& block, const T* qkv) {
  const std::int64_t dim = shape_.head_dim;
  const float scale = 1.0f / std::sqrt(static_cast<float>(dim));
  parallel_for(shape_.n_head * kBlock, dim, [&](std::int64_t i) {
    const std::int64_t head = i / kBlock;
    const std::int64_t t = block.first + i % kBlock;
    float* q = q_.data() + i * dim;
    if (t >= row.length) {
      std::memset(q, 0, float_bytes(dim));
      return;
    }
    const std::int64_t angle = t * shape_.rope_pairs;
    kernels().of<T>().rope(qkv + (row.begin + t) * shape_.qkv_width() + head * dim,
                           &cosines_[static_cast<std::size_t>(angle)], &sines_[static_cast<std::size_t>(angle)],
                           shape_.rope_pairs, dim, scale, q);
  });
}

template <typename T>
void Attention<T>::probabilities(const Block& block) {
  gemm_->multiply(queries(q_.data()), keys(k_.data(), block.keys).transposed(), scores(p_.data(), block.keys));
  parallel_for(shape_.n_head * kBlock, block.keys, [&](std::int64_t i) {
    const std::int64_t t = block.first + i % kBlock;
    kernels().softmax(p_.data() + i * block.keys, t < block.length ? t + 1 : 0, block.keys);
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
void Attention<T>::forward(const std::vector<RowSpan>& rows, const T* qkv, T* out) {
  reserve(rows, false);
  for (const RowSpan& row : rows) {
    load_keys(row, qkv);
    for (std::int64_t first = 0; first < row.length; first += kBlock) {
      const Block block{first, first + kBlock, row.length};
      load_queries(row, block, qkv);
      probabilities(block);
      gemm_->multiply(scores(p_.data(), block.keys), keys(v_.data(), block.keys), queries(o_.data()));
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
  const Matrix p = scores(p_.data(), block.keys);
  const Matrix dp = scores(dp_.data(), block.keys);
  const Matrix d_out = queries(do_.data());
  gemm_->multiply(p.transposed(), d_out, keys(dv_.data(), block.keys), 1, true);
  gemm_->multiply(d_out, keys(v_.data(), block.keys).transposed(), dp);
  parallel_for(shape_.n_head * kBlock, block.keys, [&](std::int64_t i) {
    const std::int64_t t = block.first + i % kBlock;
    const std::int64_t at = i * block.keys;
    kernels().softmax_backward(p_.data() + at, dp_.data() + at, t < block.length ? t + 1 : 0, block.keys);
  });
  gemm_->multiply(dp, keys(k_.data(), block.keys), queries(dq_.data()));
  gemm_->multiply(dp.transposed(), queries(q_.data()), keys(dk_.data(), block.keys), 1, true);
}

template <typename T>
void Attention<T>::store_query_gradient(const RowSpan& row, const Block& block, T* d_qkv) {
  const std::int64_t dim = shape_.head_dim;
  const float scale = 1.0f / std::sqrt(static_cast<float>(dim));
  parallel_for(shape_.n_head * kBlock, dim, [&](std::int64_t i) {
    const std::int64_t t = block.first + i % kBlock;
    if (t >= row.length) return;
    const std::int64_t angle = t * shape_.rope_pairs;
    kernels().of<T>().rope_backward(dq_.data() + i * dim, &cosines_[static_cast<std::size_t>(angle)],
                                    &sines_[static_cast<std::size_t>(angle)], shape_.rope_pairs, dim, scale,
                                    d_qkv + (row.begin + t) * shape_.qkv_width() + i / kBlock * dim);
  });
}

// The queries that made dk carried the factor s already.
template <typename T>
void Attention<T>::store_key_gradient(const RowSpan& row, T* d_qkv) {
  const auto& run = kernels().of<T>();
  const std::int64_t dim = shape_.head_dim;
  parallel_for(shape_.n_head_kv * row.length, dim, [&](std::int64_t i) {
    const std::int64_t head = i / row.length;
    const std::int64_t t = i % row.length;
    const std::int64_t from = (head * key_capacity_ + t) * dim;
    T* to = d_qkv + (row.begin + t) * shape_.qkv_width() + shape_.query_width() + head * dim;
    const std::int64_t angle = t * shape_.rope_pairs;
    run.rope_backward(dk_.data() + from, &cosines_[static_cast<std::size_t>(angle)],
                      &sines_[static_cast<std::size_t>(angle)], shape_.rope_pairs, dim, 1.0f, to);
    run.convert(dv_.data() + from, to + shape_.kv_width(), dim);
  });
}

template <typename T>
void Attention<T>::backward(const std::vector<RowSpan>& rows, const T* qkv, const float* d_out, T* d_qkv) {
  reserve(rows, true);
  for (const RowSpan& row : rows) {
    load_keys(row, qkv);
    std::memset(dk_.data(), 0, float_bytes(dk_.size()));
    std::memset(dv_.data(), 0, float_bytes(dv_.size()));
    for (std::int64_t first = 0; first < row.length; first += kBlock) {
      const Block block{first, first + kBlock, row.length};
      load_queries(row, block, qkv);
      probabilities(block);
      load_output_gradient(row, block, d_out);
      block_backward(block);
      store_query_gradient(row, block, d_qkv);
    }
    store_key_gradient(row, d_qkv);
  }
}

template class Attention<float>;
template class Attention<Bf16>;

}  // namespace banchu::lora
