// Leases: rows of the table `leases`, taken and given back in one transaction each.
//
// A lease has one owning machine (one boot and one pid namespace of it) and, on it, holders: one for `night` and
// `server`, any number for `machine`. A holder whose process is gone does not count. An owner that is another
// machine counts until its last sign of life is 10 minutes old. Every new owner gets a higher fence; whoever comes back
// with an old fence is told Busy. Threads: as the Database. Errors: Busy (who, which process, since when), and those of
// bag/database.h.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "bag/bag.h"
#include "bag/process.h"

namespace banchu {

inline constexpr Time kLeaseLifetime_s = 600;
inline constexpr Time kHeartbeatEvery_s = 60;

// Who asks, and by which clock. Leases never use base/clock.h's now(): --now may have frozen it.
struct LeaseAsker {
  ProcessIdentity process;
  std::function<Time()> clock;
};
LeaseAsker real_asker();

const char* name_of(LeaseKind kind);

struct TakenLease {
  std::unique_ptr<Lease> lease;
  bool joined = false;  // other living processes of this machine hold it too
};
Result<TakenLease> take_lease(std::shared_ptr<Database> database, LeaseKind kind, const LeaseAsker& asker);

// For Database::set_transaction_guard: Busy once another owner has the machine lease, and a heartbeat every minute.
std::function<Status()> machine_guard(Database& database, std::int64_t fence, const LeaseAsker& asker);

}  // namespace banchu
