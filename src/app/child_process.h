// Another program, started and listened to.
//
// Owns: nothing; who starts a child closes both ends and waits for it. Threads: any. Errors: FailedPrecondition (it
// cannot be started).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace banchu {

struct Child {
  int pid = -1;
  int out = -1;  // what it says to stdout and to stderr can be read here
  int err = -1;
};

// `words`: the program's file, then its arguments. `more_environment`: NAME=VALUE, beside what this process has.
// The child has its own process group: Ctrl-C at this program's terminal does not reach it. It reads nothing, and no
// file of this process stays open in it, so that whoever this process hangs up on sees it.
Result<Child> start_child(std::vector<std::string> words, const std::vector<std::string>& more_environment);

}  // namespace banchu
