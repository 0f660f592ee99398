#include "app/interrupt.h"

#include <unistd.h>

#include <csignal>

#include "base/error.h"

namespace banchu {
namespace {

CancelFlag* cancel_flag = nullptr;
static_assert(CancelFlag::is_always_lock_free, "a signal handler may only touch a lock-free flag");
constexpr int kCancelledExitCode = 10;

void on_signal(int) {
  if (cancel_flag->exchange(true)) _exit(kCancelledExitCode);
}

}  // namespace

void install_interrupt(CancelFlag& flag) {
  cancel_flag = &flag;
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace banchu
