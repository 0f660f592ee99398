// YAML (yaml-cpp) read into Json, and the check every settings file goes through: no unknown key passes silently.
//
// Errors: InvalidArgument, naming the file, the line and, for an unknown key, the nearest known one.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace banchu {

// Scalars become null, bool, number or string as YAML 1.2's core schema says; quoted scalars stay strings.
// Anchors are refused, and so are documents deeper than 32 levels or larger than 4 MiB.
Result<Json> parse_yaml(std::string_view text, const std::string& what);

// Fails for the first key of `object` that is not in `known`.
Status check_known_keys(const Json& object, std::span<const std::string_view> known, const std::string& what);

// The known word nearest to `word` by edit distance, or "" when none is near.
std::string nearest(std::string_view word, std::span<const std::string_view> known);

}  // namespace banchu
