// The conversation at a terminal (or from a pipe): reads lines, answers them, obeys the slash commands.
#pragma once

#include "app/context.h"
#include "app/talk.h"

namespace banchu {

// Until /bye or the end of the input. From a pipe the first error ends it. Answers the exit code.
Result<int> run_talk_loop(AppContext& context, Talk& talk);

}  // namespace banchu
