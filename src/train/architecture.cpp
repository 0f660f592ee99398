#include "train/architecture.h"

namespace banchu::lora {

namespace {

// Mistral's files say "llama". Phi-3 files name a sliding window that the engine does not obey, so neither do we.
constexpr Architecture kArchitectures[] = {
    {.name = "llama", .branch_biases = true},
    {.name = "qwen2", .rope_pairs = RopePairs::halves, .rope_factors = RopeFactors::none},
    {.name = "qwen3", .rope_pairs = RopePairs::halves, .rope_factors = RopeFactors::none, .head_norms = true},
    {.name = "gemma3",
     .activation = Activation::gelu,
     .rope_pairs = RopePairs::halves,
     .rope_factors = RopeFactors::none,
     .head_norms = true,
     .post_norms = true,
     .scaled_embedding = true,
     .windows = true,
     .window_period = 6,
     .layers_of_wide_scale = 62},
    {.name = "phi3",
     .rope_pairs = RopePairs::halves,
     .rope_factors = RopeFactors::long_and_short,
     .fused_gate_up = true},
};

}  // namespace

std::span<const Architecture> architectures() { return kArchitectures; }

const Architecture* find_architecture(std::string_view name) {
  for (const Architecture& one : kArchitectures) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

std::string known_architectures() {
  std::string list;
  for (const Architecture& one : kArchitectures) list += (list.empty() ? "" : ", ") + std::string(one.name);
  return list;
}

}  // namespace banchu::lora
