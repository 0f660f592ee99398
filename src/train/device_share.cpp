#include "train/device_share.h"

#include <ggml-backend.h>
#include <ggml.h>

namespace banchu::lora {

namespace {

ggml_type weight_type(bool is_gpu) { return is_gpu ? GGML_TYPE_BF16 : GGML_TYPE_F32; }

void set(Node node, const void* data) {
  if (node != nullptr) ggml_backend_tensor_set(node, data, 0, ggml_nbytes(node));
}

Node declare_vector(ggml_context* ctx, const Buffer<float>& values) {
  return values.size() == 0 ? nullptr : ggml_new_tensor_1d(ctx, GGML_TYPE_F32, values.size());
}

}  // namespace

ShareBytes share_bytes(const ModelShape& shape, const ParameterPlan& plan, bool is_gpu) {
  const auto width = static_cast<std::int64_t>(ggml_type_size(weight_type(is_gpu)));
  const std::int64_t linear = shape.n_embd * (shape.qkv_width() + shape.query_width() + 3 * shape.n_ff);
  return {width * linear, 2 * width * shape.n_vocab * shape.n_embd, 2 * 4 * plan.size};
}

DeviceShare::DeviceShare(Device device, const FrozenModel& model, const ParameterPlan& plan, std::int64_t first,
                         std::int64_t count, bool holds_head)
    : device_(std::move(device)), first_(first), frame_(static_cast<std::size_t>(count * 16 + 8)) {
  declare(model, plan, count, holds_head);
  frame_.place(device_);
  for (const bool windowed : {false, true}) {
    set(rope_factors(windowed), (windowed ? model.shape().window_rope : model.shape().rope).factors.data());
  }
  if (device_.facts().is_gpu) {
    fill<Bf16>(model);
  } else {
    fill<float>(model);
  }
}

void DeviceShare::declare(const FrozenModel& model, const ParameterPlan& plan, std::int64_t count, bool holds_head) {
  ggml_context* ctx = frame_.context();
  const ModelShape& shape = model.shape();
  const ggml_type type = weight_type(device_.facts().is_gpu);
  layers_.resize(static_cast<std::size_t>(count));
  for (std::int64_t i = first_; i < first_ + count; ++i) {
    DeviceLayer& layer = layers_[static_cast<std::size_t>(i - first_)];
    const LayerWeights& weights = model.layer(i);
    for (std::size_t g = 0; g < kGroups; ++g) {
      layer.matrix[g] = ggml_new_tensor_2d(ctx, type, model.group(i, g).in, model.group(i, g).out);
      layer.bias[g] = declare_vector(ctx, weights.bias[g]);
    }
    layer.attention_norm = declare_vector(ctx, weights.attention_norm);
    layer.ffn_norm = declare_vector(ctx, weights.ffn_norm);
    layer.query_norm = declare_vector(ctx, weights.query_norm);
    layer.key_norm = declare_vector(ctx, weights.key_norm);
    layer.attention_post_norm = declare_vector(ctx, weights.attention_post_norm);
    layer.ffn_post_norm = declare_vector(ctx, weights.ffn_post_norm);
  }
  for (const bool windowed : {false, true}) {
    const auto& factors = (windowed ? shape.window_rope : shape.rope).factors;
    if (factors.empty()) continue;
    rope_factors_[windowed ? 1 : 0] = ggml_new_tensor_1d(ctx, GGML_TYPE_F32, static_cast<std::int64_t>(factors.size()));
  }
  parameters_ = ggml_new_tensor_1d(ctx, GGML_TYPE_F32, plan.size);
  gradients_ = ggml_new_tensor_1d(ctx, GGML_TYPE_F32, plan.size);
  if (!holds_head) return;
  head_ = ggml_new_tensor_2d(ctx, type, shape.n_embd, shape.n_vocab);
  head_back_ = ggml_new_tensor_2d(ctx, type, shape.n_vocab, shape.n_embd);
}

template <typename T>
void DeviceShare::fill(const FrozenModel& model) {
  Buffer<T> plain;
  for (std::int64_t i = first_; i < end(); ++i) {
    const DeviceLayer& to = layer(i);
    const LayerWeights& from = model.layer(i);
    for (std::size_t g = 0; g < kGroups; ++g) {
      model.read_group(i, g, plain.grow(model.group(i, g).in * model.group(i, g).out));
      set(to.matrix[g], plain.data());
      set(to.bias[g], from.bias[g].data());
    }
    set(to.attention_norm, from.attention_norm.data());
    set(to.ffn_norm, from.ffn_norm.data());
    set(to.query_norm, from.query_norm.data());
    set(to.key_norm, from.key_norm.data());
    set(to.attention_post_norm, from.attention_post_norm.data());
    set(to.ffn_post_norm, from.ffn_post_norm.data());
  }
  if (head_ == nullptr) return;
  const std::int64_t width = model.shape().n_embd, n_vocab = model.shape().n_vocab;
  const T* head = plain.grow(width * n_vocab);
  model.read_head(plain.data());
  set(head_, head);
  Buffer<T> turned(width * n_vocab);
  for (std::int64_t token = 0; token < n_vocab; ++token) {
    for (std::int64_t i = 0; i < width; ++i) turned.data()[i * n_vocab + token] = head[token * width + i];
  }
  set(head_back_, turned.data());
}

}  // namespace banchu::lora
