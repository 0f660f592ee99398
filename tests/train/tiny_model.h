// Models small enough for plain arithmetic, one of every family that can be trained: random weights, written as GGUF.
// Described here once more, apart from src/train/: what judges the trainer does not ask it what a model is. For tests.
#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/rng.h"
#include "tests/train/tiny_gguf.h"

namespace banchu::test {

struct TinyModel {
  std::string architecture = "llama";
  std::uint32_t n_layer = 2, n_embd = 32, n_head = 4, n_head_kv = 2, head_dim = 8, n_ff = 48, n_vocab = 61;
  std::uint32_t context = 256;
  float rms_epsilon = 1e-5f;

  bool tied = false, gelu = false, head_norms = false, post_norms = false, scaled_embedding = false;
  bool fused = false;  // attn_qkv, and ffn_up with gate above up
  bool qkv_biases = false, branch_biases = false;

  float rope_base = 10000.0f;
  std::uint32_t rope_dims = 0;  // 0: the whole head
  bool rope_halves = false;
  std::string rope_factors = "rope_freqs.weight";  // the tensor in force; "": none
  std::string rope_type;                           // rope.scaling.type; "": not in the file
  float rope_stretch = 0;                          // rope.scaling.factor; 0: not in the file
  float rope_magnitude = 0;                        // rope.scaling.attn_factor; 0: not in the file
  std::uint32_t rope_original_context = 0;         // 0: not in the file

  std::uint32_t window = 0, window_period = 0;  // layers but every window_period-th see `window` positions
  float window_rope_base = 10000.0f;

  std::map<std::string, std::uint32_t> more_integers;  // metadata that no known model has
  std::map<std::string, TinyTensor> tensors;

  std::uint32_t rotated() const { return rope_dims == 0 ? head_dim : rope_dims; }
  bool is_windowed(std::uint32_t layer) const { return window > 0 && layer % window_period + 1 < window_period; }
};

inline TinyTensor random_tensor(std::uint64_t seed, const std::string& name, std::vector<std::uint64_t> ne,
                                double spread, double centre = 0) {
  Rng rng(seed, name);
  std::uint64_t n = 1;
  for (const std::uint64_t d : ne) n *= d;
  TinyTensor tensor{std::move(ne), std::vector<float>(n)};
  for (float& x : tensor.data) x = static_cast<float>(centre + spread * rng.normal());
  return tensor;
}

// Gives the described model its weights.
class TinyWeights {
 public:
  TinyWeights(std::uint64_t seed, TinyModel* tiny) : seed_(seed), m_(*tiny) {
    const std::uint64_t embd = m_.n_embd;
    add("token_embd.weight", {embd, m_.n_vocab}, m_.scaled_embedding ? 1.5 / std::sqrt(m_.n_embd) : 0.5);
    norm("output_norm.weight", embd);
    if (!m_.tied) add("output.weight", {embd, m_.n_vocab}, 0.3);
    factors();
    for (std::uint32_t i = 0; i < m_.n_layer; ++i) {
      prefix_ = "blk." + std::to_string(i) + ".";
      attention();
      feed_forward();
    }
  }

 private:
  void add(const std::string& name, std::vector<std::uint64_t> ne, double spread, double centre = 0) {
    m_.tensors[prefix_ + name] = random_tensor(seed_, prefix_ + name, std::move(ne), spread, centre);
  }
  void norm(const std::string& name, std::uint64_t n) { add(name, {n}, 0.1, 1); }
  void map(const std::string& name, std::uint64_t in, std::uint64_t out, double spread, bool bias) {
    add(name + ".weight", {in, out}, spread);
    if (bias) add(name + ".bias", {out}, 0.4);
  }
  void factors() {
    const std::uint64_t pairs = m_.rotated() / 2;
    if (m_.rope_factors == "rope_freqs.weight") add("rope_freqs.weight", {pairs}, 0.2, 1.5);
    if (m_.rope_factors.starts_with("rope_factors")) {
      add("rope_factors_short.weight", {pairs}, 0.1, 1.2);
      add("rope_factors_long.weight", {pairs}, 0.5, 4);
    }
  }
  void attention() {
    const std::uint64_t embd = m_.n_embd, q = m_.n_head * m_.head_dim, kv = m_.n_head_kv * m_.head_dim;
    norm("attn_norm.weight", embd);
    if (m_.fused) {
      map("attn_qkv", embd, q + 2 * kv, 0.3, m_.qkv_biases);
    } else {
      map("attn_q", embd, q, 0.3, m_.qkv_biases);
      map("attn_k", embd, kv, 0.3, m_.qkv_biases);
      map("attn_v", embd, kv, 0.3, m_.qkv_biases);
    }
    map("attn_output", q, embd, 0.2, m_.branch_biases);
    if (m_.head_norms) {
      norm("attn_q_norm.weight", m_.head_dim);
      norm("attn_k_norm.weight", m_.head_dim);
    }
    if (m_.post_norms) norm("post_attention_norm.weight", embd);
  }
  void feed_forward() {
    const std::uint64_t embd = m_.n_embd;
    norm("ffn_norm.weight", embd);
    if (!m_.fused) map("ffn_gate", embd, m_.n_ff, 0.3, m_.branch_biases);
    map("ffn_up", embd, m_.fused ? 2 * m_.n_ff : m_.n_ff, 0.3, m_.branch_biases);
    map("ffn_down", m_.n_ff, embd, 0.2, m_.branch_biases);
    if (m_.post_norms) norm("post_ffw_norm.weight", embd);
  }

  std::uint64_t seed_;
  TinyModel& m_;
  std::string prefix_;
};

// A llama unless `tiny` says something else. Rope factors are there, so that they are tested too.
inline TinyModel make_tiny_llama(std::uint64_t seed, bool tied = false, TinyModel tiny = {}) {
  tiny.tied = tiny.tied || tied;
  TinyWeights(seed, &tiny);
  return tiny;
}

inline TinyModel tiny_qwen2() {
  TinyModel m;
  m.architecture = "qwen2";
  m.tied = m.qkv_biases = m.rope_halves = true;
  m.rope_factors = "";
  return m;
}

// Heads wider than n_embd / n_head.
inline TinyModel tiny_qwen3() {
  TinyModel m;
  m.architecture = "qwen3";
  m.head_dim = 12;
  m.head_norms = m.rope_halves = true;
  m.rope_factors = "";
  return m;
}

// Two layers that see five positions around one that sees all; only that one is stretched.
inline TinyModel tiny_gemma3() {
  TinyModel m;
  m.architecture = "gemma3";
  m.n_layer = 3;
  m.n_head_kv = 1;
  m.head_dim = 12;
  m.tied = m.gelu = m.head_norms = m.post_norms = m.scaled_embedding = m.rope_halves = true;
  m.rope_factors = "";
  m.rope_base = 50000;
  m.rope_stretch = 8;
  m.rope_type = "linear";
  m.window = 5;
  m.window_period = 2;
  m.window_rope_base = 100;
  return m;
}

// Six of eight numbers of a head turn. The context that is served (256 tokens) decides between two sets of factors.
inline TinyModel tiny_phi3(bool longer_than_original) {
  TinyModel m;
  m.architecture = "phi3";
  m.fused = m.rope_halves = true;
  m.rope_dims = 6;
  m.rope_type = "longrope";
  m.rope_original_context = longer_than_original ? 128 : 4096;
  m.rope_factors = longer_than_original ? "rope_factors_long.weight" : "rope_factors_short.weight";
  m.rope_magnitude = 1.19f;
  return m;
}

inline TinyModel tiny_llama_with_biases() {
  TinyModel m;
  m.qkv_biases = m.branch_biases = true;
  m.rope_factors = "";
  m.rope_stretch = 4;  // without a type: linear
  return m;
}

inline TinyModel tiny_llama_with_yarn() {
  TinyModel m;
  m.rope_factors = "";
  m.rope_type = "yarn";
  m.rope_base = 40;  // so that pairs of a tiny head lie on the ramp
  m.rope_stretch = 4;
  m.rope_original_context = 64;
  m.rope_magnitude = 0.9f;
  return m;
}

// Every family, and every kind of rope.
inline std::map<std::string, TinyModel> tiny_families() {
  std::map<std::string, TinyModel> all = {{"llama", {}},
                                          {"llama_with_biases", tiny_llama_with_biases()},
                                          {"llama_with_yarn", tiny_llama_with_yarn()},
                                          {"qwen2", tiny_qwen2()},
                                          {"qwen3", tiny_qwen3()},
                                          {"gemma3", tiny_gemma3()},
                                          {"phi3", tiny_phi3(false)},
                                          {"phi3_in_a_long_context", tiny_phi3(true)}};
  for (auto& [name, tiny] : all) TinyWeights(7, &tiny);
  return all;
}
inline std::vector<std::string> tiny_family_names() {
  std::vector<std::string> names;
  for (const auto& [name, tiny] : tiny_families()) names.push_back(name);
  return names;
}

inline void write_rope(const TinyModel& tiny, const std::string& a, GgufBytes* meta) {
  meta->integer(a + "rope.dimension_count", tiny.rotated());
  meta->real(a + "rope.freq_base", tiny.rope_base);
  if (!tiny.rope_type.empty()) meta->text(a + "rope.scaling.type", tiny.rope_type);
  if (tiny.rope_stretch != 0) meta->real(a + "rope.scaling.factor", tiny.rope_stretch);
  if (tiny.rope_magnitude != 0) meta->real(a + "rope.scaling.attn_factor", tiny.rope_magnitude);
  if (tiny.rope_original_context != 0) {
    meta->integer(a + "rope.scaling.original_context_length", tiny.rope_original_context);
  }
  if (tiny.window == 0) return;
  meta->integer(a + "attention.sliding_window", tiny.window);
  meta->integer(a + "attention.sliding_window_pattern", tiny.window_period);
  meta->real(a + "rope.freq_base_swa", tiny.window_rope_base);
}

inline void write_tiny_model(const TinyModel& tiny, const std::filesystem::path& path) {
  GgufBytes meta;
  const std::string a = tiny.architecture + ".";
  meta.text("general.architecture", tiny.architecture);
  meta.text("tokenizer.ggml.model", "no_vocab");
  meta.integer(a + "vocab_size", tiny.n_vocab);
  meta.integer(a + "block_count", tiny.n_layer);
  meta.integer(a + "context_length", tiny.context);
  meta.integer(a + "embedding_length", tiny.n_embd);
  meta.integer(a + "feed_forward_length", tiny.n_ff);
  meta.integer(a + "attention.head_count", tiny.n_head);
  meta.integer(a + "attention.head_count_kv", tiny.n_head_kv);
  meta.integer(a + "attention.key_length", tiny.head_dim);
  meta.integer(a + "attention.value_length", tiny.head_dim);
  meta.real(a + "attention.layer_norm_rms_epsilon", tiny.rms_epsilon);
  write_rope(tiny, a, &meta);
  for (const auto& [key, value] : tiny.more_integers) meta.integer(a + key, value);
  write_gguf(meta, tiny.tensors, path);
}

}  // namespace banchu::test
