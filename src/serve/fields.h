// Reading the fields of a request, with one rule for all APIs: null is absent, a wrong type or a value out of range is
// an error that names the field, unknown fields are left alone.
//
// Errors: InvalidArgument.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace banchu {

// The body as an object.
Result<Json> object_of(const std::string& body);

Result<std::optional<double>> number_field(const Json& object, const char* name, double low, double high);
Result<std::optional<std::int64_t>> whole_field(const Json& object, const char* name, std::int64_t low,
                                                std::int64_t high);
Result<std::optional<bool>> bool_field(const Json& object, const char* name);
Result<std::optional<std::string>> string_field(const Json& object, const char* name);
// A string or a list of strings; empty ones are left out.
Result<std::vector<std::string>> strings_field(const Json& object, const char* name);
// The object, or an empty one.
Result<Json> object_field(const Json& object, const char* name);

}  // namespace banchu
