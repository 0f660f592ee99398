#include "train/device_ops.h"

#include <ggml.h>

#include <cmath>

namespace banchu::lora {

Node transposed(ggml_context* ctx, Node a) { return ggml_cont(ctx, ggml_transpose(ctx, a)); }

Node part(ggml_context* ctx, Node a, std::int64_t first, std::int64_t count) {
  if (first == 0 && count == a->ne[0]) return a;
  const std::size_t offset = static_cast<std::size_t>(first) * ggml_element_size(a);
  return ggml_cont(ctx, ggml_view_2d(ctx, a, count, a->ne[1], a->nb[1], offset));
}

// In pairs, so that no number is copied more often than the logarithm of their count.
Node joined(ggml_context* ctx, std::vector<Node> parts, int dimension) {
  while (parts.size() > 1) {
    std::vector<Node> fewer;
    for (std::size_t i = 0; i + 1 < parts.size(); i += 2) {
      fewer.push_back(ggml_concat(ctx, parts[i], parts[i + 1], dimension));
    }
    if (parts.size() % 2 == 1) fewer.push_back(parts.back());
    parts = std::move(fewer);
  }
  return parts.front();
}

Node rms_norm(ggml_context* ctx, Node x, Node weight, float epsilon) {
  return ggml_mul(ctx, ggml_rms_norm(ctx, x, epsilon), weight);
}

Node rms_norm_backward(ggml_context* ctx, Node dy, Node x, Node weight, float epsilon) {
  return ggml_rms_norm_back(ctx, ggml_mul(ctx, dy, weight), x, epsilon);
}

namespace {

// gelu(z) = z / 2 (1 + tanh(c (z + k z^3))). ggml's own op reads a table of 16-bit floats, and it has no way back.
constexpr float kC = 0.7978845608028654F;  // sqrt(2 / pi)
constexpr float kK = 0.044715F;

struct Gelu {
  Node square, tanh;
  Gelu(ggml_context* ctx, Node z)
      : square(ggml_sqr(ctx, z)), tanh(ggml_tanh(ctx, ggml_mul(ctx, ggml_scale_bias(ctx, square, kC * kK, kC), z))) {}
  Node value(ggml_context* ctx, Node z) const { return ggml_mul(ctx, ggml_scale_bias(ctx, tanh, 0.5F, 0.5F), z); }
  // (1 + t) / 2 + z / 2 (1 - t^2) c (1 + 3 k z^2)
  Node slope(ggml_context* ctx, Node z) const {
    const Node bend = ggml_scale_bias(ctx, ggml_sqr(ctx, tanh), -0.5F, 0.5F);
    const Node inner = ggml_scale_bias(ctx, square, 3 * kC * kK, kC);
    return ggml_add(ctx, ggml_mul(ctx, ggml_mul(ctx, bend, inner), z), ggml_scale_bias(ctx, tanh, 0.5F, 0.5F));
  }
};

}  // namespace

Node activate(ggml_context* ctx, Activation kind, Node gate, Node up) {
  const Node f = kind == Activation::gelu ? Gelu(ctx, gate).value(ctx, gate) : ggml_silu(ctx, gate);
  return ggml_mul(ctx, f, up);
}

GateGradients activate_backward(ggml_context* ctx, Activation kind, Node dh, Node gate, Node up) {
  const Node d_f = ggml_mul(ctx, dh, up);
  if (kind == Activation::gelu) {
    const Gelu gelu(ctx, gate);
    return {ggml_mul(ctx, gelu.slope(ctx, gate), d_f), ggml_mul(ctx, gelu.value(ctx, gate), dh)};
  }
  return {ggml_silu_back(ctx, d_f, gate), ggml_mul(ctx, ggml_silu(ctx, gate), dh)};
}

namespace {

using RopeOp = ggml_tensor* (*)(ggml_context*, ggml_tensor*, ggml_tensor*, ggml_tensor*, int, int, int, float, float,
                                float, float, float, float);

Node turned(ggml_context* ctx, const Turn& turn, Node x, RopeOp op) {
  constexpr float kFastTurns = 32, kSlowTurns = 1;
  const RopeShape& shape = *turn.shape;
  // With yarn ggml enlarges by 1 + 0.1 log(stretch) on its own; our magnitude holds that already.
  const double own = shape.yarn ? 1.0 + 0.1 * std::log(shape.stretch) : 1.0;
  const int mode = turn.kind == RopePairs::halves ? GGML_ROPE_TYPE_NEOX : GGML_ROPE_TYPE_NORMAL;
  return op(ctx, x, turn.positions, turn.factors, static_cast<int>(2 * turn.pairs), mode,
            static_cast<int>(shape.original_context), static_cast<float>(shape.base),
            static_cast<float>(1.0 / shape.stretch), shape.yarn ? 1.0F : 0.0F,
            static_cast<float>(shape.magnitude / own), kFastTurns, kSlowTurns);
}

}  // namespace

Node rope(ggml_context* ctx, const Turn& turn, Node x) { return turned(ctx, turn, x, ggml_rope_ext); }
Node rope_backward(ggml_context* ctx, const Turn& turn, Node dy) { return turned(ctx, turn, dy, ggml_rope_ext_back); }

}  // namespace banchu::lora
