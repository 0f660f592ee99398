// Ctrl-C: the first one asks the running work to stop where nothing is lost, a second one within the same work leaves
// at once. Both end with the exit code of Cancelled.
#pragma once

#include "base/progress.h"

namespace banchu {

// SIGINT and SIGTERM set `flag`, which must live as long as the process. SIGPIPE is ignored: a closed pipe is a
// write that fails. System calls are interrupted, so that waiting for a key ends as well.
void install_interrupt(CancelFlag& flag);

// SIGTERM has come: a conversation that would go on after Ctrl-C ends instead.
bool was_asked_to_end();

}  // namespace banchu
