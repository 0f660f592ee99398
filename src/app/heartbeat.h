// A lease's sign of life during long work that writes nothing: without it another machine would take the bag over after
// ten minutes, and the work would end as Busy.
//
// Threads: one, that of the lease. Errors: none; whoever has lost a lease is told so by the next transaction.
#pragma once

#include "bag/bag.h"

namespace banchu {

class Heartbeat {
 public:
  static constexpr double kEvery_s = 60;

  // `began_s`: when the lease was taken, by the same steady clock as the beats.
  Heartbeat(Lease& lease, double began_s) : lease_(&lease), last_s_(began_s) {}

  // To be called often; renews at most once a minute.
  void beat(double now_s) {
    if (now_s - last_s_ < kEvery_s) return;
    last_s_ = now_s;
    static_cast<void>(lease_->renew());
  }

 private:
  Lease* lease_;
  double last_s_;
};

}  // namespace banchu
