#include "train/device_layer.h"

#include <ggml.h>

namespace banchu::lora {

DeviceLayerGraph::DeviceLayerGraph(const DeviceShare& share, const ModelShape& shape, const ParameterPlan& plan,
                                   const DevicePass& pass, std::int64_t layer, Frame* frame)
    : shape_(shape),
      plan_(plan),
      pass_(pass),
      share_(share),
      weights_(share.layer(layer)),
      layer_(layer),
      frame_(*frame),
      ctx_(frame->context()) {}

// --- a map and its detour

// A matrix of `rows` rows in the flat array.
Node DeviceLayerGraph::parameter(Node all, std::int64_t offset, std::int64_t columns, std::int64_t rows) const {
  const auto stride = static_cast<std::size_t>(columns) * sizeof(float);
  return ggml_view_2d(ctx_, all, columns, rows, stride, static_cast<std::size_t>(offset) * sizeof(float));
}

void DeviceLayerGraph::store_gradient(Node gradient, std::int64_t offset) {
  const Node place = parameter(share_.gradients(), offset, gradient->ne[0], gradient->ne[1]);
  ggml_build_forward_expand(frame_.graph(), ggml_cpy(ctx_, gradient, place));
}

DeviceLayerGraph::Map DeviceLayerGraph::map(GroupKind kind, Node input) {
  const Group& g = group(kind);
  Map map;
  map.seen = input;
  if (g.h_width > 0) {
    if (pass_.drops) {
      dropout_[kind] = ggml_new_tensor_2d(ctx_, GGML_TYPE_F32, g.in, pass_.tokens);
      ggml_set_input(dropout_[kind]);
      map.seen = ggml_mul(ctx_, input, dropout_[kind]);
    }
    map.h = ggml_mul_mat(ctx_, parameter(share_.parameters(), g.a_offset, g.in, g.h_width), map.seen);
  }
  const Node whole = ggml_mul_mat(ctx_, weights_.matrix[kind], input);
  for (const Member& member : g.members) {
    Node y = part(ctx_, whole, member.out_offset, member.out);
    if (member.is_adapted()) {
      const Node b = parameter(share_.parameters(), member.b_offset, plan_.rank, member.out);
      const Node detour = ggml_mul_mat(ctx_, b, part(ctx_, map.h, member.h_offset, plan_.rank));
      y = ggml_add(ctx_, y, ggml_scale(ctx_, detour, plan_.scale));
    }
    if (weights_.bias[kind] != nullptr) {
      const auto offset = static_cast<std::size_t>(member.out_offset) * sizeof(float);
      y = ggml_add(ctx_, y, ggml_view_1d(ctx_, weights_.bias[kind], member.out, offset));
    }
    map.outputs.push_back(y);
  }
  return map;
}

Node DeviceLayerGraph::map_backward(GroupKind kind, const std::vector<Node>& d_outputs, const Map& map,
                                    bool wants_input) {
  const Group& g = group(kind);
  std::vector<Node> d_h;
  for (std::size_t i = 0; i < g.members.size(); ++i) {
    const Member& member = g.members[i];
    if (!member.is_adapted()) continue;
    const Node b = parameter(share_.parameters(), member.b_offset, plan_.rank, member.out);
    d_h.push_back(ggml_scale(ctx_, ggml_mul_mat(ctx_, transposed(ctx_, b), d_outputs[i]), plan_.scale));
    const Node h = part(ctx_, map.h, member.h_offset, plan_.rank);
    store_gradient(ggml_scale(ctx_, ggml_out_prod(ctx_, h, d_outputs[i]), plan_.scale), member.b_offset);
  }
  const Node all_d_h = d_h.empty() ? nullptr : joined(ctx_, d_h, 0);
  if (all_d_h != nullptr) store_gradient(ggml_out_prod(ctx_, map.seen, all_d_h), g.a_offset);
  if (!wants_input) return nullptr;
  const Node back = transposed(ctx_, weights_.matrix[kind]);
  const Node d_input = ggml_mul_mat(ctx_, back, joined(ctx_, d_outputs, 0));
  if (all_d_h == nullptr) return d_input;
  const Node a = parameter(share_.parameters(), g.a_offset, g.in, g.h_width);
  Node d_seen = ggml_mul_mat(ctx_, transposed(ctx_, a), all_d_h);
  if (pass_.drops) d_seen = ggml_mul(ctx_, d_seen, dropout_[kind]);
  return ggml_add(ctx_, d_input, d_seen);
}

// --- attention

Turn DeviceLayerGraph::turn() const {
  const bool windowed = shape_.is_windowed(layer_);
  return {pass_.positions, share_.rope_factors(windowed), windowed ? &shape_.window_rope : &shape_.rope,
          shape_.rope_pairs, shape_.kind.rope_pairs};
}

DeviceLayerGraph::Heads DeviceLayerGraph::heads(Node projected, std::int64_t count, Node norm) {
  Heads heads;
  heads.raw = ggml_reshape_3d(ctx_, projected, shape_.head_dim, count, pass_.tokens);
  const Node normed = norm == nullptr ? heads.raw : rms_norm(ctx_, heads.raw, norm, shape_.rms_epsilon);
  heads.turned = rope(ctx_, turn(), normed);
  return heads;
}

// {heads * head_dim, tokens}
Node DeviceLayerGraph::heads_backward(const Heads& heads, Node d_turned, Node norm) {
  Node d = rope_backward(ctx_, turn(), d_turned);
  if (norm != nullptr) d = rms_norm_backward(ctx_, d, heads.raw, norm, shape_.rms_epsilon);
  return ggml_reshape_2d(ctx_, d, d->ne[0] * d->ne[1], d->ne[2]);
}

Node DeviceLayerGraph::row_of(Node all, const DeviceRow& row) const {
  const Node own = ggml_view_3d(ctx_, all, all->ne[0], all->ne[1], row.length, all->nb[1], all->nb[2],
                                static_cast<std::size_t>(row.begin) * all->nb[2]);
  return ggml_cont(ctx_, ggml_permute(ctx_, own, 0, 2, 1, 3));
}

namespace {

// From a row's {head_dim, length, heads} to {head_dim, heads, length}, and back again.
Node by_token(ggml_context* ctx, Node a) { return ggml_cont(ctx, ggml_permute(ctx, a, 0, 2, 1, 3)); }

// {n, length * sharing, heads / sharing} of {n, length, heads}, turned: {length * sharing, n, heads / sharing}.
Node summed_over(ggml_context* ctx, Node a, std::int64_t key_heads) {
  return transposed(ctx, ggml_reshape_3d(ctx, a, a->ne[0], a->ne[1] * a->ne[2] / key_heads, key_heads));
}

}  // namespace

Node DeviceLayerGraph::attend() {
  std::vector<Node> projected = qkv_.outputs;
  if (shape_.fused_qkv) {
    const Node all = projected.front();
    projected = {part(ctx_, all, 0, shape_.query_width()), part(ctx_, all, shape_.query_width(), shape_.kv_width()),
                 part(ctx_, all, shape_.query_width() + shape_.kv_width(), shape_.kv_width())};
  }
  queries_ = heads(projected[0], shape_.n_head, weights_.query_norm);
  keys_ = heads(projected[1], shape_.n_head_kv, weights_.key_norm);
  values_ = ggml_reshape_3d(ctx_, projected[2], shape_.head_dim, shape_.n_head_kv, pass_.tokens);
  std::vector<Node> rows;
  for (const DeviceRow& row : pass_.rows) {
    Seen seen{row_of(queries_.turned, row), row_of(keys_.turned, row), row_of(values_, row), nullptr};
    const Node scores = ggml_mul_mat(ctx_, seen.k, seen.q);
    const Node mask = shape_.is_windowed(layer_) ? row.near : row.mask;
    seen.probabilities = ggml_soft_max_ext(ctx_, scores, mask, shape_.attention_scale, 0.0F);
    rows.push_back(by_token(ctx_, ggml_mul_mat(ctx_, transposed(ctx_, seen.v), seen.probabilities)));
    seen_.push_back(seen);
  }
  return ggml_reshape_2d(ctx_, joined(ctx_, rows, 2), shape_.query_width(), pass_.tokens);
}

std::array<Node, 3> DeviceLayerGraph::attend_row_backward(const Seen& seen, Node d_out) {
  const Node d_probabilities = ggml_mul_mat(ctx_, seen.v, d_out);
  const Node d_scores = ggml_soft_max_ext_back(ctx_, d_probabilities, seen.probabilities, shape_.attention_scale, 0.0F);
  const std::int64_t key_heads = shape_.n_head_kv;
  const Node d_q = ggml_mul_mat(ctx_, transposed(ctx_, seen.k), d_scores);
  const Node d_k = ggml_mul_mat(ctx_, summed_over(ctx_, seen.q, key_heads), summed_over(ctx_, d_scores, key_heads));
  const Node d_v =
      ggml_mul_mat(ctx_, summed_over(ctx_, d_out, key_heads), summed_over(ctx_, seen.probabilities, key_heads));
  return {by_token(ctx_, d_q), by_token(ctx_, d_k), by_token(ctx_, d_v)};
}

std::vector<Node> DeviceLayerGraph::attend_backward(Node d_attended) {
  const Node d_heads = ggml_reshape_3d(ctx_, d_attended, shape_.head_dim, shape_.n_head, pass_.tokens);
  std::array<std::vector<Node>, 3> rows;
  for (std::size_t i = 0; i < pass_.rows.size(); ++i) {
    const auto d_row = attend_row_backward(seen_[i], row_of(d_heads, pass_.rows[i]));
    for (std::size_t which = 0; which < 3; ++which) rows[which].push_back(d_row[which]);
  }
  const Node d_v = joined(ctx_, rows[2], 2);
  std::vector<Node> d = {heads_backward(queries_, joined(ctx_, rows[0], 2), weights_.query_norm),
                         heads_backward(keys_, joined(ctx_, rows[1], 2), weights_.key_norm),
                         ggml_reshape_2d(ctx_, d_v, shape_.kv_width(), pass_.tokens)};
  if (shape_.fused_qkv) return {joined(ctx_, d, 0)};
  return d;
}

// --- the layer

Node DeviceLayerGraph::post(Node branch, Node norm) {
  return norm == nullptr ? branch : rms_norm(ctx_, branch, norm, shape_.rms_epsilon);
}

Node DeviceLayerGraph::post_backward(Node d_sum, Node branch, Node norm) {
  return norm == nullptr ? d_sum : rms_norm_backward(ctx_, d_sum, branch, norm, shape_.rms_epsilon);
}

Node DeviceLayerGraph::forward(Node x) {
  x_ = x;
  qkv_ = map(kQkv, rms_norm(ctx_, x, weights_.attention_norm, shape_.rms_epsilon));
  output_ = map(kOutput, attend());
  middle_ = ggml_add(ctx_, x, post(output_.outputs.front(), weights_.attention_post_norm));
  gate_up_ = map(kGateUp, rms_norm(ctx_, middle_, weights_.ffn_norm, shape_.rms_epsilon));
  const Node opened = gate_up_.outputs.front();
  gate_ = shape_.kind.fused_gate_up ? part(ctx_, opened, 0, shape_.n_ff) : opened;
  up_ = shape_.kind.fused_gate_up ? part(ctx_, opened, shape_.n_ff, shape_.n_ff) : gate_up_.outputs[1];
  down_ = map(kDown, activate(ctx_, shape_.kind.activation, gate_, up_));
  return ggml_add(ctx_, middle_, post(down_.outputs.front(), weights_.ffn_post_norm));
}

Node DeviceLayerGraph::backward(Node dx, bool wants_input) {
  const Node d_down = post_backward(dx, down_.outputs.front(), weights_.ffn_post_norm);
  const Node d_active = map_backward(kDown, {d_down}, down_, true);
  const GateGradients d = activate_backward(ctx_, shape_.kind.activation, d_active, gate_, up_);
  const std::vector<Node> d_opened =
      shape_.kind.fused_gate_up ? std::vector<Node>{joined(ctx_, {d.gate, d.up}, 0)} : std::vector<Node>{d.gate, d.up};
  const Node d_second = map_backward(kGateUp, d_opened, gate_up_, true);
  const Node d_middle =
      ggml_add(ctx_, dx, rms_norm_backward(ctx_, d_second, middle_, weights_.ffn_norm, shape_.rms_epsilon));
  const Node d_branch = post_backward(d_middle, output_.outputs.front(), weights_.attention_post_norm);
  const Node d_attended = map_backward(kOutput, {d_branch}, output_, true);
  const Node d_first = map_backward(kQkv, attend_backward(d_attended), qkv_, wants_input);
  if (!wants_input) return nullptr;
  return ggml_add(ctx_, d_middle, rms_norm_backward(ctx_, d_first, x_, weights_.attention_norm, shape_.rms_epsilon));
}

}  // namespace banchu::lora
