#include "serve/fields.h"

#include <fmt/format.h>

#include <cmath>

namespace banchu {
namespace {

const Json* present(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

Error wrong(const char* name, const std::string& must) {
  return make_error(Code::InvalidArgument, fmt::format("Field '{}': must be {}", name, must));
}

}  // namespace

Result<Json> object_of(const std::string& body) {
  if (body.find_first_not_of(" \t\r\n") == std::string::npos) {
    return make_error(Code::InvalidArgument, "missing request body");
  }
  BANCHU_TRY(Json json, parse_json(body, "the request's body"));
  if (!json.is_object()) return make_error(Code::InvalidArgument, "the request's body must be a JSON object");
  return json;
}

Result<std::optional<double>> number_field(const Json& object, const char* name, double low, double high) {
  const Json* value = present(object, name);
  if (value == nullptr) return std::optional<double>();
  const std::string must = fmt::format("a number between {} and {}", low, high);
  if (!value->is_number()) return wrong(name, must);
  const auto number = value->get<double>();
  if (!std::isfinite(number) || number < low || number > high) return wrong(name, must);
  return std::optional<double>(number);
}

Result<std::optional<std::int64_t>> whole_field(const Json& object, const char* name, std::int64_t low,
                                                std::int64_t high) {
  const Json* value = present(object, name);
  if (value == nullptr) return std::optional<std::int64_t>();
  const std::string must = fmt::format("a whole number between {} and {}", low, high);
  if (value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) {
    return wrong(name, must);
  }
  if (value->is_number_float()) {
    const auto number = value->get<double>();
    if (number != std::floor(number) || std::abs(number) > 9e15) return wrong(name, must);
  } else if (!value->is_number_integer()) {
    return wrong(name, must);
  }
  const auto number =
      value->is_number_float() ? static_cast<std::int64_t>(value->get<double>()) : value->get<std::int64_t>();
  if (number < low || number > high) return wrong(name, must);
  return std::optional<std::int64_t>(number);
}

Result<std::optional<bool>> bool_field(const Json& object, const char* name) {
  const Json* value = present(object, name);
  if (value == nullptr) return std::optional<bool>();
  if (!value->is_boolean()) return wrong(name, "true or false");
  return std::optional<bool>(value->get<bool>());
}

Result<std::optional<std::string>> string_field(const Json& object, const char* name) {
  const Json* value = present(object, name);
  if (value == nullptr) return std::optional<std::string>();
  if (!value->is_string()) return wrong(name, "a string");
  return std::optional<std::string>(value->get<std::string>());
}

Result<std::vector<std::string>> strings_field(const Json& object, const char* name) {
  std::vector<std::string> found;
  const Json* value = present(object, name);
  if (value == nullptr) return found;
  const Json list = value->is_array() ? *value : Json::array({*value});
  for (const Json& one : list) {
    if (!one.is_string()) return wrong(name, "a string or a list of strings");
    if (!one.get<std::string>().empty()) found.push_back(one.get<std::string>());
  }
  return found;
}

Result<Json> object_field(const Json& object, const char* name) {
  const Json* value = present(object, name);
  if (value == nullptr) return Json::object();
  if (!value->is_object()) return wrong(name, "an object");
  return *value;
}

}  // namespace banchu
