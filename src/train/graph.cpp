#include "train/graph.h"

#include <algorithm>
#include <cstring>

#include "train/kernels.h"
#include "train/noise.h"
#include "train/parallel.h"
#include "train/part_times.h"

namespace banchu::lora {

std::int64_t layer_memory_bytes(const ModelShape& shape, const ParameterPlan& plan, Element type, std::int64_t tokens) {
  const std::int64_t narrow = type == Element::bf16 ? 2 : 4;
  std::int64_t members = 0;
  for (const Group& group : plan.layers.front()) members += static_cast<std::int64_t>(group.members.size());
  const std::int64_t wide = shape.qkv_width() + shape.query_width() + 2 * shape.n_ff + members * plan.rank;
  return tokens * (narrow * wide + (shape.kind.post_norms ? 2 * 4 * shape.n_embd : 0));
}

template <typename T>
std::int64_t LayerMemory<T>::bytes() const {
  std::int64_t narrow = qkv.size() + attention.size() + gate_up.size();
  for (const Buffer<T>& one : h) narrow += one.size();
  return narrow * static_cast<std::int64_t>(sizeof(T)) + (attention_branch.size() + ffn_branch.size()) * 4;
}

template <typename T>
Graph<T>::Graph(const Weights<T>* weights, const ParameterPlan* plan, Gemm* gemm, double dropout,
                std::int64_t activation_budget_bytes)
    : weights_(*weights),
      plan_(*plan),
      shape_(weights->shape()),
      budget_bytes_(activation_budget_bytes),
      maps_(weights, plan, gemm, dropout),
      attention_(weights->shape()),
      head_products_(weights, gemm),
      head_(&weights->model(), &head_products_),
      inputs_(static_cast<std::size_t>(shape_.n_layer)),
      middles_(static_cast<std::size_t>(shape_.n_layer)),
      memories_(static_cast<std::size_t>(shape_.n_layer)) {}

// --- the pieces of a layer

template <typename T>
const T* Graph<T>::keep_and_norm(const float* x, const float* weight, Buffer<T>* kept) {
  const Timed timed(Part::elementwise);
  const std::int64_t width = shape_.n_embd;
  T* rounded = kept->grow(tokens_ * width);
  T* out = normed_.grow(tokens_ * width);
  parallel_for(tokens_, width, [&](std::int64_t i) {
    const auto& run = kernels().of<T>();
    run.convert(x + i * width, rounded + i * width, width);
    run.rms_norm_kept(rounded + i * width, weight, shape_.rms_epsilon, width, out + i * width);
  });
  return out;
}

template <typename T>
const T* Graph<T>::norm_of(const Buffer<T>& kept, const float* weight) {
  const Timed timed(Part::elementwise);
  const std::int64_t width = shape_.n_embd;
  T* out = normed_.grow(tokens_ * width);
  parallel_for(tokens_, width, [&](std::int64_t i) {
    kernels().of<T>().rms_norm_kept(kept.data() + i * width, weight, shape_.rms_epsilon, width, out + i * width);
  });
  return out;
}

template <typename T>
template <typename X>
void Graph<T>::norm_backward(const X* x, const float* weight, const float* dy, float* dx) {
  const Timed timed(Part::elementwise);
  const std::int64_t width = shape_.n_embd;
  parallel_for(tokens_, width, [&](std::int64_t i) {
    const std::int64_t at = i * width;
    kernels().of<X>().rms_norm_backward(x + at, weight, dy + at, shape_.rms_epsilon, width, dx + at);
  });
}

template <typename T>
const T* Graph<T>::activated(const LayerMemory<T>& memory) {
  const Timed timed(Part::elementwise);
  const std::int64_t width = shape_.n_ff;
  T* out = activated_.grow(tokens_ * width);
  const auto& run = kernels().of<T>();
  const auto activate = shape_.kind.activation == Activation::gelu ? run.geglu : run.swiglu;
  parallel_for(tokens_, width, [&](std::int64_t i) {
    const T* gate = memory.gate_up.data() + 2 * i * width;
    activate(gate, gate + width, width, out + i * width);
  });
  return out;
}

template <typename T>
const T* Graph<T>::narrow(const float* dx) {
  if constexpr (kElementOf<T> == Element::f32) {
    return dx;
  } else {
    const Timed timed(Part::elementwise);
    const std::int64_t width = shape_.n_embd;
    T* out = narrow_.grow(tokens_ * width);
    parallel_for(tokens_, width,
                 [&](std::int64_t i) { kernels().of<T>().convert(dx + i * width, out + i * width, width); });
    return out;
  }
}

template <typename T>
const float* Graph<T>::post_norm(std::int64_t layer, GroupKind kind) const {
  if (!shape_.kind.post_norms) return nullptr;
  const LayerWeights& weights = weights_.layer(layer);
  return (kind == kOutput ? weights.attention_post_norm : weights.ffn_post_norm).data();
}

template <typename T>
AttentionLayer Graph<T>::attention_layer(std::int64_t layer) const {
  const LayerWeights& weights = weights_.layer(layer);
  return {weights.bias[kQkv].data(), weights.query_norm.data(), weights.key_norm.data(), shape_.is_windowed(layer)};
}

// --- a branch meets the residual

template <typename T>
void Graph<T>::join(std::int64_t layer, GroupKind kind, const T* input, LayerMemory<T>* memory, float* x) {
  const std::int64_t width = shape_.n_embd;
  const float* weight = post_norm(layer, kind);
  if (weight == nullptr) {
    maps_.forward(layer, kind, input, &memory->h[kind], matrix(x, tokens_, width), true);
    return;
  }
  join_again(layer, kind, input, memory);
  const float* branch = (kind == kOutput ? memory->attention_branch : memory->ffn_branch).data();
  float* normed = d_branch_.grow(tokens_ * width);
  parallel_for(tokens_, width, [&](std::int64_t i) {
    const std::int64_t at = i * width;
    kernels().f32.rms_norm(branch + at, weight, shape_.rms_epsilon, width, normed + at);
    kernels().add_scaled(1, normed + at, x + at, width);
  });
}

template <typename T>
void Graph<T>::join_again(std::int64_t layer, GroupKind kind, const T* input, LayerMemory<T>* memory) {
  if (post_norm(layer, kind) == nullptr) {
    maps_.project_down(layer, kind, input, &memory->h[kind]);
    return;
  }
  // The norm behind the branch wants to know what the branch gave.
  const std::int64_t width = shape_.n_embd;
  float* branch = (kind == kOutput ? memory->attention_branch : memory->ffn_branch).grow(tokens_ * width);
  maps_.forward(layer, kind, input, &memory->h[kind], matrix(branch, tokens_, width), false);
}

template <typename T>
const T* Graph<T>::leave(std::int64_t layer, GroupKind kind, LayerMemory<T>* memory, const float* dx) {
  const float* weight = post_norm(layer, kind);
  if (weight == nullptr) return narrow(dx);
  const std::int64_t n = tokens_ * shape_.n_embd;
  float* d_branch = d_branch_.grow(n);
  std::memset(d_branch, 0, static_cast<std::size_t>(n) * sizeof(float));
  norm_backward((kind == kOutput ? memory->attention_branch : memory->ffn_branch).data(), weight, dx, d_branch);
  return narrow(d_branch);
}

// --- a layer forward

template <typename T>
void Graph<T>::attend(std::int64_t layer, const T* normed, LayerMemory<T>* memory) {
  T* qkv = memory->qkv.grow(tokens_ * shape_.qkv_width());
  maps_.forward(layer, kQkv, normed, &memory->h[kQkv], matrix(qkv, tokens_, shape_.qkv_width()), false);
  T* attended = memory->attention.grow(tokens_ * shape_.query_width());
  const auto real = static_cast<std::int64_t>(batch_->tokens.size());
  std::memset(static_cast<void*>(attended + real * shape_.query_width()), 0,
              static_cast<std::size_t>((tokens_ - real) * shape_.query_width()) * sizeof(T));
  attention_.forward(attention_layer(layer), batch_->rows, qkv, attended);
}

template <typename T>
void Graph<T>::open_ffn(std::int64_t layer, const T* normed, LayerMemory<T>* memory) {
  T* gate_up = memory->gate_up.grow(tokens_ * 2 * shape_.n_ff);
  maps_.forward(layer, kGateUp, normed, &memory->h[kGateUp], matrix(gate_up, tokens_, 2 * shape_.n_ff), false);
}

template <typename T>
void Graph<T>::forward_layer(std::int64_t layer, float* x, LayerMemory<T>* memory) {
  const LayerWeights& weights = weights_.layer(layer);
  attend(layer, keep_and_norm(x, weights.attention_norm.data(), &input_of(layer)), memory);
  join(layer, kOutput, memory->attention.data(), memory, x);
  open_ffn(layer, keep_and_norm(x, weights.ffn_norm.data(), &middle_of(layer)), memory);
  join(layer, kDown, activated(*memory), memory, x);
}

template <typename T>
void Graph<T>::recompute_layer(std::int64_t layer, LayerMemory<T>* memory) {
  const LayerWeights& weights = weights_.layer(layer);
  attend(layer, norm_of(input_of(layer), weights.attention_norm.data()), memory);
  join_again(layer, kOutput, memory->attention.data(), memory);
  open_ffn(layer, norm_of(middle_of(layer), weights.ffn_norm.data()), memory);
  join_again(layer, kDown, activated(*memory), memory);
}

// --- a layer backward: dx is dl/dx' when it comes and dl/dx when it goes

template <typename T>
void Graph<T>::backward_ffn(std::int64_t layer, LayerMemory<T>* memory, float* dx, float* gradients) {
  const std::int64_t width = shape_.n_ff;
  float* d_active = d_input_.grow(tokens_ * std::max(width, std::max(shape_.n_embd, shape_.query_width())));
  const T* d_down = leave(layer, kDown, memory, dx);
  maps_.backward(layer, kDown, d_down, activated(*memory), memory->h[kDown], d_active, gradients);
  T* d_gate_up = d_wide_.grow(tokens_ * std::max(2 * width, shape_.qkv_width()));
  const auto& run = kernels().of<T>();
  const auto activate_backward = shape_.kind.activation == Activation::gelu ? run.geglu_backward : run.swiglu_backward;
  parallel_for(tokens_, width, [&](std::int64_t i) {
    const T* gate = memory->gate_up.data() + 2 * i * width;
    T* d_gate = d_gate_up + 2 * i * width;
    activate_backward(gate, gate + width, d_active + i * width, width, d_gate, d_gate + width);
  });
  const float* weight = weights_.layer(layer).ffn_norm.data();
  const T* normed = norm_of(middle_of(layer), weight);
  maps_.backward(layer, kGateUp, d_gate_up, normed, memory->h[kGateUp], d_input_.data(), gradients);
  norm_backward(middle_of(layer).data(), weight, d_input_.data(), dx);
}

template <typename T>
void Graph<T>::backward_attention(std::int64_t layer, LayerMemory<T>* memory, float* dx, float* gradients) {
  const T* d_branch = leave(layer, kOutput, memory, dx);
  maps_.backward(layer, kOutput, d_branch, memory->attention.data(), memory->h[kOutput], d_input_.data(), gradients);
  T* d_qkv = d_wide_.data();
  const auto real = static_cast<std::int64_t>(batch_->tokens.size());
  std::memset(static_cast<void*>(d_qkv + real * shape_.qkv_width()), 0,
              static_cast<std::size_t>((tokens_ - real) * shape_.qkv_width()) * sizeof(T));
  attention_.backward(attention_layer(layer), batch_->rows, memory->qkv.data(), d_input_.data(), d_qkv);
  const float* weight = weights_.layer(layer).attention_norm.data();
  const T* normed = norm_of(input_of(layer), weight);
  // Below the lowest layer nobody asks for a gradient.
  float* d_normed = layer > 0 ? d_input_.data() : nullptr;
  maps_.backward(layer, kQkv, d_qkv, normed, memory->h[kQkv], d_normed, gradients);
  if (d_normed != nullptr) norm_backward(input_of(layer).data(), weight, d_normed, dx);
}

template <typename T>
void Graph<T>::backward_layer(std::int64_t layer, LayerMemory<T>* memory, float* dx, float* gradients) {
  backward_ffn(layer, memory, dx, gradients);
  backward_attention(layer, memory, dx, gradients);
}

// --- a whole pass

template <typename T>
LayerMemory<T>* Graph<T>::memory_of(std::int64_t layer) {
  // The last layers keep: they are the first to be asked on the way home.
  return layer >= shape_.n_layer - kept_ ? &memories_[static_cast<std::size_t>(layer)] : &shared_memory_;
}

template <typename T>
void Graph<T>::begin(const Batch& batch, bool training) {
  batch_ = &batch;
  tokens_ = batch.padded_tokens();
  maps_.begin(tokens_, batch.dropout_key);
  const std::int64_t each = layer_memory_bytes(shape_, plan_, kElementOf<T>, tokens_);
  kept_ = training ? std::clamp<std::int64_t>(budget_bytes_ / each, 0, shape_.n_layer) : 0;
  is_training_ = training;
  if (training) make_room(each);
}

template <typename T>
std::int64_t Graph<T>::kept_bytes() const {
  std::int64_t bytes = 0;
  for (const LayerMemory<T>& memory : memories_) bytes += memory.bytes();
  return bytes;
}

template <typename T>
void Graph<T>::make_room(std::int64_t layer_bytes) {
  const auto first_kept = static_cast<std::size_t>(shape_.n_layer - kept_);
  std::int64_t grown = 0;
  for (std::size_t i = 0; i < memories_.size(); ++i) {
    grown += i < first_kept ? memories_[i].bytes() : std::max(layer_bytes, memories_[i].bytes());
  }
  if (grown <= budget_bytes_) return;
  for (std::size_t i = 0; i < memories_.size(); ++i) {
    if (i < first_kept || memories_[i].bytes() > layer_bytes) memories_[i] = {};
  }
}

template <typename T>
void Graph<T>::embed(float* x) {
  const std::int64_t width = shape_.n_embd;
  const auto real = static_cast<std::int64_t>(batch_->tokens.size());
  parallel_for(real, width, [&](std::int64_t i) {
    weights_.model().embed(batch_->tokens[static_cast<std::size_t>(i)], x + i * width);
  });
  std::memset(x + real * width, 0, static_cast<std::size_t>((tokens_ - real) * width) * sizeof(float));
}

template <typename T>
double Graph<T>::loss_of(const Batch& batch, const float* x, float* dx) {
  double loss = head_.run(batch.targets, x, dx);
  for (const Preference& pair : batch.preferences) loss += head_.run(pair, x, dx);
  return loss;
}

template <typename T>
double Graph<T>::loss(const Batch& batch) {
  begin(batch, false);
  float* x = x_.grow(tokens_ * shape_.n_embd);
  embed(x);
  for (std::int64_t i = 0; i < shape_.n_layer; ++i) forward_layer(i, x, &shared_memory_);
  return loss_of(batch, x, nullptr);
}

template <typename T>
double Graph<T>::loss_and_gradients(const Batch& batch, float* gradients) {
  begin(batch, true);
  float* x = x_.grow(tokens_ * shape_.n_embd);
  embed(x);
  add_noise(batch, shape_.n_embd, x);
  for (std::int64_t i = 0; i < shape_.n_layer; ++i) forward_layer(i, x, memory_of(i));
  float* dx = dx_.grow(tokens_ * shape_.n_embd);
  std::memset(dx, 0, static_cast<std::size_t>(tokens_ * shape_.n_embd) * sizeof(float));
  const double loss = loss_of(batch, x, dx);
  for (std::int64_t i = shape_.n_layer - 1; i >= 0; --i) {
    LayerMemory<T>* memory = memory_of(i);
    // The shared memory still holds the last layer that wrote into it.
    if (i < shape_.n_layer - kept_ - 1) recompute_layer(i, memory);
    backward_layer(i, memory, dx, gradients);
  }
  return loss;
}

template <typename T>
std::vector<float> Graph<T>::logits(const Batch& batch) {
  Batch silent = batch;
  silent.targets.clear();
  silent.preferences.clear();
  loss(silent);
  std::vector<float> out(batch.tokens.size() * static_cast<std::size_t>(shape_.n_vocab));
  head_.logits(x_.data(), static_cast<std::int64_t>(batch.tokens.size()), out.data());
  return out;
}

template class Graph<float>;
template class Graph<Bf16>;

}  // namespace banchu::lora
