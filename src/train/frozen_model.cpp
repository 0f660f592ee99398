#include "train/frozen_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "train/dequantise.h"
#include "train/kernels.h"
#include "train/parallel.h"

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

Result<FrozenModel> FrozenModel::load(std::shared_ptr<const GgufFile> file, const ModelShape& shape,
                                      const ParameterPlan& plan, std::vector<FrozenAdapter> frozen) {
  FrozenModel model;
  model.updates_ = index_updates(std::move(frozen));
  BANCHU_TRY_STATUS(check_updates(*model.updates_, plan));
  model.shape_ = shape;
  model.plan_ = &plan;
  model.embedding_ = file->find_tensor("token_embd.weight");
  model.head_ = shape.tied_output ? model.embedding_ : file->find_tensor("output.weight");
  model.layers_.resize(static_cast<std::size_t>(shape.n_layer));
  for (std::size_t i = 0; i < model.layers_.size(); ++i) {
    load_layer(*file, plan.layers[i], static_cast<std::int64_t>(i), &model.layers_[i]);
  }
  load_vector(*file, "output_norm.weight", &model.output_norm_);
  model.file_ = std::move(file);
  return model;
}

template <typename T>
void FrozenModel::read_group(std::int64_t layer, std::size_t kind, T* out) const {
  const Group& g = group(layer, kind);
  for (const Member& member : g.members) {
    load_matrix(*file_->find_tensor(member.base), updates_->of(member.base), out + member.out_offset * g.in);
  }
}

template <typename T>
void FrozenModel::read_head(T* out) const {
  load_matrix(*head_, {}, out);
}

void FrozenModel::embed(std::int32_t token, float* out) const {
  dequantise(*embedding_, token * shape_.n_embd, shape_.n_embd, out);
  if (!shape_.kind.scaled_embedding) return;
  const float scale = std::sqrt(static_cast<float>(shape_.n_embd));
  for (std::int64_t i = 0; i < shape_.n_embd; ++i) out[i] *= scale;
}

template void FrozenModel::read_group<float>(std::int64_t, std::size_t, float*) const;
template void FrozenModel::read_group<Bf16>(std::int64_t, std::size_t, Bf16*) const;
template void FrozenModel::read_head<float>(float*) const;
template void FrozenModel::read_head<Bf16>(Bf16*) const;

}  // namespace banchu::lora
