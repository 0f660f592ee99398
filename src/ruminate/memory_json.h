// A memory as the JSON that the bag keeps and `memory show --json` prints.
#pragma once

#include "base/json.h"
#include "ruminate/memory.h"

namespace banchu {

Json memory_to_json(const Memory& memory);
// Errors: Corruption (a field is missing or no known word).
Result<Memory> memory_from_json(const Json& json);

}  // namespace banchu
