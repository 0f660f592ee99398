#include "base/json.h"

#include <fmt/format.h>

namespace banchu {
namespace {

constexpr int kMaxDepth = 64;

}  // namespace

Result<Json> parse_json(std::string_view text, const std::string& what) {
  int deepest = 0;
  const auto watch_depth = [&](int depth, Json::parse_event_t, Json&) {
    deepest = std::max(deepest, depth);
    return depth <= kMaxDepth;  // deeper values are discarded, so memory and the destructor's stack stay small
  };
  try {
    Json parsed = Json::parse(text, watch_depth);
    if (deepest > kMaxDepth) {
      return make_error(Code::InvalidArgument, fmt::format("{} is nested deeper than {} levels", what, kMaxDepth));
    }
    return parsed;
  } catch (const Json::exception& failure) {
    return make_error(Code::InvalidArgument, fmt::format("{} is not valid JSON: {}", what, failure.what()));
  }
}

std::string to_line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string string_at(const Json& object, const char* key, const std::string& fallback) {
  if (!object.is_object() || !object.contains(key) || !object[key].is_string()) return fallback;
  return object[key].get<std::string>();
}

double number_at(const Json& object, const char* key, double fallback) {
  if (!object.is_object() || !object.contains(key) || !object[key].is_number()) return fallback;
  return object[key].get<double>();
}

bool bool_at(const Json& object, const char* key, bool fallback) {
  if (!object.is_object() || !object.contains(key) || !object[key].is_boolean()) return fallback;
  return object[key].get<bool>();
}

}  // namespace banchu
