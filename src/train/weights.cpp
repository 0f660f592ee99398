#include "train/weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "train/dequantise.h"
#include "train/kernels.h"
#include "train/parallel.h"
#include "train/part_times.h"

namespace banchu::lora {

// The update of one base tensor by one frozen adapter.
struct Update {
  const AdapterTensor* tensor = nullptr;
  float scale = 0;  // with alpha / rank
};

struct FrozenUpdates {
  std::vector<FrozenAdapter> adapters;
  std::map<std::string, std::vector<Update>> by_tensor;

  const std::vector<Update>& of(const std::string& base) const {
    static const std::vector<Update> kNone;
    const auto found = by_tensor.find(base);
    return found == by_tensor.end() ? kNone : found->second;
  }
};

namespace {

std::shared_ptr<const FrozenUpdates> index_updates(std::vector<FrozenAdapter> frozen) {
  auto updates = std::make_shared<FrozenUpdates>();
  updates->adapters = std::move(frozen);
  for (const FrozenAdapter& one : updates->adapters) {
    for (const AdapterTensor& tensor : one.adapter.tensors) {
      // As llama.cpp reads it: alpha 0 means that the file carries no alpha.
      const float alpha = one.adapter.alpha == 0 ? 1.0f : one.adapter.alpha / static_cast<float>(tensor.rank);
      updates->by_tensor[tensor.base].push_back({&tensor, one.scale * alpha});
    }
  }
  return updates;
}

Status check_updates(const FrozenUpdates& updates, const ParameterPlan& plan) {
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> known;
  for (const LayerGroups& layer : plan.layers) {
    for (const Group& group : layer) {
      for (const Member& member : group.members) known[member.base] = {group.in, member.out};
    }
  }
  for (const auto& [name, list] : updates.by_tensor) {
    const auto found = known.find(name);
    for (const Update& update : list) {
      if (found == known.end() || update.tensor->in != found->second.first ||
          update.tensor->out != found->second.second) {
        return make_error(Code::InvalidArgument, fmt::format("a frozen adapter does not fit this base at {}", name),
                          "train on the base that the adapter was made for");
      }
    }
  }
  return {};
}

// row += scale * B[row, :] A for every update.
void fold_row(const std::vector<Update>& updates, std::int64_t row, std::int64_t in, float* out) {
  for (const Update& update : updates) {
    const std::int64_t rank = update.tensor->rank;
    for (std::int64_t r = 0; r < rank; ++r) {
      const float factor = update.scale * update.tensor->b[static_cast<std::size_t>(row * rank + r)];
      kernels().add_scaled(factor, update.tensor->a.data() + r * in, out, in);
    }
  }
}

template <typename T>
void load_matrix(const GgufTensor& tensor, const std::vector<Update>& updates, T* out) {
  const auto in = static_cast<std::int64_t>(tensor.ne[0]);
  const auto rows = static_cast<std::int64_t>(tensor.ne[1]);
  parallel_for(rows, in, [&](std::int64_t row) {
    thread_local std::vector<float> wide;
    wide.resize(static_cast<std::size_t>(in));
    dequantise(tensor, row * in, in, wide.data());
    fold_row(updates, row, in, wide.data());
    kernels().of<T>().convert(wide.data(), out + row * in, in);
  });
  give_back_pages(tensor);
}

// Leaves `out` empty when the file has no such tensor.
void load_vector(const GgufFile& file, const std::string& name, Buffer<float>* out) {
  const GgufTensor* tensor = file.find_tensor(name);
  if (tensor == nullptr) return;
  const auto n = static_cast<std::int64_t>(tensor->ne[0]);
  dequantise(*tensor, 0, n, out->grow(n));
}

// The biases of a group's members side by side, zero where a member has none; empty when no member has one.
void load_bias(const GgufFile& file, const Group& group, Buffer<float>* out) {
  for (const Member& member : group.members) {
    const std::string_view map = std::string_view(member.base).substr(0, member.base.rfind('.'));
    const GgufTensor* tensor = file.find_tensor(std::string(map) + ".bias");
    if (tensor == nullptr) continue;
    if (out->size() == 0) std::fill_n(out->grow(group.out), group.out, 0.0f);
    dequantise(*tensor, 0, member.out, out->data() + member.out_offset);
  }
}

void load_layer(const GgufFile& file, const LayerGroups& groups, std::int64_t index, LayerWeights* layer) {
  for (std::size_t g = 0; g < groups.size(); ++g) load_bias(file, groups[g], &layer->bias[g]);
  const std::string prefix = fmt::format("blk.{}.", index);
  load_vector(file, prefix + "attn_norm.weight", &layer->attention_norm);
  load_vector(file, prefix + "ffn_norm.weight", &layer->ffn_norm);
  load_vector(file, prefix + "attn_q_norm.weight", &layer->query_norm);
  load_vector(file, prefix + "attn_k_norm.weight", &layer->key_norm);
  load_vector(file, prefix + "post_attention_norm.weight", &layer->attention_post_norm);
  load_vector(file, prefix + "post_ffw_norm.weight", &layer->ffn_post_norm);
}

}  // namespace

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
const Group& Weights<T>::group(std::int64_t layer, std::size_t kind) const {
  return plan_->layers[static_cast<std::size_t>(layer)][kind];
}

template <typename T>
Matrix Weights<T>::plain(std::int64_t layer, std::size_t kind) const {
  const Group& g = group(layer, kind);
  T* out = passage_->plain[kind].grow(g.out * g.in);
  if (passage_->layer[kind] != layer) {
    for (const Member& member : g.members) {
      load_matrix(*file_->find_tensor(member.base), updates_->of(member.base), out + member.out_offset * g.in);
    }
    passage_->layer[kind] = layer;
  }
  return matrix(out, g.out, g.in);
}

template <typename T>
Matrix Weights<T>::forward_matrix(std::int64_t layer, GroupKind kind) const {
  const Timed timed(Part::weights);
  const auto index = static_cast<std::size_t>(layer);
  const Group& g = group(layer, kind);
  if (index < resident_.size()) return packed_view<T>(resident_[index][kind].forward, g.in, g.out);
  return pack<T>(plain(layer, kind).transposed(), &passage_->packed);
}

template <typename T>
Matrix Weights<T>::backward_matrix(std::int64_t layer, GroupKind kind) const {
  const Timed timed(Part::weights);
  const auto index = static_cast<std::size_t>(layer);
  const Group& g = group(layer, kind);
  if (index < resident_.size()) return packed_view<T>(resident_[index][kind].backward, g.out, g.in);
  return pack<T>(plain(layer, kind), &passage_->packed);
}

template <typename T>
Matrix Weights<T>::head_forward() const {
  return packed_view<T>(head_.forward, shape_.n_embd, shape_.n_vocab);
}

template <typename T>
Matrix Weights<T>::head_backward() const {
  return packed_view<T>(head_.backward, shape_.n_vocab, shape_.n_embd);
}

template <typename T>
Result<Weights<T>> Weights<T>::load(std::shared_ptr<const GgufFile> file, const ModelShape& shape,
                                    const ParameterPlan& plan, std::vector<FrozenAdapter> frozen,
                                    std::int64_t resident_layers) {
  Weights weights;
  weights.updates_ = index_updates(std::move(frozen));
  BANCHU_TRY_STATUS(check_updates(*weights.updates_, plan));
  weights.shape_ = shape;
  weights.plan_ = &plan;
  weights.embedding_ = file->find_tensor("token_embd.weight");
  weights.layers_.resize(static_cast<std::size_t>(shape.n_layer));
  for (std::size_t i = 0; i < weights.layers_.size(); ++i) {
    load_layer(*file, plan.layers[i], static_cast<std::int64_t>(i), &weights.layers_[i]);
  }
  load_vector(*file, "output_norm.weight", &weights.output_norm_);
  const GgufTensor& head = shape.tied_output ? *weights.embedding_ : *file->find_tensor("output.weight");
  {
    Buffer<T> plain(shape.n_vocab * shape.n_embd);
    load_matrix(head, {}, plain.data());
    const Matrix w = matrix(plain.data(), shape.n_vocab, shape.n_embd);
    pack<T>(w.transposed(), &weights.head_.forward);
    pack<T>(w, &weights.head_.backward);
  }
  weights.file_ = std::move(file);
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

template <typename T>
void Weights<T>::embed(std::int32_t token, float* out) const {
  dequantise(*embedding_, token * shape_.n_embd, shape_.n_embd, out);
  if (!shape_.kind.scaled_embedding) return;
  const float scale = std::sqrt(static_cast<float>(shape_.n_embd));
  for (std::int64_t i = 0; i < shape_.n_embd; ++i) out[i] *= scale;
}

template class Weights<float>;
template class Weights<Bf16>;

}  // namespace banchu::lora
