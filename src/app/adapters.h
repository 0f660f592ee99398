// Whether the adapters of a self are still what their names say.
//
// Threads: any. Errors: Corruption (missing or changed; which one, and what to do). Cost: one pass over each file the
// first time, then the digest cache of model/model_digest.h answers.
#pragma once

#include <span>

#include "model/model.h"

namespace banchu {

Status check_adapters(std::span<const AdapterUse> adapters);

}  // namespace banchu
