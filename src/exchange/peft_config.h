// adapter_config.json: what PEFT notes beside an adapter's numbers, as far as it decides what the numbers mean.
//
// The scale of a matrix is alpha / rank, or alpha / sqrt(rank) with use_rslora; alpha_pattern gives single matrices
// their own alpha (the rank is seen in the tensors). Everything that would change the meaning in another way (DoRA,
// bias, trained modules beside LoRA, an initialisation that rewrites the base) is refused, never ignored. Errors:
// InvalidArgument (no JSON, a number out of range), Unsupported (says which key, and why).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace banchu {

struct PeftConfig {
  double alpha = 8;
  bool rank_stabilised = false;                               // use_rslora
  std::vector<std::pair<std::string, double>> alpha_pattern;  // module suffix -> alpha; the first that fits counts
  std::string base_model;                                     // base_model_name_or_path; a name, nothing we open

  // Of the module "model.layers.0.self_attn.q_proj" with this rank.
  double scale_of(std::string_view module, std::uint64_t rank) const;
};

Result<PeftConfig> parse_peft_config(std::string_view text, const std::string& what);

// What PEFT needs to load an adapter that we wrote.
struct NewPeftConfig {
  std::string base_model;
  std::uint64_t rank = 0;
  double alpha = 0;
  std::vector<std::string> target_modules;                          // "q_proj", ...
  std::vector<std::pair<std::string, std::uint64_t>> rank_pattern;  // module -> a rank that differs from `rank`
};
std::string peft_config_text(const NewPeftConfig& config);

}  // namespace banchu
