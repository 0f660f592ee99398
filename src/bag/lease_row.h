// One row of the table `leases`, and what its owner means to a process that asks.
#pragma once

#include <string>
#include <vector>

#include "bag/bag.h"
#include "bag/process.h"

namespace banchu {

struct LeaseHolder {
  std::int64_t pid = 0;
  std::int64_t started = 0;
  Time since = 0;
  std::string token;  // random: tells apart two holders in one process
};

struct LeaseRow {
  ProcessIdentity owner;  // pid and started unused: the holders have them
  std::vector<LeaseHolder> holders;
  std::int64_t fence = 0;
  Time renewed = 0;

  bool has(const std::string& token) const;
  void own(const ProcessIdentity& asker);  // a new owner: higher fence, no holders
};

// here: same boot and pid namespace, so process ids can be asked. rebooted: this machine before its last start, so
// every holder is gone. elsewhere: only the heartbeat can tell.
enum class Standing { here, rebooted, elsewhere };
Standing standing_of(const LeaseRow& row, const ProcessIdentity& asker);

// Removes the holders that cannot be alive any more.
void drop_dead_holders(LeaseRow& row, const ProcessIdentity& asker, Time now);

std::string describe(const LeaseRow& row);  // "machine tower (3d12...), process 42, since 2026-11-22T..."

Result<LeaseRow> read_lease(Database& database, LeaseKind kind);  // a row of zeros when nobody ever held it
Status write_lease(Database& database, LeaseKind kind, const LeaseRow& row);

}  // namespace banchu
