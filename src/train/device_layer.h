// One layer's way out and back, declared for a device. The walk is graph.h's; a layer's own products are computed again
// on the way back, so that nothing but the residual is kept between the two.
//
// LoRA, as in lora_map.h: H = drop(X) A^T, Y = X W^T + b + s H B^T; back, dH = s dY B, dX = dY W + drop(dH A),
// dA = dH^T drop(X), dB = s dY^T H.
// Attention, as in attention.h, row by row: no row sees another. The query heads that share a key head stand one
// behind the other, so that one product sums over them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "train/device.h"
#include "train/device_share.h"
#include "train/lora_parameters.h"

namespace banchu::lora {

struct DeviceRow {
  std::int64_t begin = 0, length = 0;
  // What may be seen: 0, or minus infinity, ne = {length, length}. `near`: in the layers with a window.
  Node mask = nullptr, near = nullptr;
};

// What all layers of a device see of a pass.
struct DevicePass {
  std::int64_t tokens = 0;
  Node positions = nullptr;  // [tokens], int32
  std::vector<DeviceRow> rows;
  bool drops = false;
};

class DeviceLayerGraph {
 public:
  DeviceLayerGraph(const DeviceShare& share, const ModelShape& shape, const ParameterPlan& plan, const DevicePass& pass,
                   std::int64_t layer, Frame* frame);

  // x and what comes back: ne = {n_embd, tokens}.
  Node forward(Node x);
  // After forward: dl/dx from that of what forward gave, or nullptr where nobody asks for it. Declares the copies of
  // the gradients into the share's own.
  Node backward(Node dx, bool wants_input);
  // What is to be filled in before the graph is computed: the masks of dropout [in, tokens], none without it.
  const std::array<Node, kGroups>& dropout() const { return dropout_; }

 private:
  // A map's numbers that its way back needs.
  struct Map {
    Node seen = nullptr;        // the input as A reads it
    Node h = nullptr;           // {h_width, tokens}
    std::vector<Node> outputs;  // of each member, {out, tokens}
  };
  struct Heads {
    Node raw = nullptr;     // before the norm and rope, {head_dim, heads, tokens}
    Node turned = nullptr;  // behind them
  };
  struct Seen {
    Node q, k, v, probabilities;
  };

  const Group& group(GroupKind kind) const { return plan_.layers[static_cast<std::size_t>(layer_)][kind]; }
  Node parameter(Node all, std::int64_t offset, std::int64_t columns, std::int64_t rows) const;
  void store_gradient(Node gradient, std::int64_t offset);
  Map map(GroupKind kind, Node input);
  Node map_backward(GroupKind kind, const std::vector<Node>& d_outputs, const Map& map, bool wants_input);

  Turn turn() const;
  Heads heads(Node projected, std::int64_t count, Node norm);
  Node heads_backward(const Heads& heads, Node d_turned, Node norm);
  Node row_of(Node all, const DeviceRow& row) const;  // {head_dim, length, heads}
  Node attend();
  std::array<Node, 3> attend_row_backward(const Seen& seen, Node d_out);
  std::vector<Node> attend_backward(Node d_attended);
  // The branch behind its norm, where the family has one.
  Node post(Node branch, Node norm);
  Node post_backward(Node d_sum, Node branch, Node norm);

  const ModelShape& shape_;
  const ParameterPlan& plan_;
  const DevicePass& pass_;
  const DeviceShare& share_;
  const DeviceLayer& weights_;
  std::int64_t layer_;
  Frame& frame_;
  ggml_context* ctx_;
  std::array<Node, kGroups> dropout_{};

  Node x_ = nullptr, middle_ = nullptr;  // what the two norms read
  Map qkv_, output_, gate_up_, down_;
  Heads queries_, keys_;
  Node values_ = nullptr;
  std::vector<Seen> seen_;
  Node gate_ = nullptr, up_ = nullptr;
};

}  // namespace banchu::lora
