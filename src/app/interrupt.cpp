#include "app/interrupt.h"

#include <unistd.h>

#include <csignal>

#include "base/error.h"

namespace banchu {
namespace {

CancelFlag* cancel_flag = nullptr;
static_assert(CancelFlag::is_always_lock_free, "a signal handler may only touch a lock-free flag");
constexpr int kCancelledExitCode = 10;

volatile std::sig_atomic_t is_asked_to_end = 0;

void on_signal(int number) {
  if (number == SIGTERM) is_asked_to_end = 1;
  if (cancel_flag->exchange(true)) _exit(kCancelledExitCode);
}

}  // namespace

bool was_asked_to_end() { return is_asked_to_end != 0; }

void install_interrupt(CancelFlag& flag) {
  cancel_flag = &flag;
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error like a full disk, not the end of the process
}

}  // namespace banchu
