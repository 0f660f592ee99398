// What the trainer knows of a llama file before it touches a weight: the numbers that shape the graph.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "model/gguf_file.h"

namespace banchu::lora {

struct LlamaShape {
  std::int64_t n_layer = 0;
  std::int64_t n_embd = 0;
  std::int64_t n_head = 0;
  std::int64_t n_head_kv = 0;
  std::int64_t head_dim = 0;
  std::int64_t n_ff = 0;
  std::int64_t n_vocab = 0;
  std::int64_t rope_pairs = 0;  // the first 2 * rope_pairs numbers of a head are rotated
  float rms_epsilon = 0;
  double rope_base = 10000;
  std::vector<float> rope_factors;  // one per pair; frequencies are divided by them. Empty: all 1
  bool tied_output = false;         // the head is the token embedding

  std::int64_t query_width() const { return n_head * head_dim; }
  std::int64_t kv_width() const { return n_head_kv * head_dim; }
  std::int64_t qkv_width() const { return query_width() + 2 * kv_width(); }
  std::int64_t queries_per_kv() const { return n_head / n_head_kv; }
};

// Errors: Unsupported (another architecture, an unknown tensor or tensor type, mixtures of experts, rope scaling by
// formula), Corruption (a tensor that is missing or has another shape than the metadata says).
Result<LlamaShape> read_llama_shape(const GgufFile& file);

}  // namespace banchu::lora
