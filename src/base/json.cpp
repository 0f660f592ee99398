#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

namespace banchu {
namespace {

constexpr int kMaxDepth = 64;

// The keys of every object that is open, so that a second one of the same name is noticed.
class OpenKeys {
 public:
  void see(Json::parse_event_t event, const Json& value) {
    if (event == Json::parse_event_t::object_start) open_.emplace_back();
    if (event == Json::parse_event_t::object_end && !open_.empty()) open_.pop_back();
    if (event != Json::parse_event_t::key || open_.empty() || !repeated_.empty()) return;
    const std::string key = value.get<std::string>();
    if (!open_.back().insert(key).second) repeated_ = key.empty() ? "(empty)" : key;
  }
  const std::string& repeated() const { return repeated_; }

 private:
  std::vector<std::set<std::string>> open_;
  std::string repeated_;
};

Result<Json> parse(std::string_view text, const std::string& what, OpenKeys* keys) {
  int deepest = 0;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
    deepest = std::max(deepest, depth);
    if (keys != nullptr && depth <= kMaxDepth) keys->see(event, value);
    return depth <= kMaxDepth;  // deeper values are discarded, so memory and the destructor's stack stay small
  };
  try {
    Json parsed = Json::parse(text, watch);
    if (deepest > kMaxDepth) {
      return make_error(Code::InvalidArgument, fmt::format("{} is nested deeper than {} levels", what, kMaxDepth));
    }
    return parsed;
  } catch (const Json::exception& failure) {
    return make_error(Code::InvalidArgument, fmt::format("{} is not valid JSON: {}", what, failure.what()));
  }
}

}  // namespace

Result<Json> parse_json(std::string_view text, const std::string& what) { return parse(text, what, nullptr); }

Result<Json> parse_json_unique(std::string_view text, const std::string& what) {
  OpenKeys keys;
  BANCHU_TRY(Json parsed, parse(text, what, &keys));
  if (keys.repeated().empty()) return parsed;
  return make_error(Code::InvalidArgument, fmt::format("{} names \"{}\" twice", what, keys.repeated()));
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
