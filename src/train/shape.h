// What the trainer knows of a model file before it touches a weight: its family and the numbers that shape the graph.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "model/gguf_file.h"
#include "train/architecture.h"
#include "train/rope.h"

namespace banchu::lora {

struct ModelShape {
  Architecture kind;
  std::int64_t n_layer = 0;
  std::int64_t n_embd = 0;
  std::int64_t n_head = 0;
  std::int64_t n_head_kv = 0;
  std::int64_t head_dim = 0;
  std::int64_t n_ff = 0;
  std::int64_t n_vocab = 0;
  std::int64_t rope_pairs = 0;  // 2 * rope_pairs numbers of a head are rotated, the rest is copied
  float rms_epsilon = 0;
  float attention_scale = 0;  // of the scores
  RopeShape rope;
  RopeShape window_rope;       // of the layers with a window
  std::int64_t window = 0;     // positions that such a layer sees, the own one among them; 0: no layer has one
  std::vector<bool> windowed;  // by layer; empty: none
  bool fused_qkv = false;      // attn_qkv holds q above k above v
  bool tied_output = false;    // the head is the token embedding

  std::int64_t query_width() const { return n_head * head_dim; }
  std::int64_t kv_width() const { return n_head_kv * head_dim; }
  std::int64_t qkv_width() const { return query_width() + 2 * kv_width(); }
  std::int64_t queries_per_kv() const { return n_head / n_head_kv; }
  bool is_windowed(std::int64_t layer) const { return window > 0 && windowed[static_cast<std::size_t>(layer)]; }
};

// `context_tokens` is the longest row: a model with two sets of rope factors uses the long ones when that, or the
// context that chat opens, reaches past its original context.
// Errors: Unsupported (another architecture, an unknown tensor or tensor type, mixtures of experts, a rope scaling the
// trainer does not know), Corruption (a tensor that is missing or has another shape than the metadata says).
Result<ModelShape> read_shape(const GgufFile& file, std::int64_t context_tokens = 0);

}  // namespace banchu::lora
