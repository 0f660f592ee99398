#include "exchange/peft_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/json.h"

namespace banchu {
namespace {

constexpr double kMaxAlpha = 1e6;

// Keys that, when they are set, make an adapter something else than W + scale B A on the plain base.
struct Foreign {
  const char* key;
  const char* why;
};
constexpr std::array kForeign = {
    Foreign{"use_dora", "DoRA also changes the length of every row (magnitude vectors)"},
    Foreign{"lora_bias", "it trains biases"},
    Foreign{"modules_to_save", "it holds whole modules beside the LoRA"},
    Foreign{"trainable_token_indices", "it holds trained token embeddings"},
    Foreign{"layer_replication", "it is for a base whose layers were doubled"},
    Foreign{"alora_invocation_tokens", "it is switched on by certain tokens (aLoRA)"},
    Foreign{"target_parameters", "it adapts bare parameters, not linear maps"},
    Foreign{"use_qalora", "QA-LoRA pools the inputs"},
    Foreign{"arrow_config", "it is a router over several adapters"},
    Foreign{"use_bdlora", "it is block-diagonal"},
    Foreign{"velora_config", "it compresses its inputs"},
    Foreign{"kasa_config", "KaSA scales singular directions of its own"},
    Foreign{"monteclora_config", "it draws its weights at random"},
};

bool is_set(const Json& value) {
  if (value.is_null()) return false;
  if (value.is_boolean()) return value.get<bool>();
  return !(value.is_object() || value.is_array()) || !value.empty();
}

Error unsupported(const std::string& what, const std::string& why) {
  return make_error(Code::Unsupported, fmt::format("{} describes no plain LoRA: {}", what, why),
                    "convert it to plain LoRA with PEFT first, or merge it there");
}

// PiSSA, OLoRA, CorDA and LoftQ subtract what they start from: their adapters belong to a base that was rewritten.
bool rewrites_base(const Json& initial) {
  if (!initial.is_string()) return false;
  const std::string name = initial.get<std::string>();
  constexpr std::array kRewriting = {"pissa", "olora", "corda", "loftq", "lora_ga"};
  return std::any_of(kRewriting.begin(), kRewriting.end(),
                     [&](const char* prefix) { return name.starts_with(prefix); });
}

Status check_kind(const Json& config, const std::string& what) {
  if (string_at(config, "peft_type") != "LORA") {
    return unsupported(what, fmt::format("its peft_type is \"{}\"", string_at(config, "peft_type").substr(0, 40)));
  }
  for (const Foreign& foreign : kForeign) {
    if (config.contains(foreign.key) && is_set(config[foreign.key])) {
      return unsupported(what, fmt::format("{} is set: {}", foreign.key, foreign.why));
    }
  }
  if (string_at(config, "bias", "none") != "none") return unsupported(what, "bias is not \"none\": it trains biases");
  if (config.contains("init_lora_weights") && rewrites_base(config["init_lora_weights"])) {
    return unsupported(what, "init_lora_weights is " + config["init_lora_weights"].get<std::string>() +
                                 ", which changes the base model itself");
  }
  return {};
}

// PEFT reads a pattern's key as a regular expression, matched against the end of the module's name. Nearly all are
// plain names; those we read, with "\." and a leading "^" (the whole name) understood.
Result<std::string> plain_name(const std::string& key, const std::string& what) {
  std::string name;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (key[i] == '\\' && i + 1 < key.size() && key[i + 1] == '.') continue;
    const auto c = static_cast<unsigned char>(key[i]);
    if (!(std::isalnum(c) != 0 || c == '_' || c == '.' || (c == '^' && i == 0))) {
      return make_error(Code::Unsupported,
                        fmt::format("{}: alpha_pattern holds the expression \"{}\"", what, key.substr(0, 80)),
                        "write the names of the modules out, one entry each");
    }
    name += key[i];
  }
  return name;
}

bool matches(std::string_view module, std::string_view pattern) {
  if (pattern.starts_with('^')) return module == pattern.substr(1);
  if (!module.ends_with(pattern)) return false;
  return module.size() == pattern.size() || module[module.size() - pattern.size() - 1] == '.';
}

Result<double> alpha_of(const Json& value, const std::string& what) {
  const double alpha = value.is_number() ? value.get<double>() : -1;
  if (std::isfinite(alpha) && alpha >= 0 && alpha <= kMaxAlpha) return alpha;
  return make_error(Code::InvalidArgument, fmt::format("{}: an alpha is no number from 0 to {:g}", what, kMaxAlpha));
}

Json number(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) return static_cast<std::int64_t>(value);
  return value;
}

}  // namespace

double PeftConfig::scale_of(std::string_view module, std::uint64_t rank) const {
  const auto own = std::find_if(alpha_pattern.begin(), alpha_pattern.end(),
                                [&](const auto& entry) { return matches(module, entry.first); });
  const auto r = static_cast<double>(rank);
  return (own == alpha_pattern.end() ? alpha : own->second) / (rank_stabilised ? std::sqrt(r) : r);
}

Result<PeftConfig> parse_peft_config(std::string_view text, const std::string& what) {
  BANCHU_TRY(const Json json, parse_json_unique(text, what));
  if (!json.is_object()) return make_error(Code::InvalidArgument, what + " is no JSON object");
  BANCHU_TRY_STATUS(check_kind(json, what));
  PeftConfig config;
  if (json.contains("lora_alpha")) {
    BANCHU_TRY(config.alpha, alpha_of(json["lora_alpha"], what));
  }
  config.rank_stabilised = bool_at(json, "use_rslora");
  config.base_model = string_at(json, "base_model_name_or_path");
  if (!json.contains("alpha_pattern") || !json["alpha_pattern"].is_object()) return config;
  for (const auto& [key, value] : json["alpha_pattern"].items()) {
    BANCHU_TRY(std::string name, plain_name(key, what));
    BANCHU_TRY(const double alpha, alpha_of(value, what));
    config.alpha_pattern.emplace_back(std::move(name), alpha);
  }
  return config;
}

std::string peft_config_text(const NewPeftConfig& config) {
  Json rank_pattern = Json::object();
  for (const auto& [module, rank] : config.rank_pattern) rank_pattern[module] = rank;
  const Json json = {{"peft_type", "LORA"},
                     {"task_type", "CAUSAL_LM"},
                     {"base_model_name_or_path", config.base_model},
                     {"r", config.rank},
                     {"lora_alpha", number(config.alpha)},
                     {"lora_dropout", 0.0},
                     {"target_modules", config.target_modules},
                     {"rank_pattern", std::move(rank_pattern)},
                     {"alpha_pattern", Json::object()},
                     {"bias", "none"},
                     {"fan_in_fan_out", false},
                     {"inference_mode", true},
                     {"init_lora_weights", true},
                     {"use_rslora", false},
                     {"use_dora", false},
                     {"modules_to_save", nullptr}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace banchu
