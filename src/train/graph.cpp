#include "train/graph.h"

#include <algorithm>
#include <cstring>

#include "train/dropout.h"
#include "train/kernels.h"
#include "train/parallel.h"

namespace banchu::lora {

std::int64_t layer_memory_bytes(const LlamaShape& shape, const ParameterPlan& plan, Element type, std::int64_t tokens) {
  const std::int64_t narrow = type == Element::bf16 ? 2 : 4;
  constexpr std::int64_t kMembersOfAllGroups = 7;
  const std::int64_t wide = shape.qkv_width() + shape.query_width() + 2 * shape.n_ff + kMembersOfAllGroups * plan.rank;
  return tokens * (narrow * wide + 4 * shape.n_embd);
}

template <typename T>
Graph<T>::Graph(const Weights<T>* weights, const ParameterPlan* plan, Gemm* gemm, double dropout,
                std::int64_t activation_budget_bytes)
    : weights_(*weights),
      plan_(*plan),
      shape_(weights->shape()),
      gemm_(gemm),
      dropout_(dropout),
      budget_bytes_(activation_budget_bytes),
      attention_(weights->shape(), gemm),
      head_(weights, gemm),
      states_(static_cast<std::size_t>(shape_.n_layer + 1)),
      memories_(static_cast<std::size_t>(shape_.n_layer)) {}

template <typename T>
const Group& Graph<T>::group(std::int64_t layer, GroupKind kind) const {
  return plan_.layers[static_cast<std::size_t>(layer)][kind];
}

template <typename T>
void Graph<T>::use_parameters(const float* parameters) {
  if constexpr (kElementOf<T> == Element::f32) {
    parameters_ = parameters;
  } else {
    T* narrow = narrow_parameters_.grow(plan_.size);
    constexpr std::int64_t kPiece = 1 << 14;
    parallel_for((plan_.size + kPiece - 1) / kPiece, kPiece, [&](std::int64_t i) {
      const std::int64_t begin = i * kPiece;
      kernels().of<T>().convert(parameters + begin, narrow + begin, std::min(kPiece, plan_.size - begin));
    });
    parameters_ = narrow;
  }
}

// --- the pieces of a layer

template <typename T>
void Graph<T>::norm(const float* x, const float* weight, T* out) {
  const std::int64_t width = shape_.n_embd;
  parallel_for(tokens_, width, [&](std::int64_t i) {
    kernels().of<T>().rms_norm(x + i * width, weight, shape_.rms_epsilon, width, out + i * width);
  });
}

template <typename T>
void Graph<T>::norm_backward(const float* x, const float* weight, const float* dy, float* dx) {
  const std::int64_t width = shape_.n_embd;
  parallel_for(tokens_, width, [&](std::int64_t i) {
    const std::int64_t at = i * width;
    kernels().rms_norm_backward(x + at, weight, dy + at, shape_.rms_epsilon, width, dx + at);
  });
}

template <typename T>
const T* Graph<T>::activated(const LayerMemory<T>& memory) {
  const std::int64_t width = shape_.n_ff;
  T* out = activated_.grow(tokens_ * width);
  parallel_for(tokens_, width, [&](std::int64_t i) {
    const T* gate = memory.gate_up.data() + 2 * i * width;
    kernels().of<T>().swiglu(gate, gate + width, width, out + i * width);
  });
  return out;
}

template <typename T>
const T* Graph<T>::narrow(const float* dx) {
  if constexpr (kElementOf<T> == Element::f32) {
    return dx;
  } else {
    const std::int64_t width = shape_.n_embd;
    T* out = narrow_.grow(tokens_ * width);
    parallel_for(tokens_, width,
                 [&](std::int64_t i) { kernels().of<T>().convert(dx + i * width, out + i * width, width); });
    return out;
  }
}

// --- dropout on the input of A

template <typename T>
const T* Graph<T>::dropped(std::int64_t layer, GroupKind kind, const T* input) {
  if (dropout_ <= 0 || batch_->dropout_key == 0) return input;
  const DropoutMask mask(batch_->dropout_key, layer * kGroups + kind, dropout_);
  const std::int64_t width = group(layer, kind).in;
  T* out = dropped_.grow(tokens_ * width);
  parallel_for(tokens_, width, [&](std::int64_t t) { mask.apply(input, t * width, width, out); });
  return out;
}

// to += mask o from
template <typename T>
void Graph<T>::undrop(std::int64_t layer, GroupKind kind, const float* from, float* to) {
  const DropoutMask mask(batch_->dropout_key, layer * kGroups + kind, dropout_);
  const std::int64_t width = group(layer, kind).in;
  parallel_for(tokens_, width, [&](std::int64_t t) { mask.add_back(from, t * width, width, to); });
}

// --- a linear map with its detour

template <typename T>
void Graph<T>::project_down(std::int64_t layer, GroupKind kind, const T* input, LayerMemory<T>* memory) {
  const Group& g = group(layer, kind);
  const std::int64_t width = static_cast<std::int64_t>(g.members.size()) * plan_.rank;
  gemm_->multiply(matrix(dropped(layer, kind, input), tokens_, g.in),
                  matrix(parameter(g.a_offset), width, g.in).transposed(),
                  matrix(memory->h[kind].grow(tokens_ * width), tokens_, width));
}

template <typename T>
void Graph<T>::map_forward(std::int64_t layer, GroupKind kind, const T* input, LayerMemory<T>* memory, const Matrix& y,
                           bool accumulate) {
  const Group& g = group(layer, kind);
  const T* weight = weights_.layer(layer).linear[kind].data();
  gemm_->multiply(matrix(input, tokens_, g.in), matrix(weight, g.out, g.in).transposed(), y, 1, accumulate);
  project_down(layer, kind, input, memory);
  const std::int64_t rank = plan_.rank;
  const std::int64_t width = static_cast<std::int64_t>(g.members.size()) * rank;
  for (std::size_t i = 0; i < g.members.size(); ++i) {
    const Member& member = g.members[i];
    const T* h = memory->h[kind].data() + static_cast<std::int64_t>(i) * rank;
    Matrix part = y;
    part.cols = member.out;
    part.data = y.type == Element::f32 ? static_cast<void*>(static_cast<float*>(y.data) + member.out_offset)
                                       : static_cast<void*>(static_cast<Bf16*>(y.data) + member.out_offset);
    gemm_->multiply(matrix(h, tokens_, rank, width), matrix(parameter(member.b_offset), member.out, rank).transposed(),
                    part, plan_.scale, true);
  }
}

template <typename T>
void Graph<T>::map_backward(std::int64_t layer, GroupKind kind, const T* dy, const T* input, LayerMemory<T>* memory,
                            float* d_input, float* gradients) {
  const Group& g = group(layer, kind);
  const std::int64_t rank = plan_.rank;
  const std::int64_t width = static_cast<std::int64_t>(g.members.size()) * rank;
  T* d_h = d_h_.grow(tokens_ * width);
  for (std::size_t i = 0; i < g.members.size(); ++i) {
    const Member& member = g.members[i];
    const std::int64_t column = static_cast<std::int64_t>(i) * rank;
    const Matrix d_part = matrix(dy + member.out_offset, tokens_, member.out, g.out);
    gemm_->multiply(d_part, matrix(parameter(member.b_offset), member.out, rank),
                    matrix(d_h + column, tokens_, rank, width), plan_.scale);
    gemm_->multiply(d_part.transposed(), matrix(memory->h[kind].data() + column, tokens_, rank, width),
                    matrix(gradients + member.b_offset, member.out, rank), plan_.scale, true);
  }
  const Matrix a = matrix(parameter(g.a_offset), width, g.in);
  const T* seen = dropped(layer, kind, input);
  gemm_->multiply(matrix(d_h, tokens_, width).transposed(), matrix(seen, tokens_, g.in),
                  matrix(gradients + g.a_offset, width, g.in), 1, true);
  gemm_->multiply(matrix(dy, tokens_, g.out), matrix(weights_.layer(layer).linear[kind].data(), g.out, g.in),
                  matrix(d_input, tokens_, g.in));
  if (seen == input) {
    gemm_->multiply(matrix(d_h, tokens_, width), a, matrix(d_input, tokens_, g.in), 1, true);
  } else {
    float* d_seen = d_extra_.grow(tokens_ * g.in);
    gemm_->multiply(matrix(d_h, tokens_, width), a, matrix(d_seen, tokens_, g.in));
    undrop(layer, kind, d_seen, d_input);
  }
}

// --- a layer forward

template <typename T>
void Graph<T>::attend(std::int64_t layer, const float* x, LayerMemory<T>* memory) {
  T* normed = normed_.grow(tokens_ * shape_.n_embd);
  norm(x, weights_.layer(layer).attention_norm.data(), normed);
  T* qkv = memory->qkv.grow(tokens_ * shape_.qkv_width());
  map_forward(layer, kQkv, normed, memory, matrix(qkv, tokens_, shape_.qkv_width()), false);
  T* attended = memory->attention.grow(tokens_ * shape_.query_width());
  const auto real = static_cast<std::int64_t>(batch_->tokens.size());
  std::memset(static_cast<void*>(attended + real * shape_.query_width()), 0,
              static_cast<std::size_t>((tokens_ - real) * shape_.query_width()) * sizeof(T));
  attention_.forward(batch_->rows, qkv, attended);
  float* x1 = memory->x1.grow(tokens_ * shape_.n_embd);
  std::memcpy(x1, x, static_cast<std::size_t>(tokens_ * shape_.n_embd) * sizeof(float));
  map_forward(layer, kOutput, attended, memory, matrix(x1, tokens_, shape_.n_embd), true);
}

template <typename T>
void Graph<T>::open_ffn(std::int64_t layer, LayerMemory<T>* memory) {
  T* normed = normed_.grow(tokens_ * shape_.n_embd);
  norm(memory->x1.data(), weights_.layer(layer).ffn_norm.data(), normed);
  T* gate_up = memory->gate_up.grow(tokens_ * 2 * shape_.n_ff);
  map_forward(layer, kGateUp, normed, memory, matrix(gate_up, tokens_, 2 * shape_.n_ff), false);
}

template <typename T>
void Graph<T>::forward_layer(std::int64_t layer, const float* x, LayerMemory<T>* memory, float* x_out) {
  attend(layer, x, memory);
  open_ffn(layer, memory);
  std::memcpy(x_out, memory->x1.data(), static_cast<std::size_t>(tokens_ * shape_.n_embd) * sizeof(float));
  map_forward(layer, kDown, activated(*memory), memory, matrix(x_out, tokens_, shape_.n_embd), true);
}

template <typename T>
void Graph<T>::recompute_layer(std::int64_t layer, const float* x, LayerMemory<T>* memory) {
  attend(layer, x, memory);
  open_ffn(layer, memory);
  project_down(layer, kDown, activated(*memory), memory);
}

// --- a layer backward: dx is dl/dx' when it comes and dl/dx when it goes

template <typename T>
void Graph<T>::backward_ffn(std::int64_t layer, LayerMemory<T>* memory, float* dx, float* gradients) {
  const std::int64_t width = shape_.n_ff;
  float* d_active = d_input_.grow(tokens_ * std::max(width, std::max(shape_.n_embd, shape_.query_width())));
  map_backward(layer, kDown, narrow(dx), activated(*memory), memory, d_active, gradients);
  T* d_gate_up = d_wide_.grow(tokens_ * std::max(2 * width, shape_.qkv_width()));
  parallel_for(tokens_, width, [&](std::int64_t i) {
    const T* gate = memory->gate_up.data() + 2 * i * width;
    T* d_gate = d_gate_up + 2 * i * width;
    kernels().of<T>().swiglu_backward(gate, gate + width, d_active + i * width, width, d_gate, d_gate + width);
  });
  T* normed = normed_.grow(tokens_ * shape_.n_embd);
  norm(memory->x1.data(), weights_.layer(layer).ffn_norm.data(), normed);
  map_backward(layer, kGateUp, d_gate_up, normed, memory, d_input_.data(), gradients);
  norm_backward(memory->x1.data(), weights_.layer(layer).ffn_norm.data(), d_input_.data(), dx);
}

template <typename T>
void Graph<T>::backward_attention(std::int64_t layer, const float* x, LayerMemory<T>* memory, float* dx,
                                  float* gradients) {
  map_backward(layer, kOutput, narrow(dx), memory->attention.data(), memory, d_input_.data(), gradients);
  T* d_qkv = d_wide_.data();
  const auto real = static_cast<std::int64_t>(batch_->tokens.size());
  std::memset(static_cast<void*>(d_qkv + real * shape_.qkv_width()), 0,
              static_cast<std::size_t>((tokens_ - real) * shape_.qkv_width()) * sizeof(T));
  attention_.backward(batch_->rows, memory->qkv.data(), d_input_.data(), d_qkv);
  T* normed = normed_.grow(tokens_ * shape_.n_embd);
  norm(x, weights_.layer(layer).attention_norm.data(), normed);
  map_backward(layer, kQkv, d_qkv, normed, memory, d_input_.data(), gradients);
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
  const float* x = state(shape_.n_layer % 2);
  for (std::size_t i = 0; i < batch.tokens.size(); ++i) {
    head_.logits(x + static_cast<std::int64_t>(i) * shape_.n_embd,
                 out.data() + i * static_cast<std::size_t>(shape_.n_vocab));
  }
  return out;
}

template class Graph<float>;
template class Graph<Bf16>;

}  // namespace banchu::lora
