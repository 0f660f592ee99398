// Runs the built program as a stranger's shell would, for the tests of whole nights.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace banchu::testing {

struct Ran {
  int exit_code = -1;
  std::string out;    // stdout; stderr goes to the test's own
  Json json() const;  // of stdout; null when it is none
};
Ran run_program(const std::vector<std::string>& arguments);

// A program that runs while the test does something else.
class Running {
 public:
  explicit Running(const std::vector<std::string>& arguments);
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  pid_t pid() const { return pid_; }
  // Waits up to `milliseconds` for the end; empty: it still runs.
  std::optional<Ran> wait_for(int milliseconds);
  Ran wait();
  void kill_now();  // SIGKILL, and collects it

 private:
  Ran collect();
  pid_t pid_ = -1;
  int out_ = -1;
  std::string text_;
};

}  // namespace banchu::testing
