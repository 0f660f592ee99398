#include "plan/plan_shape.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "base/text.h"

namespace banchu::plan {
namespace {

struct Known {
  const char* name;
  std::int64_t layers, width, heads, kv_heads, head_width, inner, vocabulary;
  bool tied;
};

// From the models' own config.json: SmolLM2, Qwen2.5 (0.5b 1.5b 7b 14b 32b), Llama 3.1 and 3.2 (1b 3b 8b 70b 405b).
constexpr std::array<Known, 12> kKnown = {{
    {"135m", 30, 576, 9, 3, 64, 1536, 49152, true},
    {"360m", 32, 960, 15, 5, 64, 2560, 49152, true},
    {"0.5b", 24, 896, 14, 2, 64, 4864, 151936, true},
    {"1b", 16, 2048, 32, 8, 64, 8192, 128256, true},
    {"1.5b", 28, 1536, 12, 2, 128, 8960, 151936, true},
    {"3b", 28, 3072, 24, 8, 128, 8192, 128256, true},
    {"7b", 28, 3584, 28, 4, 128, 18944, 152064, false},
    {"8b", 32, 4096, 32, 8, 128, 14336, 128256, false},
    {"14b", 48, 5120, 40, 8, 128, 13824, 152064, false},
    {"32b", 64, 5120, 40, 8, 128, 27648, 152064, false},
    {"70b", 80, 8192, 64, 8, 128, 28672, 128256, false},
    {"405b", 126, 16384, 128, 8, 128, 53248, 128256, false},
}};

std::string known_names() {
  std::string names;
  for (const Known& known : kKnown) names += (names.empty() ? "" : " ") + std::string(known.name);
  return names;
}

// A whole number of `config`, 1 to `most`; `fallback` (above 0) where the key is not there.
Result<std::int64_t> whole_at(const Json& config, const char* key, std::int64_t most, std::int64_t fallback,
                              const std::string& what) {
  if (!config.contains(key) && fallback > 0) return fallback;
  const Json value = config.value(key, Json());
  const double number = value.is_number() ? value.get<double>() : std::nan("");
  if (number >= 1 && number <= static_cast<double>(most) && number == std::floor(number)) {
    return static_cast<std::int64_t>(number);
  }
  return make_error(
      Code::InvalidArgument,
      fmt::format("{}: {} is {}", what, key, config.contains(key) ? shorten(to_line(value), 40) : "missing"),
      fmt::format("{} must be a whole number from 1 to {}", key, most));
}

constexpr std::int64_t kMostLayers = 1000;
constexpr std::int64_t kWidest = 1 << 20;
constexpr std::int64_t kMostHeads = 1 << 12;
constexpr std::int64_t kLargestVocabulary = 1 << 24;

Result<Shape> read_config(const Json& config, const std::string& what) {
  for (const char* key : {"num_local_experts", "num_experts", "n_routed_experts"}) {
    if (!config.contains(key)) continue;
    return make_error(Code::Unsupported,
                      fmt::format("{} describes a mixture of experts, which is not planned yet", what),
                      "take a model without experts, or plan from its GGUF file");
  }
  Shape shape;
  BANCHU_TRY(shape.layers, whole_at(config, "num_hidden_layers", kMostLayers, 0, what));
  BANCHU_TRY(shape.width, whole_at(config, "hidden_size", kWidest, 0, what));
  BANCHU_TRY(shape.heads, whole_at(config, "num_attention_heads", kMostHeads, 0, what));
  BANCHU_TRY(shape.kv_heads, whole_at(config, "num_key_value_heads", kMostHeads, shape.heads, what));
  const std::int64_t usual = std::max<std::int64_t>(1, shape.width / shape.heads);
  BANCHU_TRY(shape.head_width, whole_at(config, "head_dim", kWidest, usual, what));
  BANCHU_TRY(shape.inner_width, whole_at(config, "intermediate_size", kWidest, 0, what));
  BANCHU_TRY(shape.vocabulary, whole_at(config, "vocab_size", kLargestVocabulary, 0, what));
  shape.tied = bool_at(config, "tie_word_embeddings");
  shape.name = what;
  if (shape.kv_heads <= shape.heads && shape.heads % shape.kv_heads == 0) return shape;
  return make_error(Code::InvalidArgument,
                    fmt::format("{}: {} heads cannot share {} kv heads", what, shape.heads, shape.kv_heads),
                    "the number of heads must be a multiple of the number of kv heads");
}

}  // namespace

std::uint64_t Shape::weights() const {
  const std::int64_t attention = width * (2 * attention_width() + 2 * kv_width());
  const std::int64_t layer = attention + 3 * width * inner_width + 2 * width;
  return static_cast<std::uint64_t>(layers * layer + (tied ? 1 : 2) * vocabulary * width + width);
}

Result<Shape> shape_by_name(const std::string& name) {
  const std::string wanted = fold(name);
  for (const Known& k : kKnown) {
    if (wanted != k.name) continue;
    return Shape{k.name, k.layers, k.width, k.heads, k.kv_heads, k.head_width, k.inner, k.vocabulary, k.tied, 0};
  }
  return make_error(Code::InvalidArgument, fmt::format("there is no shape \"{}\"", shorten(name, 40)),
                    fmt::format("shapes there are: {}; any other model: --config FILE", known_names()));
}

Result<Shape> shape_from_config(const Json& config, const std::string& what) {
  if (!config.is_object()) return make_error(Code::InvalidArgument, what + " is no JSON object");
  const Json text = config.value("text_config", Json());  // models that also see carry their language part here
  return read_config(text.is_object() ? text : config, what);
}

Result<Shape> shape_from_gguf(const GgufFile& file) {
  BANCHU_TRY(const ModelInfo info, model_info(file));
  const auto at = [&](const char* key, std::int64_t fallback) {
    return file.integer(info.architecture + key).value_or(fallback);
  };
  if (at(".expert_count", 0) > 0) {
    return make_error(Code::Unsupported,
                      fmt::format("{} describes a mixture of experts, which is not planned yet", file.path().string()),
                      "take a model without experts");
  }
  const bool usable = info.n_embd > 0 && info.n_layer > 0 && info.n_head > 0 && info.n_head_kv > 0;
  const std::int64_t inner = at(".feed_forward_length", 0);
  if (!usable || inner <= 0) {
    return make_error(Code::Unsupported, fmt::format("{} does not say how large it is", file.path().string()),
                      "plan from its config.json: --config FILE");
  }
  Shape shape{info.name.empty() ? file.path().filename().string() : info.name,
              info.n_layer,
              info.n_embd,
              info.n_head,
              info.n_head_kv,
              at(".attention.key_length", info.n_embd / info.n_head),
              inner,
              info.n_vocab,
              file.find_tensor("output.weight") == nullptr,
              info.bytes,
              info.repacked_bytes};
  return shape;
}

}  // namespace banchu::plan
