#include "base/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <vector>

namespace banchu {
namespace {

constexpr std::size_t kMaxBytes = 4u << 20;
constexpr int kMaxDepth = 32;
constexpr std::size_t kLeastAllowance = 64;

Json scalar_to_json(const YAML::Node& node) {
  const std::string text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  if (text.empty() || text == "~" || text == "null") return nullptr;
  if (text == "true" || text == "True") return true;
  if (text == "false" || text == "False") return false;
  std::int64_t whole = 0;
  const char* end = text.data() + text.size();
  if (auto [stop, failure] = std::from_chars(text.data(), end, whole); failure == std::errc() && stop == end) {
    return whole;
  }
  double real = 0;
  if (auto [stop, failure] = std::from_chars(text.data(), end, real); failure == std::errc() && stop == end) {
    return real;
  }
  return text;
}

// What is left of the weight a document may have. Without aliases its values weigh hardly more than its text; an alias
// of an alias of an alias would make a small file expand without end.
using Allowance = std::size_t;

Result<Json> node_to_json(const YAML::Node& node, const std::string& what, int depth, Allowance& left) {
  if (depth > kMaxDepth) return make_error(Code::InvalidArgument, what + " is nested too deeply");
  const std::size_t weight = 1 + (node.IsScalar() ? node.Scalar().size() : 0);
  if (weight > left) {
    return make_error(Code::InvalidArgument, what + ": its aliases expand to more than the file holds",
                      "write the values out");
  }
  left -= weight;
  if (node.IsMap()) {
    Json object = Json::object();
    for (const auto& item : node) {
      const std::string key = item.first.as<std::string>("");
      if (object.contains(key)) {
        return make_error(Code::InvalidArgument, fmt::format("{}: \"{}\" stands there twice", what, key));
      }
      BANCHU_TRY(object[key], node_to_json(item.second, what, depth + 1, left));
    }
    return object;
  }
  if (node.IsSequence()) {
    Json array = Json::array();
    for (const auto& item : node) {
      BANCHU_TRY(Json value, node_to_json(item, what, depth + 1, left));
      array.push_back(std::move(value));
    }
    return array;
  }
  return node.IsScalar() ? scalar_to_json(node) : Json(nullptr);
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row.back();
}

}  // namespace

Result<Json> parse_yaml(std::string_view text, const std::string& what) {
  if (text.size() > kMaxBytes) return make_error(Code::InvalidArgument, what + " is larger than 4 MiB");
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    Allowance left = 2 * text.size() + kLeastAllowance;
    return node_to_json(root, what, 0, left);
  } catch (const YAML::Exception& failure) {
    return make_error(Code::InvalidArgument,
                      fmt::format("{} is not valid YAML: line {}: {}", what, failure.mark.line + 1, failure.msg));
  }
}

Status check_known_keys(const Json& object, std::span<const std::string_view> known, const std::string& what) {
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::string near = nearest(key, known);
    return make_error(Code::InvalidArgument, fmt::format("{}: unknown key \"{}\"", what, key),
                      near.empty() ? "" : fmt::format("did you mean \"{}\"?", near));
  }
  return {};
}

std::string nearest(std::string_view word, std::span<const std::string_view> known) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 2) + 1;
  for (const std::string_view candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace banchu
