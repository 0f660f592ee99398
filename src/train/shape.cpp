#include "train/shape.h"

#include <fmt/format.h>

#include <array>
#include <set>
#include <string>

#include "train/dequantise.h"
#include "train/train.h"

namespace banchu::lora {

namespace {

constexpr const char* kHint =
    "banchu can still chat with this model; training knows the llama architecture (Llama, "
    "SmolLM, TinyLlama, Mistral, Vicuna and their kin)";

Error unsupported(const GgufFile& file, const std::string& why) {
  return make_error(Code::Unsupported, fmt::format("{} cannot be trained: {}", file.path().filename().string(), why),
                    kHint);
}

Error corrupt(const GgufFile& file, const std::string& why) {
  return make_error(Code::Corruption, fmt::format("{}: {}", file.path().string(), why), "get the model again");
}

// One tensor that the graph reads, with the shape it must have.
struct Expected {
  std::string name;
  std::vector<std::int64_t> ne;
  bool optional = false;
};

std::vector<Expected> expected_tensors(const LlamaShape& s) {
  std::vector<Expected> list = {{"token_embd.weight", {s.n_embd, s.n_vocab}},
                                {"output_norm.weight", {s.n_embd}},
                                {"output.weight", {s.n_embd, s.n_vocab}, true},
                                {"rope_freqs.weight", {s.rope_pairs}, true}};
  for (std::int64_t i = 0; i < s.n_layer; ++i) {
    const std::string layer = fmt::format("blk.{}.", i);
    list.push_back({layer + "attn_norm.weight", {s.n_embd}});
    list.push_back({layer + "attn_q.weight", {s.n_embd, s.query_width()}});
    list.push_back({layer + "attn_k.weight", {s.n_embd, s.kv_width()}});
    list.push_back({layer + "attn_v.weight", {s.n_embd, s.kv_width()}});
    list.push_back({layer + "attn_output.weight", {s.query_width(), s.n_embd}});
    list.push_back({layer + "ffn_norm.weight", {s.n_embd}});
    list.push_back({layer + "ffn_gate.weight", {s.n_embd, s.n_ff}});
    list.push_back({layer + "ffn_up.weight", {s.n_embd, s.n_ff}});
    list.push_back({layer + "ffn_down.weight", {s.n_ff, s.n_embd}});
  }
  return list;
}

bool has_shape(const GgufTensor& tensor, const std::vector<std::int64_t>& ne) {
  for (std::size_t i = 0; i < std::max(tensor.ne.size(), ne.size()); ++i) {
    const std::uint64_t have = i < tensor.ne.size() ? tensor.ne[i] : 1;
    const std::uint64_t want = i < ne.size() ? static_cast<std::uint64_t>(ne[i]) : 1;
    if (have != want) return false;
  }
  return true;
}

Status check_tensors(const GgufFile& file, const LlamaShape& shape) {
  std::set<std::string> known;
  for (const Expected& expected : expected_tensors(shape)) {
    known.insert(expected.name);
    const GgufTensor* tensor = file.find_tensor(expected.name);
    if (tensor == nullptr && expected.optional) continue;
    if (tensor == nullptr) return corrupt(file, "the tensor " + expected.name + " is missing");
    if (!has_shape(*tensor, expected.ne)) return corrupt(file, "the tensor " + expected.name + " has a wrong shape");
    if (!can_dequantise(*tensor)) {
      return unsupported(
          file, fmt::format("the tensor {} has type {}, which cannot be dequantised", expected.name, tensor->type));
    }
  }
  for (const GgufTensor& tensor : file.tensors()) {
    if (!known.contains(tensor.name)) return unsupported(file, "its tensor " + tensor.name + " is not one of llama's");
  }
  return {};
}

Status check_metadata(const GgufFile& file) {
  const std::string architecture = file.text("general.architecture").value_or("");
  if (architecture != "llama") return unsupported(file, fmt::format("its architecture is \"{}\"", architecture));
  const std::string scaling = file.text("llama.rope.scaling.type").value_or("none");
  if (scaling != "none") return unsupported(file, fmt::format("its rope scaling is \"{}\"", scaling));
  if (file.integer("llama.expert_count").value_or(0) > 0) return unsupported(file, "it is a mixture of experts");
  return {};
}

// Reads a positive number no larger than `limit`; zero when it is missing or out of range.
std::int64_t dimension(const GgufFile& file, const char* key, std::int64_t fallback, std::int64_t limit) {
  const std::int64_t value = file.integer(key).value_or(fallback);
  return value > 0 && value <= limit ? value : 0;
}

LlamaShape read_dimensions(const GgufFile& file) {
  constexpr std::int64_t kLimit = 1 << 20;
  LlamaShape s;
  s.n_layer = dimension(file, "llama.block_count", 0, 4096);
  s.n_embd = dimension(file, "llama.embedding_length", 0, kLimit);
  s.n_head = dimension(file, "llama.attention.head_count", 0, 4096);
  s.n_head_kv = dimension(file, "llama.attention.head_count_kv", s.n_head, 4096);
  const std::int64_t natural = s.n_head > 0 ? s.n_embd / s.n_head : 0;
  s.head_dim = dimension(file, "llama.attention.key_length", natural, kLimit);
  s.n_ff = dimension(file, "llama.feed_forward_length", 0, kLimit);
  const GgufTensor* embedding = file.find_tensor("token_embd.weight");
  if (embedding != nullptr && embedding->ne.size() == 2 && embedding->ne[1] <= 1ULL << 28) {
    s.n_vocab = static_cast<std::int64_t>(embedding->ne[1]);
  }
  s.rope_pairs = dimension(file, "llama.rope.dimension_count", s.head_dim, kLimit) / 2;
  s.rms_epsilon = static_cast<float>(file.number("llama.attention.layer_norm_rms_epsilon").value_or(0));
  s.rope_base = file.number("llama.rope.freq_base").value_or(10000);
  s.tied_output = file.find_tensor("output.weight") == nullptr;
  return s;
}

bool is_sane(const LlamaShape& s, const GgufFile& file) {
  const std::array dimensions{s.n_layer, s.n_embd, s.n_head, s.n_head_kv, s.head_dim, s.n_ff, s.n_vocab, s.rope_pairs};
  for (const std::int64_t d : dimensions) {
    if (d <= 0) return false;
  }
  const bool heads_fit = s.n_head % s.n_head_kv == 0 && 2 * s.rope_pairs <= s.head_dim;
  const bool values_fit = file.integer("llama.attention.value_length").value_or(s.head_dim) == s.head_dim;
  return heads_fit && values_fit && s.rms_epsilon > 0 && s.rms_epsilon < 1 && s.rope_base > 1;
}

}  // namespace

Result<LlamaShape> read_llama_shape(const GgufFile& file) {
  BANCHU_TRY_STATUS(check_metadata(file));
  LlamaShape shape = read_dimensions(file);
  if (!is_sane(shape, file)) return unsupported(file, "its dimensions are missing, or not those of a llama");
  BANCHU_TRY_STATUS(check_tensors(file, shape));
  if (const GgufTensor* factors = file.find_tensor("rope_freqs.weight"); factors != nullptr) {
    shape.rope_factors.resize(static_cast<std::size_t>(shape.rope_pairs));
    dequantise(*factors, 0, shape.rope_pairs, shape.rope_factors.data());
  }
  return shape;
}

}  // namespace banchu::lora

namespace banchu {

Status trainable(const GgufFile& file) {
  auto shape = lora::read_llama_shape(file);
  if (!shape) return shape.error();
  return {};
}

}  // namespace banchu
