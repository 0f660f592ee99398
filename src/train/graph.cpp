#include "train/graph.h"

#include <algorithm>
#include <cstring>

#include "train/kernels.h"
#include "train/parallel.h"
#include "train/part_times.h"

namespace banchu::lora {

std::int64_t layer_memory_bytes(const ModelShape& shape, const ParameterPlan& plan, Element type, std::int64_t tokens) {
  const std::int64_t narrow = type == Element::bf16 ? 2 : 4;
  std::int64_t members = 0;
  for (const Group& group : plan.layers.front()) members += static_cast<std::int64_t>(group.members.size());
  const std::int64_t wide = shape.qkv_width() + shape.query_width() + 2 * shape.n_ff + members * plan.rank;
  const std::int64_t residuals = shape.kind.post_norms ? 3 : 1;  // x1 and the two branches
  return tokens * (narrow * wide + 4 * residuals * shape.n_embd);
}

template <typename T>
Graph<T>::Graph(const Weights<T>* weights, const ParameterPlan* plan, Gemm* gemm, double dropout,
                std::int64_t activation_budget_bytes)
    : weights_(*weights),
      plan_(*plan),
      shape_(weights->shape()),
      budget_bytes_(activation_budget_bytes),
      maps_(weights, plan, gemm, dropout),
      attention_(weights->shape(), gemm),
      head_(weights, gemm),
      states_(static_cast<std::size_t>(shape_.n_layer + 1)),
      memories_(static_cast<std::size_t>(shape_.n_layer)) {}

// --- the pieces of a layer

template <typename T>
void Graph<T>::norm(const float* x, const float* weight, T* out) {
  const Timed timed(Part::elementwise);
  const std::int64_t width = shape_.n_embd;
  parallel_for(tokens_, width, [&](std::int64_t i) {
    kernels().of<T>().rms_norm(x + i * width, weight, shape_.rms_epsilon, width, out + i * width);
  });
}

template <typename T>
void Graph<T>::norm_backward(const float* x, const float* weight, const float* dy, float* dx) {
  const Timed timed(Part::elementwise);
  const std::int64_t width = shape_.n_embd;
  parallel_for(tokens_, width, [&](std::int64_t i) {
    const std::int64_t at = i * width;
    kernels().rms_norm_backward(x + at, weight, dy + at, shape_.rms_epsilon, width, dx + at);
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
  const LayerWeights<T>& weights = weights_.layer(layer);
  return (kind == kOutput ? weights.attention_post_norm : weights.ffn_post_norm).data();
}

template <typename T>
AttentionLayer Graph<T>::attention_layer(std::int64_t layer) const {
  const LayerWeights<T>& weights = weights_.layer(layer);
  return {weights.bias[kQkv].data(), weights.query_norm.data(), weights.key_norm.data(), shape_.is_windowed(layer)};
}

// --- a branch meets the residual

template <typename T>
void Graph<T>::join(std::int64_t layer, GroupKind kind, const T* input, const float* x, LayerMemory<T>* memory,
                    float* x_out) {
  const std::int64_t width = shape_.n_embd;
  const float* weight = post_norm(layer, kind);
  if (weight == nullptr) {
    std::memcpy(x_out, x, static_cast<std::size_t>(tokens_ * width) * sizeof(float));
    maps_.forward(layer, kind, input, &memory->h[kind], matrix(x_out, tokens_, width), true);
    return;
  }
  float* branch = (kind == kOutput ? memory->attention_branch : memory->ffn_branch).grow(tokens_ * width);
  maps_.forward(layer, kind, input, &memory->h[kind], matrix(branch, tokens_, width), false);
  parallel_for(tokens_, width, [&](std::int64_t i) {
    const std::int64_t at = i * width;
    kernels().f32.rms_norm(branch + at, weight, shape_.rms_epsilon, width, x_out + at);
    kernels().add_scaled(1, x + at, x_out + at, width);
  });
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
void Graph<T>::attend(std::int64_t layer, const float* x, LayerMemory<T>* memory) {
  T* normed = normed_.grow(tokens_ * shape_.n_embd);
  norm(x, weights_.layer(layer).attention_norm.data(), normed);
  T* qkv = memory->qkv.grow(tokens_ * shape_.qkv_width());
  maps_.forward(layer, kQkv, normed, &memory->h[kQkv], matrix(qkv, tokens_, shape_.qkv_width()), false);
  T* attended = memory->attention.grow(tokens_ * shape_.query_width());
  const auto real = static_cast<std::int64_t>(batch_->tokens.size());
  std::memset(static_cast<void*>(attended + real * shape_.query_width()), 0,
              static_cast<std::size_t>((tokens_ - real) * shape_.query_width()) * sizeof(T));
  attention_.forward(attention_layer(layer), batch_->rows, qkv, attended);
  join(layer, kOutput, attended, x, memory, memory->x1.grow(tokens_ * shape_.n_embd));
}

template <typename T>
void Graph<T>::open_ffn(std::int64_t layer, LayerMemory<T>* memory) {
  T* normed = normed_.grow(tokens_ * shape_.n_embd);
  norm(memory->x1.data(), weights_.layer(layer).ffn_norm.data(), normed);
  T* gate_up = memory->gate_up.grow(tokens_ * 2 * shape_.n_ff);
  maps_.forward(layer, kGateUp, normed, &memory->h[kGateUp], matrix(gate_up, tokens_, 2 * shape_.n_ff), false);
}

template <typename T>
void Graph<T>::forward_layer(std::int64_t layer, const float* x, LayerMemory<T>* memory, float* x_out) {
  attend(layer, x, memory);
  open_ffn(layer, memory);
  join(layer, kDown, activated(*memory), memory->x1.data(), memory, x_out);
}

template <typename T>
void Graph<T>::recompute_layer(std::int64_t layer, const float* x, LayerMemory<T>* memory) {
  attend(layer, x, memory);
  open_ffn(layer, memory);
  if (!shape_.kind.post_norms) {
    maps_.project_down(layer, kDown, activated(*memory), &memory->h[kDown]);
    return;
  }
  // The norm behind the branch wants to know what the branch gave.
  float* branch = memory->ffn_branch.grow(tokens_ * shape_.n_embd);
  maps_.forward(layer, kDown, activated(*memory), &memory->h[kDown], matrix(branch, tokens_, shape_.n_embd), false);
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
  T* normed = normed_.grow(tokens_ * shape_.n_embd);
  norm(memory->x1.data(), weights_.layer(layer).ffn_norm.data(), normed);
  maps_.backward(layer, kGateUp, d_gate_up, normed, memory->h[kGateUp], d_input_.data(), gradients);
  norm_backward(memory->x1.data(), weights_.layer(layer).ffn_norm.data(), d_input_.data(), dx);
}

template <typename T>
void Graph<T>::backward_attention(std::int64_t layer, const float* x, LayerMemory<T>* memory, float* dx,
                                  float* gradients) {
  const T* d_branch = leave(layer, kOutput, memory, dx);
  maps_.backward(layer, kOutput, d_branch, memory->attention.data(), memory->h[kOutput], d_input_.data(), gradients);
  T* d_qkv = d_wide_.data();
  const auto real = static_cast<std::int64_t>(batch_->tokens.size());
  std::memset(static_cast<void*>(d_qkv + real * shape_.qkv_width()), 0,
              static_cast<std::size_t>((tokens_ - real) * shape_.qkv_width()) * sizeof(T));
  attention_.backward(attention_layer(layer), batch_->rows, memory->qkv.data(), d_input_.data(), d_qkv);
  T* normed = normed_.grow(tokens_ * shape_.n_embd);
  norm(x, weights_.layer(layer).attention_norm.data(), normed);
  maps_.backward(layer, kQkv, d_qkv, normed, memory->h[kQkv], d_input_.data(), gradients);
  norm_backward(x, weights_.layer(layer).attention_norm.data(), d_input_.data(), dx);
}

template <typename T>
void Graph<T>::backward_layer(std::int64_t layer, const float* x, LayerMemory<T>* memory, float* dx, float* gradients) {
  backward_ffn(layer, memory, dx, gradients);
  backward_attention(layer, x, memory, dx, gradients);
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
  kept_ = training ? std::clamp<std::int64_t>(budget_bytes_ / each, 1, shape_.n_layer) : 0;
}

template <typename T>
void Graph<T>::embed(float* x) {
  const std::int64_t width = shape_.n_embd;
  const auto real = static_cast<std::int64_t>(batch_->tokens.size());
  parallel_for(real, width,
               [&](std::int64_t i) { weights_.embed(batch_->tokens[static_cast<std::size_t>(i)], x + i * width); });
  std::memset(x + real * width, 0, static_cast<std::size_t>((tokens_ - real) * width) * sizeof(float));
}

template <typename T>
double Graph<T>::loss(const Batch& batch) {
  begin(batch, false);
  for (const std::int64_t i : {0, 1}) states_[static_cast<std::size_t>(i)].grow(tokens_ * shape_.n_embd);
  embed(state(0));
  for (std::int64_t i = 0; i < shape_.n_layer; ++i) forward_layer(i, state(i % 2), &shared_memory_, state((i + 1) % 2));
  return head_.run(batch.targets, state(shape_.n_layer % 2), nullptr);
}

template <typename T>
double Graph<T>::loss_and_gradients(const Batch& batch, float* gradients) {
  begin(batch, true);
  for (auto& buffer : states_) buffer.grow(tokens_ * shape_.n_embd);
  embed(state(0));
  for (std::int64_t i = 0; i < shape_.n_layer; ++i) forward_layer(i, state(i), memory_of(i), state(i + 1));
  float* dx = dx_.grow(tokens_ * shape_.n_embd);
  std::memset(dx, 0, static_cast<std::size_t>(tokens_ * shape_.n_embd) * sizeof(float));
  const double loss = head_.run(batch.targets, state(shape_.n_layer), dx);
  for (std::int64_t i = shape_.n_layer - 1; i >= 0; --i) {
    LayerMemory<T>* memory = memory_of(i);
    if (memory == &shared_memory_) recompute_layer(i, state(i), memory);
    backward_layer(i, state(i), memory, dx, gradients);
  }
  return loss;
}

template <typename T>
std::vector<float> Graph<T>::logits(const Batch& batch) {
  Batch silent = batch;
  silent.targets.clear();
  loss(silent);
  std::vector<float> out(batch.tokens.size() * static_cast<std::size_t>(shape_.n_vocab));
  head_.logits(state(shape_.n_layer % 2), static_cast<std::int64_t>(batch.tokens.size()), out.data());
  return out;
}

template class Graph<float>;
template class Graph<Bf16>;

}  // namespace banchu::lora
