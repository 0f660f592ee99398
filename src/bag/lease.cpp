#include "bag/lease.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "bag/lease_row.h"
#include "base/digest.h"

namespace banchu {
namespace {

Error lost(const LeaseRow& row, LeaseKind kind) {
  const std::string now_held =
      row.holders.empty() ? std::string("nobody holds it now") : "now held by " + describe(row);
  return make_error(Code::Busy,
                    fmt::format("the {} lease of the bag was taken over meanwhile; {}", name_of(kind), now_held),
                    "open the bag again; nothing that was acknowledged is lost");
}

Error held(const LeaseRow& row, LeaseKind kind, const LeaseAsker& asker) {
  const char* what = kind == LeaseKind::machine ? "the bag is in use on another machine"
                     : kind == LeaseKind::night ? "a night is already running in this bag"
                                                : "a server is already running on this bag";
  std::string hint = "wait for it, or end that process";
  if (standing_of(row, asker.process) == Standing::elsewhere) {
    hint = fmt::format("close it there; if that machine has crashed, its hold ends at {}",
                       format_time(row.renewed + kLeaseLifetime_s));
  }
  return make_error(Code::Busy, fmt::format("{}: {}", what, describe(row)), hint);
}

class HeldLease : public Lease {
 public:
  HeldLease(std::shared_ptr<Database> database, LeaseKind kind, LeaseAsker asker, LeaseHolder holder,
            std::int64_t fence)
      : database_(std::move(database)),
        kind_(kind),
        asker_(std::move(asker)),
        holder_(std::move(holder)),
        fence_(fence) {}
  HeldLease(const HeldLease&) = delete;
  HeldLease& operator=(const HeldLease&) = delete;

  ~HeldLease() override {
    if (holder_.pid != asker_.process.pid || ::getpid() != process_of_birth_) return;  // a fork's copy owns nothing
    const Status ignored = database_->transaction([this] { return release(); });  // else the next asker sees us gone
    static_cast<void>(ignored);
  }

  Status renew() override {
    return database_->transaction([this]() -> Status {
      BANCHU_TRY(LeaseRow row, read_lease(*database_, kind_));
      if (row.fence != fence_ || !row.has(holder_.token)) return lost(row, kind_);
      row.renewed = asker_.clock();
      return write_lease(*database_, kind_, row);
    });
  }

  std::int64_t fence() const override { return fence_; }

 private:
  Status release() {
    BANCHU_TRY(LeaseRow row, read_lease(*database_, kind_));
    if (row.fence != fence_ || !row.has(holder_.token)) return {};
    std::erase_if(row.holders, [this](const LeaseHolder& other) { return other.token == holder_.token; });
    return write_lease(*database_, kind_, row);
  }

  std::shared_ptr<Database> database_;
  LeaseKind kind_;
  LeaseAsker asker_;
  LeaseHolder holder_;
  std::int64_t fence_;
  pid_t process_of_birth_ = ::getpid();
};

}  // namespace

const char* name_of(LeaseKind kind) {
  switch (kind) {
    case LeaseKind::machine:
      return "machine";
    case LeaseKind::night:
      return "night";
    case LeaseKind::server:
      return "server";
  }
  return "";
}

LeaseAsker real_asker() {
  return LeaseAsker{this_process(), [] {
                      const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
                      return std::chrono::duration_cast<std::chrono::seconds>(since_epoch).count();
                    }};
}

Result<TakenLease> take_lease(std::shared_ptr<Database> database, LeaseKind kind, const LeaseAsker& asker) {
  const Time now = asker.clock();
  LeaseHolder holder{asker.process.pid, asker.process.started, now, random_id()};
  LeaseRow row;
  bool joined = false;
  BANCHU_TRY_STATUS(database->transaction([&]() -> Status {
    BANCHU_TRY(row, read_lease(*database, kind));
    drop_dead_holders(row, asker.process, now);
    joined = !row.holders.empty();
    const bool may_join = kind == LeaseKind::machine && standing_of(row, asker.process) == Standing::here;
    if (joined && !may_join) return held(row, kind, asker);
    if (!joined) row.own(asker.process);
    row.holders.push_back(holder);
    row.renewed = now;
    return write_lease(*database, kind, row);
  }));
  auto lease = std::make_unique<HeldLease>(std::move(database), kind, asker, std::move(holder), row.fence);
  return TakenLease{std::move(lease), joined};
}

std::function<Status()> machine_guard(Database& database, std::int64_t fence, const LeaseAsker& asker) {
  return [&database, fence, clock = asker.clock]() -> Status {
    BANCHU_TRY(LeaseRow row, read_lease(database, LeaseKind::machine));
    if (row.fence != fence) return lost(row, LeaseKind::machine);
    const Time now = clock();
    if (now - row.renewed < kHeartbeatEvery_s && now >= row.renewed) return {};
    row.renewed = now;
    return write_lease(database, LeaseKind::machine, row);
  };
}

}  // namespace banchu
