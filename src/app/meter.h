// What stops the meter of a machine that is paid by the hour: an idle limit, a spending cap, and a command of the
// user's own that gives the machine back.
//
// The command is asked for on the command line alone. A bag's recipe cannot name one, for bags travel, and a stranger's
// bag must not run anything here.
#pragma once

#include <cstdint>
#include <string>

#include "app/context.h"
#include "base/result.h"

namespace banchu {

// Whether nothing has happened for a while, by any steady clock. Threads: one.
class IdleWatch {
 public:
  // `limit_s` 0: never.
  IdleWatch(double limit_s, double now_s) : limit_s_(limit_s), last_s_(now_s) {}

  // To be called often. `work`: a number that grows whenever something is done; `is_busy`: something is being done.
  bool is_over(bool is_busy, std::uint64_t work, double now_s) {
    if (is_busy || work != work_) last_s_ = now_s;
    work_ = work;
    return limit_s_ > 0 && now_s - last_s_ >= limit_s_;
  }

 private:
  double limit_s_;
  double last_s_;
  std::uint64_t work_ = 0;
};

struct Spending {
  double most = 0;            // 0: no cap
  double price_per_hour = 0;  // of this machine
  std::string currency;

  // Errors: InvalidArgument (a cap, and no price to count with).
  Status can_be_counted() const;
  // Errors: FailedPrecondition (so many seconds have cost that much).
  Status check(double seconds) const;
};

// Runs the user's command by the shell, with $BANCHU_OUTCOME; what it prints goes to stderr. That it failed is said
// aloud, for then the machine may still be there. "" runs nothing.
void run_then(const AppContext& context, const std::string& command, const std::string& outcome);

}  // namespace banchu
