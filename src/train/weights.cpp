#include "train/weights.h"

#include <algorithm>

#include "train/part_times.h"

namespace banchu::lora {

namespace {

template <typename T>
Matrix pack(const Matrix& b, Buffer<std::byte>* out) {
  const Packing& packing = Packing::of(kElementOf<T>, b.rows, b.cols);
  packing.pack(b, out->grow(packing.bytes()));
  return packing.view(out->data());
}

template <typename T>
Matrix packed_view(const Buffer<std::byte>& packed, std::int64_t k, std::int64_t n) {
  return Packing::of(kElementOf<T>, k, n).view(packed.data());
}

}  // namespace

template <typename T>
Matrix Weights<T>::plain(std::int64_t layer, std::size_t kind) const {
  const Group& g = model_.group(layer, kind);
  T* out = passage_->plain[kind].grow(g.out * g.in);
  if (passage_->layer[kind] != layer) model_.read_group(layer, kind, out);
  passage_->layer[kind] = layer;
  return matrix(out, g.out, g.in);
}

template <typename T>
Matrix Weights<T>::forward_matrix(std::int64_t layer, GroupKind kind) const {
  const Timed timed(Part::weights);
  const auto index = static_cast<std::size_t>(layer);
  const Group& g = model_.group(layer, kind);
  if (index < resident_.size()) return packed_view<T>(resident_[index][kind].forward, g.in, g.out);
  return pack<T>(plain(layer, kind).transposed(), &passage_->packed);
}

template <typename T>
Matrix Weights<T>::backward_matrix(std::int64_t layer, GroupKind kind) const {
  const Timed timed(Part::weights);
  const auto index = static_cast<std::size_t>(layer);
  const Group& g = model_.group(layer, kind);
  if (index < resident_.size()) return packed_view<T>(resident_[index][kind].backward, g.out, g.in);
  return pack<T>(plain(layer, kind), &passage_->packed);
}

template <typename T>
Matrix Weights<T>::head_forward() const {
  return packed_view<T>(head_.forward, shape().n_embd, shape().n_vocab);
}

template <typename T>
Matrix Weights<T>::head_backward() const {
  return packed_view<T>(head_.backward, shape().n_vocab, shape().n_embd);
}

template <typename T>
Result<Weights<T>> Weights<T>::load(std::shared_ptr<const GgufFile> file, const ModelShape& shape,
                                    const ParameterPlan& plan, std::vector<FrozenAdapter> frozen,
                                    std::int64_t resident_layers) {
  BANCHU_TRY(FrozenModel model, FrozenModel::load(std::move(file), shape, plan, std::move(frozen)));
  Weights weights(std::move(model));
  {
    Buffer<T> plain(shape.n_vocab * shape.n_embd);
    weights.model_.read_head(plain.data());
    const Matrix w = matrix(plain.data(), shape.n_vocab, shape.n_embd);
    pack<T>(w.transposed(), &weights.head_.forward);
    pack<T>(w, &weights.head_.backward);
  }
  weights.resident_.resize(static_cast<std::size_t>(std::min(shape.n_layer, resident_layers)));
  for (std::size_t i = 0; i < weights.resident_.size(); ++i) {
    for (std::size_t g = 0; g < kGroups; ++g) {
      const Matrix w = weights.plain(static_cast<std::int64_t>(i), g);
      pack<T>(w.transposed(), &weights.resident_[i][g].forward);
      pack<T>(w, &weights.resident_[i][g].backward);
    }
  }
  *weights.passage_ = {};
  return weights;
}

template class Weights<float>;
template class Weights<Bf16>;

}  // namespace banchu::lora
