// JSON (nlohmann), with parsing that answers in a Result: size- and depth-limited, never throwing past this file.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace banchu {

using Json = nlohmann::ordered_json;  // keys keep the order in which they were written

// Errors: InvalidArgument, naming `what` (a file, "the request") and the place. At most 64 levels deep.
Result<Json> parse_json(std::string_view text, const std::string& what);

// The same, and an object that names a key twice is refused: for formats where the second would shadow a checked first.
Result<Json> parse_json_unique(std::string_view text, const std::string& what);

// One line; invalid UTF-8 inside strings becomes U+FFFD instead of an exception.
std::string to_line(const Json& json);

// Typed look-ups that never throw. Missing or of another type: `fallback`.
std::string string_at(const Json& object, const char* key, const std::string& fallback = "");
double number_at(const Json& object, const char* key, double fallback = 0);
bool bool_at(const Json& object, const char* key, bool fallback = false);

}  // namespace banchu
