// The trainer's formulas in ggml's words. A tensor here has ne[0] numbers a token and one token a row, so that the
// matrix X [tokens, in] of graph.h is a tensor of ne = {in, tokens}, and W [out, in] one of ne = {in, out}.
//
// Every function declares nodes in `ctx` and computes nothing. The formulas are those of graph.h and attention.h.
#pragma once

#include <cstdint>
#include <vector>

#include "train/architecture.h"
#include "train/shape.h"

struct ggml_context;
struct ggml_tensor;

namespace banchu::lora {

using Node = ggml_tensor*;

// Of a matrix with its rows one behind the other.
Node transposed(ggml_context* ctx, Node a);
// The `count` numbers of every token from `first` on, in a memory of their own.
Node part(ggml_context* ctx, Node a, std::int64_t first, std::int64_t count);
// Side by side along `dimension`, in this order.
Node joined(ggml_context* ctx, std::vector<Node> parts, int dimension);

// g o x / sqrt(mean(x^2) + eps), and dx from dy.
Node rms_norm(ggml_context* ctx, Node x, Node weight, float epsilon);
Node rms_norm_backward(ggml_context* ctx, Node dy, Node x, Node weight, float epsilon);

// f(gate) o up, and what both of them get from dh.
Node activate(ggml_context* ctx, Activation kind, Node gate, Node up);
struct GateGradients {
  Node gate = nullptr, up = nullptr;
};
GateGradients activate_backward(ggml_context* ctx, Activation kind, Node dh, Node gate, Node up);

// Of x with ne = {head_dim, heads, tokens}, each token at its position; and the way back.
struct Turn {
  Node positions = nullptr;  // [tokens], int32
  Node factors = nullptr;    // [pairs], or none
  const RopeShape* shape = nullptr;
  std::int64_t pairs = 0;
  RopePairs kind = RopePairs::adjacent;
};
Node rope(ggml_context* ctx, const Turn& turn, Node x);
Node rope_backward(ggml_context* ctx, const Turn& turn, Node dy);

}  // namespace banchu::lora
