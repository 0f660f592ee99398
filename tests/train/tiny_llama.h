// A llama small enough for plain arithmetic: random weights, written as an F32 GGUF. For tests.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/rng.h"

namespace banchu::test {

struct TinyTensor {
  std::vector<std::uint64_t> ne;  // ne[0] is contiguous
  std::vector<float> data;
};

struct TinyLlama {
  std::uint32_t n_layer = 2, n_embd = 32, n_head = 4, n_head_kv = 2, head_dim = 8, n_ff = 48, n_vocab = 61;
  float rope_base = 10000.0f;
  float rms_epsilon = 1e-5f;
  std::string architecture = "llama";
  std::map<std::string, TinyTensor> tensors;
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

// `tied`: without output.weight. Rope factors are there, so that they are tested too.
inline TinyLlama make_tiny_llama(std::uint64_t seed, bool tied = false, TinyLlama tiny = {}) {
  const auto add = [&](const std::string& name, std::vector<std::uint64_t> ne, double spread, double centre = 0) {
    tiny.tensors[name] = random_tensor(seed, name, std::move(ne), spread, centre);
  };
  const std::uint64_t embd = tiny.n_embd, q = tiny.n_head * tiny.head_dim, kv = tiny.n_head_kv * tiny.head_dim;
  add("token_embd.weight", {embd, tiny.n_vocab}, 0.5);
  add("output_norm.weight", {embd}, 0.1, 1);
  if (!tied) add("output.weight", {embd, tiny.n_vocab}, 0.3);
  add("rope_freqs.weight", {tiny.head_dim / 2}, 0.2, 1.5);
  for (std::uint32_t i = 0; i < tiny.n_layer; ++i) {
    const std::string layer = "blk." + std::to_string(i) + ".";
    add(layer + "attn_norm.weight", {embd}, 0.1, 1);
    add(layer + "attn_q.weight", {embd, q}, 0.3);
    add(layer + "attn_k.weight", {embd, kv}, 0.3);
    add(layer + "attn_v.weight", {embd, kv}, 0.3);
    add(layer + "attn_output.weight", {q, embd}, 0.2);
    add(layer + "ffn_norm.weight", {embd}, 0.1, 1);
    add(layer + "ffn_gate.weight", {embd, tiny.n_ff}, 0.3);
    add(layer + "ffn_up.weight", {embd, tiny.n_ff}, 0.3);
    add(layer + "ffn_down.weight", {tiny.n_ff, embd}, 0.2);
  }
  return tiny;
}

namespace detail {
class Bytes {
 public:
  template <typename T>
  void number(T v) {
    out.append(reinterpret_cast<const char*>(&v), sizeof v);
  }
  void string(const std::string& s) {
    number<std::uint64_t>(s.size());
    out += s;
  }
  void key(const std::string& name, std::uint32_t type) {
    string(name);
    number(type);
    ++pairs;
  }
  void integer(const std::string& name, std::uint32_t v) {
    key(name, 4);
    number(v);
  }
  void real(const std::string& name, float v) {
    key(name, 6);
    number(v);
  }
  void text(const std::string& name, const std::string& v) {
    key(name, 8);
    string(v);
  }
  std::string out;
  std::uint64_t pairs = 0;
};
}  // namespace detail

inline void write_tiny_llama(const TinyLlama& tiny, const std::filesystem::path& path) {
  detail::Bytes meta;
  const std::string a = tiny.architecture + ".";
  meta.text("general.architecture", tiny.architecture);
  meta.integer(a + "block_count", tiny.n_layer);
  meta.integer(a + "context_length", 256);
  meta.integer(a + "embedding_length", tiny.n_embd);
  meta.integer(a + "feed_forward_length", tiny.n_ff);
  meta.integer(a + "attention.head_count", tiny.n_head);
  meta.integer(a + "attention.head_count_kv", tiny.n_head_kv);
  meta.integer(a + "attention.key_length", tiny.head_dim);
  meta.integer(a + "attention.value_length", tiny.head_dim);
  meta.integer(a + "rope.dimension_count", tiny.head_dim);
  meta.real(a + "rope.freq_base", tiny.rope_base);
  meta.real(a + "attention.layer_norm_rms_epsilon", tiny.rms_epsilon);
  detail::Bytes file;
  file.out = "GGUF";
  file.number<std::uint32_t>(3);
  file.number<std::uint64_t>(tiny.tensors.size());
  file.number(meta.pairs);
  file.out += meta.out;
  std::string data;
  for (const auto& [name, tensor] : tiny.tensors) {
    file.string(name);
    file.number(static_cast<std::uint32_t>(tensor.ne.size()));
    for (const std::uint64_t d : tensor.ne) file.number(d);
    file.number<std::uint32_t>(0);  // F32
    file.number<std::uint64_t>(data.size());
    data.append(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size() * sizeof(float));
    data.resize((data.size() + 31) / 32 * 32, '\0');
  }
  file.out.resize((file.out.size() + 31) / 32 * 32, '\0');
  std::ofstream(path, std::ios::binary) << file.out << data;
}

}  // namespace banchu::test
