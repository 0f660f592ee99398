#include "train/shape_tensors.h"

#include <fmt/format.h>

#include <set>

#include "train/dequantise.h"

namespace banchu::lora {

namespace {

Error corrupt(const GgufFile& file, const std::string& why) {
  return make_error(Code::Corruption, fmt::format("{}: {}", file.path().string(), why), "get the model again");
}

// One tensor that the graph reads, with the shape it must have.
struct Expected {
  std::string name;
  std::vector<std::int64_t> ne;
  bool optional = false;
};

class Expectations {
 public:
  explicit Expectations(const ModelShape& shape) : s_(shape) {
    add("token_embd.weight", {s_.n_embd, s_.n_vocab});
    add("output_norm.weight", {s_.n_embd});
    add("output.weight", {s_.n_embd, s_.n_vocab}, true);
    factors();
    for (std::int64_t i = 0; i < s_.n_layer; ++i) {
      prefix_ = fmt::format("blk.{}.", i);
      attention();
      feed_forward();
    }
  }
  const std::vector<Expected>& list() const { return list_; }

 private:
  void add(const std::string& name, std::vector<std::int64_t> ne, bool optional = false) {
    list_.push_back({prefix_ + name, std::move(ne), optional});
  }
  void map(const std::string& name, std::int64_t in, std::int64_t out, bool may_have_bias) {
    add(name + ".weight", {in, out});
    if (may_have_bias) add(name + ".bias", {out}, true);
  }
  void factors() {
    if (s_.kind.rope_factors == RopeFactors::frequencies) add("rope_freqs.weight", {s_.rope_pairs}, true);
    if (s_.kind.rope_factors == RopeFactors::long_and_short) {
      add("rope_factors_long.weight", {s_.rope_pairs}, true);
      add("rope_factors_short.weight", {s_.rope_pairs}, true);
    }
  }
  void attention() {
    add("attn_norm.weight", {s_.n_embd});
    if (s_.fused_qkv) {
      map("attn_qkv", s_.n_embd, s_.qkv_width(), true);
    } else {
      map("attn_q", s_.n_embd, s_.query_width(), true);
      map("attn_k", s_.n_embd, s_.kv_width(), true);
      map("attn_v", s_.n_embd, s_.kv_width(), true);
    }
    if (s_.kind.head_norms) {
      add("attn_q_norm.weight", {s_.head_dim});
      add("attn_k_norm.weight", {s_.head_dim});
    }
    map("attn_output", s_.query_width(), s_.n_embd, s_.kind.branch_biases);
    if (s_.kind.post_norms) add("post_attention_norm.weight", {s_.n_embd});
  }
  void feed_forward() {
    add("ffn_norm.weight", {s_.n_embd});
    if (!s_.kind.fused_gate_up) map("ffn_gate", s_.n_embd, s_.n_ff, s_.kind.branch_biases);
    map("ffn_up", s_.n_embd, s_.kind.fused_gate_up ? 2 * s_.n_ff : s_.n_ff, s_.kind.branch_biases);
    map("ffn_down", s_.n_ff, s_.n_embd, s_.kind.branch_biases);
    if (s_.kind.post_norms) add("post_ffw_norm.weight", {s_.n_embd});
  }

  const ModelShape& s_;
  std::string prefix_;
  std::vector<Expected> list_;
};

bool has_shape(const GgufTensor& tensor, const std::vector<std::int64_t>& ne) {
  for (std::size_t i = 0; i < std::max(tensor.ne.size(), ne.size()); ++i) {
    const std::uint64_t have = i < tensor.ne.size() ? tensor.ne[i] : 1;
    const std::uint64_t want = i < ne.size() ? static_cast<std::uint64_t>(ne[i]) : 1;
    if (have != want) return false;
  }
  return true;
}

Status check_one(const GgufFile& file, const Expected& expected) {
  const GgufTensor* tensor = file.find_tensor(expected.name);
  if (tensor == nullptr && expected.optional) return {};
  if (tensor == nullptr) return corrupt(file, "the tensor " + expected.name + " is missing");
  if (!has_shape(*tensor, expected.ne)) return corrupt(file, "the tensor " + expected.name + " has a wrong shape");
  if (can_dequantise(*tensor)) return {};
  return unsupported(
      file, fmt::format("the tensor {} has type {}, which cannot be dequantised", expected.name, tensor->type));
}

}  // namespace

Error unsupported(const GgufFile& file, const std::string& why) {
  return make_error(Code::Unsupported, fmt::format("{} cannot be trained: {}", file.path().filename().string(), why),
                    "banchu can still chat with this model; training knows the architectures " + known_architectures() +
                        " (Mistral, SmolLM and many others are llama)");
}

Status check_tensors(const GgufFile& file, const ModelShape& shape) {
  std::set<std::string> known;
  const Expectations expectations(shape);
  for (const Expected& expected : expectations.list()) {
    known.insert(expected.name);
    BANCHU_TRY_STATUS(check_one(file, expected));
  }
  for (const GgufTensor& tensor : file.tensors()) {
    if (known.contains(tensor.name)) continue;
    return unsupported(file, fmt::format("its tensor {} is not one of a {}'s", tensor.name, shape.kind.name));
  }
  return {};
}

}  // namespace banchu::lora
