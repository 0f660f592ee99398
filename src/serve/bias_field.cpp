#include "serve/bias_field.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/text.h"

namespace banchu {
namespace {

constexpr std::size_t kMostBiases = 1024;
constexpr float kMostBias = 100;
constexpr std::size_t kShownCharacters = 400;

Result<std::vector<std::pair<Json, Json>>> entries_of(const Json& field) {
  std::vector<std::pair<Json, Json>> entries;
  if (field.is_object()) {
    for (const auto& [key, bias] : field.items()) entries.emplace_back(key, bias);
    return entries;
  }
  if (!field.is_array()) {
    return make_error(Code::InvalidArgument, "Field 'logit_bias': must be an object or a list of pairs");
  }
  for (const Json& pair : field) {
    if (!pair.is_array() || pair.size() != 2) {
      return make_error(Code::InvalidArgument, "Field 'logit_bias': must hold pairs");
    }
    entries.emplace_back(pair[0], pair[1]);
  }
  return entries;
}

std::optional<float> bias_of(const Json& value) {
  if (value.is_boolean() && !value.get<bool>()) return -kMostBias;
  if (!value.is_number() || !std::isfinite(value.get<double>())) return std::nullopt;
  return std::clamp(static_cast<float>(value.get<double>()), -kMostBias, kMostBias);
}

// In an object every key is a string, so digits alone mean an id there.
std::optional<Token> token_of(const Json& key, bool is_object) {
  if (key.is_number_unsigned() && key.get<std::uint64_t>() <= INT32_MAX) return key.get<Token>();
  if (!is_object || !key.is_string()) return std::nullopt;
  const std::string digits = key.get<std::string>();
  const bool is_id =
      !digits.empty() && digits.size() <= 9 && digits.find_first_not_of("0123456789") == std::string::npos;
  return is_id ? std::optional<Token>(std::stoi(digits)) : std::nullopt;
}

}  // namespace

Status read_biases(const Json& object, SamplingOptions& sampling) {
  const auto field = object.find("logit_bias");
  if (field == object.end() || field->is_null()) return {};
  BANCHU_TRY(const auto entries, entries_of(*field));
  if (entries.size() > kMostBiases) return make_error(Code::InvalidArgument, "Field 'logit_bias': too many entries");
  std::string bad;
  for (const auto& [key, value] : entries) {
    const std::optional<float> bias = bias_of(value);
    const std::optional<Token> token = token_of(key, field->is_object());
    const bool is_word = !token && key.is_string() && !says_nothing(key.get<std::string>());
    if (!bias || !(token || is_word)) {
      bad += (bad.empty() ? "" : ", ") + to_line(key);
    } else if (token) {
      sampling.token_bias.push_back({*token, *bias});
    } else {
      sampling.word_bias.push_back({key.get<std::string>(), *bias});
    }
  }
  if (bad.empty()) return {};
  return make_error(Code::InvalidArgument,
                    "Field 'logit_bias': not a word or a token's id with a number: " + shorten(bad, kShownCharacters));
}

Status check_token_biases(const SamplingOptions& sampling, std::size_t vocabulary_size) {
  std::string bad;
  for (const TokenBias& one : sampling.token_bias) {
    const bool known = one.token >= 0 && static_cast<std::size_t>(one.token) < vocabulary_size;
    if (!known) bad += (bad.empty() ? "" : ", ") + std::to_string(one.token);
  }
  if (bad.empty()) return {};
  return make_error(Code::InvalidArgument,
                    fmt::format("Field 'logit_bias': this model has {} tokens; not among them: {}", vocabulary_size,
                                shorten(bad, kShownCharacters)));
}

}  // namespace banchu
