#include "train/attention.h"

#include <omp.h>

#include <algorithm>
#include <exception>

#include "train/attention_worker.h"
#include "train/part_times.h"

namespace banchu::lora {

template <typename T>
Attention<T>::Attention(const ModelShape& shape)
    : shape_(shape), rope_(shape.rope, shape.rope_pairs), window_rope_(shape.window_rope, shape.rope_pairs) {}

template <typename T>
Attention<T>::~Attention() = default;

template <typename T>
template <typename Work>
void Attention<T>::share(const AttentionLayer& layer, const std::vector<RowSpan>& rows, const Work& work) {
  std::vector<RowSpan> order = rows;
  std::stable_sort(order.begin(), order.end(), [](const RowSpan& a, const RowSpan& b) { return a.length > b.length; });
  RopeTable& rope = layer.windowed ? window_rope_ : rope_;
  if (!order.empty()) rope.extend(order.front().length);
  while (workers_.size() < static_cast<std::size_t>(omp_get_max_threads())) {
    workers_.push_back(std::make_unique<AttentionWorker<T>>(&shape_));
  }
  const std::int64_t pieces = static_cast<std::int64_t>(order.size()) * shape_.n_head_kv;
  std::exception_ptr failure;
#pragma omp parallel
  {
    omp_set_num_threads(1);  // of the products inside: a worker is alone
    AttentionWorker<T>& worker = *workers_[static_cast<std::size_t>(omp_get_thread_num())];
#pragma omp for schedule(dynamic)
    for (std::int64_t i = 0; i < pieces; ++i) {
      try {
        work(worker, rope, order[static_cast<std::size_t>(i / shape_.n_head_kv)], i % shape_.n_head_kv);
      } catch (...) {
#pragma omp critical
        failure = std::current_exception();
      }
    }
  }
  if (failure) std::rethrow_exception(failure);
}

template <typename T>
void Attention<T>::forward(const AttentionLayer& layer, const std::vector<RowSpan>& rows, const T* qkv, T* out) {
  const Timed timed(Part::attention);
  share(layer, rows, [&](AttentionWorker<T>& worker, const RopeTable& rope, const RowSpan& row, std::int64_t head) {
    worker.forward(layer, rope, row, head, qkv, out);
  });
}

template <typename T>
void Attention<T>::backward(const AttentionLayer& layer, const std::vector<RowSpan>& rows, const T* qkv,
                            const float* d_out, T* d_qkv) {
  const Timed timed(Part::attention);
  share(layer, rows, [&](AttentionWorker<T>& worker, const RopeTable& rope, const RowSpan& row, std::int64_t head) {
    worker.backward(layer, rope, row, head, qkv, d_out, d_qkv);
  });
}

template class Attention<float>;
template class Attention<Bf16>;

}  // namespace banchu::lora
