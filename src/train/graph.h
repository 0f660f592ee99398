// A letter to the reader.
//
// This is the whole of training, once through. A model of L layers turns token t into a vector x (n_embd numbers),
// passes it through the layers, and asks the vocabulary which token comes next. We leave every weight W as it is and
// put beside each linear map a small detour: y = W x + s B (A x), s = alpha / rank. A is [rank, in], B is [out, rank].
// Only A and B learn. Everything here works on many tokens at once: X is [tokens, in], one token a row, so that the
// map reads Y = X W^T + s (X A^T) B^T; lora_map.h is about nothing else.
//
// Forward, layer by layer (n = rms norm with its weight g, o = elementwise product, f = silu):
//   n1 = n(x)            qkv = map(n1)      a = attention(qkv)        x1 = x + map(a)
//   n2 = n(x1)           gate, up = map(n2) h = f(gate) o up          x' = x1 + map(h)
//   n(x) = g o x / r,  r = sqrt(mean(x^2) + eps)         silu(z) = z / (1 + e^-z)
// and at the end the head (head.h) gives the loss and its gradient with respect to the last x.
// That is a llama. The other families differ in what architecture.h lists: f may be gelu, and the two branches may pass
// one more norm before they join the residual, x1 = x + n(map(a)) and x' = x1 + n(map(h)).
//
// Backward is the same road walked home. A map's own formulas stand in lora_map.h, attention's in attention.h;
//   rms norm:  dx = (g o dy) / r - x sum(g o dy o x) / (n r^3)
//   f(g) o u:  du = dh o f(g)                dg = dh o u o f'(g)
//              silu' = sig (1 + g (1 - sig)),  sig = 1 / (1 + e^-g); gelu stands in kernels.h
//   residual:  the gradient goes both ways, so dx1 = dx' + (what comes back through the branch).
//
// What is kept between the two walks: always x and x1 of every layer, in T; as many layers as fit the budget keep qkv,
// a, gate and up, H, and what the branches gave where a norm follows; the other layers compute them again on the way
// home, by the same code on the same numbers, so the result does not depend on the budget. For that, a norm reads what
// is kept of the residual, rounded to T, also on the way out. Norms and f are always recomputed: they cost nothing.
//
// T is the type of what goes into a product. In bf16 the residual stream, the norms' insides, the softmax, the loss,
// the gradients of A and B and their master copies are f32 all the same.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "train/attention.h"
#include "train/batch.h"
#include "train/gemm.h"
#include "train/lora_map.h"
#include "train/lora_parameters.h"
#include "train/packed_head.h"
#include "train/step_graph.h"
#include "train/weights.h"

namespace banchu::lora {

// What one layer keeps for its way back. M = padded tokens.
template <typename T>
struct LayerMemory {
  Buffer<T> qkv;                     // [M, qkv_width], before rope
  Buffer<T> attention;               // [M, query_width]
  Buffer<T> gate_up;                 // [M, 2 n_ff]
  std::array<Buffer<T>, kGroups> h;  // X A^T of each group, [M, members * rank]
  Buffer<float> attention_branch;    // [M, n_embd], what the norm behind the branch reads; with post norms only
  Buffer<float> ffn_branch;          // [M, n_embd]

  std::int64_t bytes() const;  // that it holds now
};
std::int64_t layer_memory_bytes(const ModelShape& shape, const ParameterPlan& plan, Element type, std::int64_t tokens);

template <typename T>
class Graph : public StepGraph {
 public:
  Graph(const Weights<T>* weights, const ParameterPlan* plan, Gemm* gemm, double dropout,
        std::int64_t activation_budget_bytes);

  void use_parameters(const float* parameters) override { maps_.use_parameters(parameters); }
  double loss(const Batch& batch) override;
  double loss_and_gradients(const Batch& batch, float* gradients) override;
  // What the layers hold of passes so far: never more than the budget.
  std::int64_t kept_bytes() const;
  // Logits [tokens, n_vocab] of a batch: for tests.
  std::vector<float> logits(const Batch& batch);

 private:
  void begin(const Batch& batch, bool training);
  // Passes differ in size, and memory only grows: what this one does not need goes before it would exceed the budget.
  void make_room(std::int64_t layer_bytes);
  // Of the hidden states x; adds their gradient to dx unless it is null.
  double loss_of(const Batch& batch, const float* x, float* dx);
  void embed(float* x);
  // x, the residual, goes in and comes out.
  void forward_layer(std::int64_t layer, float* x, LayerMemory<T>* memory);
  // What the way back needs of the layer, from its kept x and x1.
  void recompute_layer(std::int64_t layer, LayerMemory<T>* memory);
  void attend(std::int64_t layer, const T* normed, LayerMemory<T>* memory);
  void open_ffn(std::int64_t layer, const T* normed, LayerMemory<T>* memory);
  void backward_layer(std::int64_t layer, LayerMemory<T>* memory, float* dx, float* gradients);
  void backward_ffn(std::int64_t layer, LayerMemory<T>* memory, float* dx, float* gradients);
  void backward_attention(std::int64_t layer, LayerMemory<T>* memory, float* dx, float* gradients);

  // x += branch(map(input)); the branch's own output is kept in `memory` when a norm follows it.
  void join(std::int64_t layer, GroupKind kind, const T* input, LayerMemory<T>* memory, float* x);
  // What join keeps, without x.
  void join_again(std::int64_t layer, GroupKind kind, const T* input, LayerMemory<T>* memory);
  // The gradient of the map's output, from that of the sum.
  const T* leave(std::int64_t layer, GroupKind kind, LayerMemory<T>* memory, const float* dx);
  // Rounds x into `kept`; the norm of what was kept.
  const T* keep_and_norm(const float* x, const float* weight, Buffer<T>* kept);
  const T* norm_of(const Buffer<T>& kept, const float* weight);
  template <typename X>
  void norm_backward(const X* x, const float* weight, const float* dy, float* dx);
  const T* activated(const LayerMemory<T>& memory);
  const T* narrow(const float* dx);

  const float* post_norm(std::int64_t layer, GroupKind kind) const;
  AttentionLayer attention_layer(std::int64_t layer) const;
  // Where x and x1 of a layer are kept.
  Buffer<T>& input_of(std::int64_t layer) { return inputs_[is_training_ ? static_cast<std::size_t>(layer) : 0]; }
  Buffer<T>& middle_of(std::int64_t layer) { return middles_[is_training_ ? static_cast<std::size_t>(layer) : 0]; }
  LayerMemory<T>* memory_of(std::int64_t layer);

  const Weights<T>& weights_;
  const ParameterPlan& plan_;
  const ModelShape& shape_;
  std::int64_t budget_bytes_;
  LoraMaps<T> maps_;
  Attention<T> attention_;
  PackedHead<T> head_products_;
  Head<T> head_;

  const Batch* batch_ = nullptr;
  std::int64_t tokens_ = 0;  // padded, M
  std::int64_t kept_ = 0;    // layers that keep their memory in this pass
  bool is_training_ = false;
  std::vector<Buffer<T>> inputs_, middles_;  // [M, n_embd]
  std::vector<LayerMemory<T>> memories_;
  LayerMemory<T> shared_memory_;
  Buffer<T> normed_, activated_, narrow_, d_wide_;
  Buffer<float> x_, dx_, d_input_, d_branch_;
};

}  // namespace banchu::lora
