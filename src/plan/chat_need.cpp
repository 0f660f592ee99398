#include "plan/chat_need.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"

namespace banchu::plan {
namespace {

constexpr std::array<Quantisation, 8> kQuantisations = {{{"f32", 32},
                                                         {"bf16", 16},
                                                         {"q8_0", 8.5},
                                                         {"q6_k", 6.5625},
                                                         {"q5_k_m", 5.7},
                                                         {"q4_k_m", 4.85},
                                                         {"q4_0", 4.5},
                                                         {"q3_k_m", 3.9}}};

constexpr std::uint64_t kGraphBytes = 40ULL << 20;    // program, libraries and graph, measured on a small model
constexpr std::uint64_t kDriverBytes = 600ULL << 20;  // a GPU's driver takes so much before anything runs
constexpr std::uint64_t kWordBytes = 340;  // of the vocabulary's tables, measured on 49,152 and 262,144 words
constexpr std::int64_t kBatchTokens = 512;

std::uint64_t unsigned_of(std::int64_t value) { return static_cast<std::uint64_t>(std::max<std::int64_t>(0, value)); }

std::uint64_t workspace_bytes(const Shape& shape) {
  const std::int64_t row = 4 * shape.width + 2 * shape.inner_width + 2 * shape.attention_width();
  return kGraphBytes + kWordBytes * unsigned_of(shape.vocabulary) +
         unsigned_of(kBatchTokens * 4 * row + 4 * shape.vocabulary);
}

ChatNeed need_with(const Shape& shape, std::uint64_t weights, std::int64_t context_tokens) {
  return {weights, unsigned_of(2 * 2 * shape.layers * shape.kv_width() * context_tokens), workspace_bytes(shape), 0};
}

}  // namespace

std::span<const Quantisation> quantisations() { return kQuantisations; }

Result<Quantisation> find_quantisation(const std::string& name) {
  std::string known;
  for (const Quantisation& quantisation : kQuantisations) {
    if (fold(name) == quantisation.name || (fold(name) == "f16" && quantisation.name == "bf16")) return quantisation;
    known += (known.empty() ? "" : ", ") + std::string(quantisation.name);
  }
  return make_error(Code::InvalidArgument, fmt::format("there is no quantisation {}", shorten(name, 40)),
                    fmt::format("one of: {}", known));
}

ChatNeed chat_need(const Shape& shape, const Quantisation& quantisation, std::int64_t context_tokens) {
  const double bytes = static_cast<double>(shape.weights()) * quantisation.bits / 8;
  return need_with(shape, static_cast<std::uint64_t>(std::llround(bytes)), context_tokens);
}

ChatNeed chat_need(const Shape& shape, std::int64_t context_tokens) {
  ChatNeed need = need_with(shape, shape.file_bytes, context_tokens);
  need.repacked = shape.repacked_bytes;
  return need;
}

int devices_needed(const Shape& shape, const ChatNeed& need, std::uint64_t device_bytes) {
  const std::uint64_t own = kDriverBytes + need.workspace;
  if (device_bytes <= own) return 0;
  const std::uint64_t layer = (need.weights + need.kv) / unsigned_of(shape.layers) + 1;
  const std::uint64_t layers_a_device = (device_bytes - own) / layer;
  if (layers_a_device == 0) return 0;
  return static_cast<int>((unsigned_of(shape.layers) + layers_a_device - 1) / layers_a_device);
}

}  // namespace banchu::plan
