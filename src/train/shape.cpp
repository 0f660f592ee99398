#include "train/shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "model/model.h"
#include "train/dequantise.h"
#include "train/shape_tensors.h"
#include "train/train.h"

namespace banchu::lora {

namespace {

// A file's metadata under its architecture's name.
class Metadata {
 public:
  Metadata(const GgufFile& file, std::string_view architecture) : file_(file), prefix_(architecture) { prefix_ += "."; }

  const GgufFile& file() const { return file_; }
  std::optional<double> number(const char* key) const { return file_.number(prefix_ + key); }
  std::optional<std::int64_t> integer(const char* key) const { return file_.integer(prefix_ + key); }
  std::string text(const char* key, const char* fallback) const { return file_.text(prefix_ + key).value_or(fallback); }
  const GgufFile::Value* find(const char* key) const { return file_.find(prefix_ + key); }
  // A positive number no larger than `limit`; zero when it is missing or out of range.
  std::int64_t dimension(const char* key, std::int64_t fallback, std::int64_t limit) const {
    const std::int64_t value = find(key) == nullptr ? fallback : integer(key).value_or(0);
    return value > 0 && value <= limit ? value : 0;
  }

 private:
  const GgufFile& file_;
  std::string prefix_;
};

void read_dimensions(const Metadata& meta, ModelShape* s) {
  constexpr std::int64_t kLimit = 1 << 20;
  s->n_layer = meta.dimension("block_count", 0, 4096);
  s->n_embd = meta.dimension("embedding_length", 0, kLimit);
  s->n_head = meta.dimension("attention.head_count", 0, 4096);
  s->n_head_kv = meta.dimension("attention.head_count_kv", s->n_head, 4096);
  const std::int64_t natural = s->n_head > 0 ? s->n_embd / s->n_head : 0;
  s->head_dim = meta.dimension("attention.key_length", natural, kLimit);
  s->n_ff = meta.dimension("feed_forward_length", 0, kLimit);
  const GgufTensor* embedding = meta.file().find_tensor("token_embd.weight");
  if (embedding != nullptr && embedding->ne.size() == 2 && embedding->ne[1] <= 1ULL << 28) {
    s->n_vocab = static_cast<std::int64_t>(embedding->ne[1]);
  }
  s->rope_pairs = meta.dimension("rope.dimension_count", s->head_dim, kLimit) / 2;
  s->rms_epsilon = static_cast<float>(meta.number("attention.layer_norm_rms_epsilon").value_or(0));
  s->fused_qkv = meta.file().find_tensor("blk.0.attn_qkv.weight") != nullptr;
  s->tied_output = meta.file().find_tensor("output.weight") == nullptr;
}

bool is_sane(const Metadata& meta, const ModelShape& s) {
  const std::array dimensions{s.n_layer, s.n_embd, s.n_head, s.n_head_kv, s.head_dim, s.n_ff, s.n_vocab, s.rope_pairs};
  for (const std::int64_t d : dimensions) {
    if (d <= 0) return false;
  }
  // Files in which heads differ between values and keys, or between kinds of layers, are none of the known models.
  for (const char* key : {"attention.value_length", "attention.key_length_swa", "attention.value_length_swa"}) {
    if (meta.find(key) != nullptr && meta.integer(key) != s.head_dim) return false;
  }
  if (meta.find("rope.dimension_count_swa") != nullptr && meta.integer("rope.dimension_count_swa") != 2 * s.rope_pairs)
    return false;
  const bool heads_fit = s.n_head % s.n_head_kv == 0 && 2 * s.rope_pairs <= s.head_dim;
  return heads_fit && s.rms_epsilon > 0 && s.rms_epsilon < 1;
}

// Which factors the engine takes: the long ones when its context is longer than the one the model grew up with.
std::string factors_name(const Metadata& meta, const ModelShape& s, std::int64_t context_tokens) {
  if (s.kind.rope_factors == RopeFactors::none) return "";
  if (s.kind.rope_factors == RopeFactors::frequencies) return "rope_freqs.weight";
  const std::int64_t trained = meta.integer("context_length").value_or(0);
  const std::int64_t served = std::min<std::int64_t>(SessionOptions{}.context_tokens, trained);
  const bool is_long = std::max(served, context_tokens) > s.rope.original_context;
  return is_long ? "rope_factors_long.weight" : "rope_factors_short.weight";
}

Status read_factors(const Metadata& meta, std::int64_t context_tokens, ModelShape* s) {
  const GgufTensor* factors = meta.file().find_tensor(factors_name(meta, *s, context_tokens));
  if (factors == nullptr) return {};
  s->rope.factors.resize(static_cast<std::size_t>(s->rope_pairs));
  dequantise(*factors, 0, s->rope_pairs, s->rope.factors.data());
  for (const float f : s->rope.factors) {
    if (!(f > 0) || !std::isfinite(f)) return unsupported(meta.file(), "its rope factors are not positive numbers");
  }
  return {};
}

// As the engine reads them: without a type the scaling is linear, without a factor there is none.
Status read_rope(const Metadata& meta, ModelShape* s) {
  const std::string type = meta.text("rope.scaling.type", "linear");
  const std::array known{"none", "linear", "yarn", "longrope"};
  if (std::find(known.begin(), known.end(), type) == known.end()) {
    return unsupported(meta.file(), fmt::format("its rope scaling is \"{}\"", type));
  }
  const double given = meta.number("rope.scaling.factor").value_or(meta.number("rope.scale_linear").value_or(0));
  const double own_magnitude = meta.number("rope.scaling.attn_factor").value_or(1);
  s->rope.base = meta.number("rope.freq_base").value_or(10000);
  s->rope.stretch = type == "none" || given == 0 ? 1 : given;
  s->rope.yarn = type == "yarn";
  if (type == "longrope" && s->kind.rope_factors != RopeFactors::none) {
    s->kind.rope_factors = RopeFactors::long_and_short;
  }
  const std::int64_t trained = meta.integer("context_length").value_or(0);
  s->rope.original_context = meta.integer("rope.scaling.original_context_length").value_or(trained);
  s->rope.magnitude = own_magnitude * (s->rope.yarn ? 1 + 0.1 * std::log(s->rope.stretch) : 1);
  const bool sane = s->rope.base > 1 && s->rope.stretch > 0 && s->rope.stretch < 1e6 && own_magnitude > 0 &&
                    own_magnitude < 1e3 && s->rope.base < 1e15;
  const bool yarn_fits = !s->rope.yarn || (s->rope.stretch >= 1 && s->rope.original_context > 0);
  if (!sane || !yarn_fits) return unsupported(meta.file(), "its rope scaling has impossible numbers");
  s->window_rope.base = meta.number("rope.freq_base_swa").value_or(10000);
  s->window_rope.magnitude = own_magnitude;
  return s->window_rope.base > 1 ? Status() : unsupported(meta.file(), "its rope scaling has impossible numbers");
}

Status read_windows(const Metadata& meta, ModelShape* s) {
  s->window = s->kind.windows ? meta.integer("attention.sliding_window").value_or(0) : 0;
  if (s->window == 0) return {};
  if (s->window < 0) return unsupported(meta.file(), "its sliding window is negative");
  const char* key = "attention.sliding_window_pattern";
  if (const auto* value = meta.find(key); value != nullptr && std::holds_alternative<std::vector<double>>(*value)) {
    for (const double one : std::get<std::vector<double>>(*value)) s->windowed.push_back(one != 0);
  } else {
    const std::int64_t period = meta.integer(key).value_or(s->kind.window_period);
    for (std::int64_t i = 0; i < s->n_layer; ++i) s->windowed.push_back(period <= 0 || i % period < period - 1);
  }
  if (static_cast<std::int64_t>(s->windowed.size()) == s->n_layer) return {};
  return unsupported(meta.file(), "its sliding window pattern is not one value a layer");
}

float attention_scale(const ModelShape& s) {
  const bool wide = s.kind.layers_of_wide_scale == s.n_layer;
  return 1.0f / std::sqrt(static_cast<float>(wide ? s.n_embd / s.n_head : s.head_dim));
}

// What would change the graph in a way it does not know.
Status check_features(const Metadata& meta) {
  if (meta.integer("expert_count").value_or(0) > 0) return unsupported(meta.file(), "it is a mixture of experts");
  if (meta.number("final_logit_softcapping").value_or(0) != 0) return unsupported(meta.file(), "it caps its logits");
  return {};
}

}  // namespace

Result<ModelShape> read_shape(const GgufFile& file, std::int64_t context_tokens) {
  const std::string name = file.text("general.architecture").value_or("");
  const Architecture* architecture = find_architecture(name);
  if (architecture == nullptr) return unsupported(file, fmt::format("its architecture is \"{}\"", name));
  const Metadata meta(file, name);
  BANCHU_TRY_STATUS(check_features(meta));
  ModelShape shape;
  shape.kind = *architecture;
  read_dimensions(meta, &shape);
  if (!is_sane(meta, shape))
    return unsupported(file, fmt::format("its dimensions are missing, or no {} has them", name));
  shape.attention_scale = attention_scale(shape);
  BANCHU_TRY_STATUS(read_rope(meta, &shape));
  BANCHU_TRY_STATUS(read_windows(meta, &shape));
  BANCHU_TRY_STATUS(check_tensors(file, shape));
  BANCHU_TRY_STATUS(read_factors(meta, context_tokens, &shape));
  return shape;
}

}  // namespace banchu::lora

namespace banchu {

Status trainable(const GgufFile& file) {
  auto shape = lora::read_shape(file);
  if (!shape) return shape.error();
  return {};
}

}  // namespace banchu
