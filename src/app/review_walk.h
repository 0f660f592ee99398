// `memory review`: shows what waits, one after the other, and asks.
#pragma once

#include "app/context.h"
#include "base/result.h"

namespace banchu {

// With --json (or without a terminal) it only lists what waits. Each answer is on disk before the next question.
Result<int> run_review(AppContext& context);

}  // namespace banchu
