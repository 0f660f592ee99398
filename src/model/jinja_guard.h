// Private to model/: limits for the template interpreter, put into the parsed template itself.
//
// Threads: guard_program() before the program is shared; a GuardScope belongs to the thread that made it.
#pragma once

#include <chrono>
#include <cstddef>

namespace jinja {
struct program;
struct context;
}  // namespace jinja

namespace banchu {

// Thrown out of the interpreter; no std::exception, for the interpreter would catch and reword it.
struct GuardTripped {
  const char* why;
};

// Adds a check to every loop body, macro body and string operation.
void guard_program(jinja::program& program);
// range() makes its whole list at once: replaces it with one that refuses long lists.
void limit_range(jinja::context& context);

// While it lives, this thread's guarded programs stop at the deadline or when the stack has grown too deep.
class GuardScope {
 public:
  explicit GuardScope(int deadline_ms);
  GuardScope(const GuardScope&) = delete;
  GuardScope& operator=(const GuardScope&) = delete;
  ~GuardScope();

  void check() const;  // throws GuardTripped

 private:
  std::chrono::steady_clock::time_point deadline_;
  const std::byte* stack_;
  GuardScope* outer_;
};

}  // namespace banchu
