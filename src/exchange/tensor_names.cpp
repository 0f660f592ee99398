#include "exchange/tensor_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace banchu {
namespace {

struct Pair {
  std::string_view module;
  std::string_view gguf;
};
constexpr std::array kPlain = {Pair{"self_attn.q_proj", "attn_q"}, Pair{"self_attn.k_proj", "attn_k"},
                               Pair{"self_attn.v_proj", "attn_v"}, Pair{"self_attn.o_proj", "attn_output"},
                               Pair{"mlp.gate_proj", "ffn_gate"},  Pair{"mlp.up_proj", "ffn_up"},
                               Pair{"mlp.down_proj", "ffn_down"}};
constexpr std::array kJoined = {Pair{"self_attn.qkv_proj", "attn_qkv"}, Pair{"self_attn.o_proj", "attn_output"},
                                Pair{"mlp.gate_up_proj", "ffn_up"}, Pair{"mlp.down_proj", "ffn_down"}};
// The first is what we write; the others are how models with eyes call their language part.
constexpr std::array<std::string_view, 3> kLayers = {"model.layers.", "model.language_model.layers.",
                                                     "language_model.model.layers."};
constexpr std::array<std::string_view, 7> kArchitectures = {"llama",  "qwen2",  "qwen3", "gemma",
                                                            "gemma2", "gemma3", "phi3"};

// "12.rest" -> "12" and "rest"; nothing when no plain number stands there.
std::optional<Pair> split_layer(std::string_view text) {
  const std::size_t dot = text.find('.');
  const std::string_view number = text.substr(0, dot);
  const bool is_number = !number.empty() && number.size() <= 5 &&
                         std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (dot == text.npos || !is_number) return std::nullopt;
  return Pair{number, text.substr(dot + 1)};
}

enum class Direction { to_gguf, to_module };

// rows [heads, 2, half] <-> [heads, half, 2], each row `width` numbers.
std::vector<float> moved(const std::vector<float>& from, std::uint64_t heads, std::uint64_t out, Direction direction) {
  const std::uint64_t width = from.size() / out, half = out / heads / 2;
  std::vector<float> to(from.size());
  for (std::uint64_t row = 0; row < out; ++row) {
    const std::uint64_t head = row / (2 * half), in_head = row % (2 * half);
    const std::uint64_t gguf_row = head * 2 * half + in_head % half * 2 + in_head / half;
    const std::uint64_t source = direction == Direction::to_gguf ? row : gguf_row;
    const std::uint64_t target = direction == Direction::to_gguf ? gguf_row : row;
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(source * width), width,
                to.begin() + static_cast<std::ptrdiff_t>(target * width));
  }
  return to;
}

}  // namespace

Result<TensorNames> TensorNames::open(const GgufFile& base) {
  TensorNames names;
  names.architecture_ = base.text("general.architecture").value_or("");
  const std::string& a = names.architecture_;
  if (std::find(kArchitectures.begin(), kArchitectures.end(), a) == kArchitectures.end()) {
    return make_error(Code::Unsupported,
                      fmt::format("adapters for the architecture '{}' ({}) cannot be turned into PEFT's form or back",
                                  a, base.path().string()),
                      "known are: " + fmt::format("{}", fmt::join(kArchitectures, ", ")));
  }
  names.moves_rows_ = a == "llama";
  names.has_joined_qkv_ = a == "phi3";
  const auto heads = base.integer(a + ".attention.head_count");
  const auto heads_kv =
      base.find(a + ".attention.head_count_kv") == nullptr ? heads : base.integer(a + ".attention.head_count_kv");
  if (!heads || !heads_kv || *heads <= 0 || *heads_kv <= 0) {
    return make_error(Code::Unsupported, base.path().string() + " has no single number of attention heads");
  }
  names.n_head_ = static_cast<std::uint64_t>(*heads);
  names.n_head_kv_ = static_cast<std::uint64_t>(*heads_kv);
  return names;
}

std::optional<std::string> TensorNames::gguf_name(std::string_view module) const {
  if (module == "lm_head") return "output.weight";
  const auto in_layer = [module](std::string_view prefix) { return module.starts_with(prefix); };
  const auto prefix = std::find_if(kLayers.begin(), kLayers.end(), in_layer);
  if (prefix == kLayers.end()) return std::nullopt;
  const auto layer = split_layer(module.substr(prefix->size()));
  if (!layer) return std::nullopt;
  const auto search = [&](const auto& table) -> std::optional<std::string> {
    for (const Pair& pair : table) {
      if (pair.module == layer->gguf) return fmt::format("blk.{}.{}.weight", layer->module, pair.gguf);
    }
    return std::nullopt;
  };
  return has_joined_qkv_ ? search(kJoined) : search(kPlain);
}

std::optional<std::string> TensorNames::module(std::string_view gguf_name) const {
  if (gguf_name == "output.weight") return "lm_head";
  constexpr std::string_view kBegin = "blk.", kEnd = ".weight";
  if (!gguf_name.starts_with(kBegin) || !gguf_name.ends_with(kEnd)) return std::nullopt;
  const auto layer = split_layer(gguf_name.substr(kBegin.size(), gguf_name.size() - kBegin.size() - kEnd.size()));
  if (!layer) return std::nullopt;
  const auto search = [&](const auto& table) -> std::optional<std::string> {
    for (const Pair& pair : table) {
      if (pair.gguf == layer->gguf) return fmt::format("{}{}.{}", kLayers[0], layer->module, pair.module);
    }
    return std::nullopt;
  };
  return has_joined_qkv_ ? search(kJoined) : search(kPlain);
}

std::uint64_t TensorNames::heads_of(std::string_view gguf_name) const {
  if (!moves_rows_) return 0;
  if (gguf_name.ends_with(".attn_q.weight")) return n_head_;
  return gguf_name.ends_with(".attn_k.weight") ? n_head_kv_ : 0;
}

std::vector<float> TensorNames::to_gguf_rows(std::string_view gguf_name, std::vector<float> b,
                                             std::uint64_t out) const {
  const std::uint64_t heads = heads_of(gguf_name);
  return heads == 0 ? std::move(b) : moved(b, heads, out, Direction::to_gguf);
}

std::vector<float> TensorNames::to_module_rows(std::string_view gguf_name, std::vector<float> b,
                                               std::uint64_t out) const {
  const std::uint64_t heads = heads_of(gguf_name);
  return heads == 0 ? std::move(b) : moved(b, heads, out, Direction::to_module);
}

}  // namespace banchu
