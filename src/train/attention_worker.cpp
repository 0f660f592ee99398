#include "train/attention_worker.h"

#include <algorithm>
#include <cstring>

#include "train/kernels.h"

namespace banchu::lora {

namespace {
constexpr std::int64_t kBlock = 64;
constexpr std::int64_t kGrain = 16;  // of block sizes: keeps the number of compiled products small

std::int64_t round_up(std::int64_t n) { return (n + kGrain - 1) / kGrain * kGrain; }

template <typename E>
void zero(E* at, std::int64_t n) {
  std::memset(static_cast<void*>(at), 0, static_cast<std::size_t>(n) * sizeof(E));
}
}  // namespace

template <typename T>
template <typename E>
Matrix AttentionWorker<T>::queries(const E* data, const Block& block) const {
  return matrix(data, shape_.queries_per_kv() * block.queries, shape_.head_dim);
}

template <typename T>
template <typename E>
Matrix AttentionWorker<T>::keys(const E* data, const Block& block) const {
  return matrix(data + block.first_key * shape_.head_dim, block.keys, shape_.head_dim);
}

template <typename T>
template <typename E>
Matrix AttentionWorker<T>::scores(const E* data, const Block& block) const {
  return matrix(data, shape_.queries_per_kv() * block.queries, block.keys);
}

template <typename T>
std::int64_t AttentionWorker<T>::padded_length() const {
  return round_up(row_.length);
}

template <typename T>
typename AttentionWorker<T>::Block AttentionWorker<T>::block_at(std::int64_t first) const {
  const std::int64_t seen = layer_.windowed ? std::max<std::int64_t>(0, first - shape_.window + 1) : 0;
  const std::int64_t first_key = seen / kGrain * kGrain;
  const std::int64_t queries = std::min(kBlock, padded_length() - first);
  return {first, queries, first_key, first + queries - first_key};
}

template <typename T>
template <typename F, typename Zero>
void AttentionWorker<T>::for_each_query(const Block& block, const F& f, const Zero& zero_row) {
  const std::int64_t group = shape_.queries_per_kv();
  for (std::int64_t g = 0; g < group; ++g) {
    for (std::int64_t i = 0; i < block.queries; ++i) {
      if (block.first + i < row_.length) {
        f(g * block.queries + i, block.first + i, head_ * group + g);
      } else {
        zero_row(g * block.queries + i);
      }
    }
  }
}

template <typename T>
template <typename F>
void AttentionWorker<T>::for_each_score_row(const Block& block, const F& f) {
  const auto seen_by = [&](std::int64_t i, std::int64_t t, std::int64_t) {
    const std::int64_t first = layer_.windowed ? std::max<std::int64_t>(0, t - shape_.window + 1) : 0;
    f(i, first - block.first_key, t + 1 - first);
  };
  for_each_query(block, seen_by, [&](std::int64_t i) { f(i, 0, 0); });
}

template <typename T>
void AttentionWorker<T>::begin(const AttentionLayer& layer, const RopeTable& rope, const RowSpan& row,
                               std::int64_t head) {
  layer_ = layer;
  rope_ = &rope;
  row_ = row;
  head_ = head;
  const std::int64_t rows = shape_.queries_per_kv() * kBlock;
  const std::int64_t padded = padded_length();
  q_.grow(rows * shape_.head_dim);
  o_.grow(rows * shape_.head_dim);
  k_.grow(padded * shape_.head_dim);
  v_.grow(padded * shape_.head_dim);
  s_.grow(rows * padded);
  p_.grow(rows * padded);
  wide_.grow(shape_.head_dim);
}

// Rotated keys and plain values of the whole row; zeros behind its end, which the products may read.
template <typename T>
void AttentionWorker<T>::load_keys(const T* qkv) {
  const std::int64_t dim = shape_.head_dim;
  const std::int64_t column = key_column();
  const float* shift = bias(column + shape_.kv_width());
  const auto& run = kernels().of<T>();
  for (std::int64_t t = 0; t < row_.length; ++t) {
    const T* source = qkv + (row_.begin + t) * shape_.qkv_width() + column;
    load_head(key_path(), source, bias(column), rope_->at(t), wide_.data());
    run.convert(wide_.data(), k_.data() + t * dim, dim);
    run.widen(source + shape_.kv_width(), wide_.data(), dim);
    if (shift != nullptr) kernels().add_scaled(1, shift, wide_.data(), dim);
    run.convert(wide_.data(), v_.data() + t * dim, dim);
  }
  zero(k_.data() + row_.length * dim, (padded_length() - row_.length) * dim);
  zero(v_.data() + row_.length * dim, (padded_length() - row_.length) * dim);
}

template <typename T>
void AttentionWorker<T>::load_queries(const Block& block, const T* qkv) {
  const std::int64_t dim = shape_.head_dim;
  const auto load = [&](std::int64_t i, std::int64_t t, std::int64_t head) {
    const T* source = qkv + (row_.begin + t) * shape_.qkv_width() + head * dim;
    load_head(query_path(), source, bias(head * dim), rope_->at(t), wide_.data());
    kernels().of<T>().convert(wide_.data(), q_.data() + i * dim, dim);
  };
  for_each_query(block, load, [&](std::int64_t i) { zero(q_.data() + i * dim, dim); });
}

template <typename T>
void AttentionWorker<T>::probabilities(const Block& block) {
  gemm_.multiply(queries(q_.data(), block), keys(k_.data(), block).transposed(), scores(s_.data(), block));
  for_each_score_row(block, [&](std::int64_t i, std::int64_t skipped, std::int64_t seen) {
    const std::int64_t at = i * block.keys;
    zero(s_.data() + at, skipped);
    zero(p_.data() + at, skipped);
    kernels().of<T>().softmax(s_.data() + at + skipped, seen, block.keys - skipped, p_.data() + at + skipped);
  });
}

template <typename T>
void AttentionWorker<T>::store_output(const Block& block, T* out) {
  const std::int64_t dim = shape_.head_dim;
  const auto put = [&](std::int64_t i, std::int64_t t, std::int64_t head) {
    T* target = out + (row_.begin + t) * shape_.query_width() + head * dim;
    kernels().of<T>().convert(o_.data() + i * dim, target, dim);
  };
  for_each_query(block, put, [](std::int64_t) {});
}

template <typename T>
void AttentionWorker<T>::forward(const AttentionLayer& layer, const RopeTable& rope, const RowSpan& row,
                                 std::int64_t head, const T* qkv, T* out) {
  begin(layer, rope, row, head);
  load_keys(qkv);
  for (std::int64_t first = 0; first < row.length; first += kBlock) {
    const Block block = block_at(first);
    load_queries(block, qkv);
    probabilities(block);
    gemm_.multiply(scores(p_.data(), block), keys(v_.data(), block), queries(o_.data(), block));
    store_output(block, out);
  }
}

template <typename T>
void AttentionWorker<T>::load_output_gradient(const Block& block, const float* d_out) {
  const std::int64_t dim = shape_.head_dim;
  const auto load = [&](std::int64_t i, std::int64_t t, std::int64_t head) {
    const float* source = d_out + (row_.begin + t) * shape_.query_width() + head * dim;
    kernels().of<T>().convert(source, d_out_.data() + i * dim, dim);
  };
  for_each_query(block, load, [&](std::int64_t i) { zero(d_out_.data() + i * dim, dim); });
}

// dP stands where the output would.
template <typename T>
void AttentionWorker<T>::block_backward(const Block& block) {
  const Matrix d_out = queries(d_out_.data(), block);
  gemm_.multiply(scores(p_.data(), block).transposed(), d_out, keys(dv_.data(), block), 1, true);
  float* dp = o_.grow(shape_.queries_per_kv() * kBlock * std::max(shape_.head_dim, padded_length()));
  gemm_.multiply(d_out, keys(v_.data(), block).transposed(), scores(dp, block));
  for_each_score_row(block, [&](std::int64_t i, std::int64_t skipped, std::int64_t seen) {
    const std::int64_t at = i * block.keys + skipped;
    zero(ds_.data() + at - skipped, skipped);
    kernels().of<T>().softmax_backward(s_.data() + at, dp + at, seen, block.keys - skipped, ds_.data() + at);
  });
  gemm_.multiply(scores(ds_.data(), block).transposed(), queries(q_.data(), block), keys(dk_.data(), block), 1, true);
  gemm_.multiply(scores(ds_.data(), block), keys(k_.data(), block), queries(o_.data(), block));
}

template <typename T>
void AttentionWorker<T>::store_query_gradient(const Block& block, const T* qkv, T* d_qkv) {
  const std::int64_t dim = shape_.head_dim;
  const auto put = [&](std::int64_t i, std::int64_t t, std::int64_t head) {
    const std::int64_t at = (row_.begin + t) * shape_.qkv_width() + head * dim;
    load_head_backward(query_path(), qkv + at, bias(head * dim), rope_->at(t), o_.data() + i * dim, d_qkv + at);
  };
  for_each_query(block, put, [](std::int64_t) {});
}

// The queries that made dk carried the factor s already.
template <typename T>
void AttentionWorker<T>::store_key_gradient(const T* qkv, T* d_qkv) {
  const std::int64_t dim = shape_.head_dim;
  const std::int64_t column = key_column();
  for (std::int64_t t = 0; t < row_.length; ++t) {
    const std::int64_t at = (row_.begin + t) * shape_.qkv_width() + column;
    load_head_backward(key_path(), qkv + at, bias(column), rope_->at(t), dk_.data() + t * dim, d_qkv + at);
    kernels().of<T>().convert(dv_.data() + t * dim, d_qkv + at + shape_.kv_width(), dim);
  }
}

template <typename T>
void AttentionWorker<T>::backward(const AttentionLayer& layer, const RopeTable& rope, const RowSpan& row,
                                  std::int64_t head, const T* qkv, const float* d_out, T* d_qkv) {
  begin(layer, rope, row, head);
  const std::int64_t rows = shape_.queries_per_kv() * kBlock;
  const std::int64_t row_size = padded_length() * shape_.head_dim;
  d_out_.grow(rows * shape_.head_dim);
  ds_.grow(rows * padded_length());
  zero(dk_.grow(row_size), row_size);
  zero(dv_.grow(row_size), row_size);
  load_keys(qkv);
  for (std::int64_t first = 0; first < row.length; first += kBlock) {
    const Block block = block_at(first);
    load_queries(block, qkv);
    probabilities(block);
    load_output_gradient(block, d_out);
    block_backward(block);
    store_query_gradient(block, qkv, d_qkv);
  }
  store_key_gradient(qkv, d_qkv);
}

template class AttentionWorker<float>;
template class AttentionWorker<Bf16>;

}  // namespace banchu::lora
