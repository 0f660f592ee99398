#include "bag/lease.h"

#include <gtest/gtest.h>

#include "bag/open.h"
#include "tests/bag/support.h"

namespace banchu {
namespace {

using test::BagPlace;
using test::Child;
using test::Signal;

constexpr Time kMorning = 1'800'000'000;

// Another machine, with a clock that the test moves.
LeaseAsker machine(const std::string& name, const Time& clock) {
  LeaseAsker asker{this_process(), [&clock] { return clock; }};
  asker.process.machine = "id-of-" + name;
  asker.process.host = name;
  asker.process.boot = "boot-of-" + name;
  return asker;
}

Result<std::unique_ptr<Bag>> open_as(const BagPlace& place, const LeaseAsker& asker) {
  return open_bag_as(place.path(), Bag::Access::read_write, asker);
}

Status touch(Bag& bag) {
  return bag.database().transaction([&] { return bag.database().execute("INSERT INTO meta VALUES(random(), '')"); });
}

bool mentions(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Lease, ProcessesOfOneMachineWorkSideBySide) {
  const BagPlace place;
  const auto bag = place.create();
  Child other([&] {
    const auto second = Bag::open(place.path(), Bag::Access::read_write);
    return second && touch(*second.value()) ? 0 : 1;
  });
  EXPECT_EQ(other.wait(), 0);
  EXPECT_TRUE(touch(*bag));
}

TEST(Lease, ASecondNightIsBusyAndAKilledOneIsReplaced) {
  const BagPlace place;
  const auto bag = place.create();
  Signal taken;
  Child night([&] {
    const auto own = Bag::open(place.path(), Bag::Access::read_write);
    const auto lease = own.value()->acquire(LeaseKind::night);
    if (lease) taken.raise();
    return ::pause();
  });
  ASSERT_TRUE(taken.wait());
  const auto second = bag->acquire(LeaseKind::night);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::Busy);
  EXPECT_TRUE(mentions(second.error().message, "process " + std::to_string(night.pid()))) << second.error().message;
  EXPECT_TRUE(mentions(second.error().message, this_process().host)) << second.error().message;
  EXPECT_TRUE(mentions(second.error().message, "since 20")) << second.error().message;
  EXPECT_TRUE(bag->acquire(LeaseKind::server));  // chat and serve go on beside a night
  EXPECT_TRUE(touch(*bag));
  night.kill();
  const auto third = bag->acquire(LeaseKind::night);
  ASSERT_TRUE(third);
  EXPECT_EQ(third.value()->fence(), 2);
  EXPECT_TRUE(third.value()->renew());
}

TEST(Lease, IsGivenBackAndTheFenceGrowsWithEveryOwner) {
  const BagPlace place;
  const auto bag = place.create();
  for (int owner = 1; owner <= 3; ++owner) {
    const auto lease = bag->acquire(LeaseKind::night).value();
    EXPECT_EQ(lease->fence(), owner);
    EXPECT_EQ(bag->acquire(LeaseKind::night).error().code, Code::Busy);  // also within one process
  }
  EXPECT_EQ(test::count(bag->database(), "SELECT count(*) FROM leases WHERE kind = 'night' AND owner = ''"), 1);
}

TEST(Lease, AForkedCopyDoesNotGiveItBack) {
  const BagPlace place;
  const auto bag = place.create();
  auto lease = bag->acquire(LeaseKind::night).value();
  Child copy([&] {
    lease.reset();
    return 0;
  });
  EXPECT_EQ(copy.wait(), 0);
  EXPECT_EQ(bag->acquire(LeaseKind::night).error().code, Code::Busy);
}

TEST(Lease, AnotherMachineIsBusyUntilTheBagIsClosed) {
  const BagPlace place;
  place.create();
  Time clock = kMorning;
  auto here = open_as(place, machine("here", clock)).value();
  clock += kLeaseLifetime_s;
  const auto there = open_as(place, machine("there", clock));
  ASSERT_FALSE(there);
  EXPECT_EQ(there.error().code, Code::Busy);
  EXPECT_TRUE(mentions(there.error().message, "machine here (id-of-here)")) << there.error().message;
  EXPECT_TRUE(mentions(there.error().message, std::to_string(::getpid()))) << there.error().message;
  EXPECT_TRUE(mentions(there.error().message, format_time(kMorning))) << there.error().message;
  EXPECT_TRUE(open_bag_as(place.path(), Bag::Access::read_only, machine("there", clock)));  // the sandbox may
  here.reset();
  EXPECT_TRUE(open_as(place, machine("there", clock)));
}

TEST(Lease, AnotherMachineTakesOverAfterTenSilentMinutesAndTheOldOneIsFencedOff) {
  const BagPlace place;
  place.create();
  Time clock = kMorning;
  const auto here = open_as(place, machine("here", clock)).value();
  const auto night = here->acquire(LeaseKind::night).value();
  clock += kLeaseLifetime_s + 1;
  const auto there = open_as(place, machine("there", clock));
  ASSERT_TRUE(there) << there.error().message;
  EXPECT_TRUE(there.value()->acquire(LeaseKind::night));
  EXPECT_EQ(touch(*here).error().code, Code::Busy);
  EXPECT_TRUE(mentions(touch(*here).error().message, "there"));
  EXPECT_EQ(night->renew().error().code, Code::Busy);
  EXPECT_EQ(here->put_blob("x").error().code, Code::Busy);
  EXPECT_TRUE(touch(*there.value()));
}

TEST(Lease, EveryTransactionIsASignOfLife) {
  const BagPlace place;
  place.create();
  Time clock = kMorning;
  const auto here = open_as(place, machine("here", clock)).value();
  clock += kLeaseLifetime_s - 1;
  ASSERT_TRUE(touch(*here));
  clock += kLeaseLifetime_s - 1;
  EXPECT_EQ(open_as(place, machine("there", clock)).error().code, Code::Busy);
  EXPECT_TRUE(touch(*here));
}

TEST(Lease, AMachineThatWasStartedAgainNeedNotWait) {
  const BagPlace place;
  place.create();
  Time clock = kMorning;
  const auto before = open_as(place, machine("here", clock)).value();
  LeaseAsker restarted = machine("here", clock);
  restarted.process.boot = "the next boot";
  EXPECT_TRUE(open_as(place, restarted));
}

TEST(Lease, AClonedMachineIdOrAnotherContainerIsAnotherMachine) {
  const BagPlace place;
  place.create();
  Time clock = kMorning;
  const auto here = open_as(place, machine("here", clock)).value();
  LeaseAsker clone = machine("clone", clock);
  clone.process.machine = "id-of-here";
  EXPECT_EQ(open_as(place, clone).error().code, Code::Busy);
  LeaseAsker container = machine("here", clock);
  container.process.space = "pid:[1]";
  EXPECT_EQ(open_as(place, container).error().code, Code::Busy);
  container.process.boot = "the next boot";  // the machine may have started anew; the other container may still run
  EXPECT_EQ(open_as(place, container).error().code, Code::Busy);
}

TEST(Lease, ABrokenClockDoesNotHoldTheBagForEver) {
  const BagPlace place;
  place.create();
  Time wrong = kMorning + 100LL * 365 * 86400;
  Time right = kMorning;
  const auto here = open_as(place, machine("here", wrong)).value();
  EXPECT_TRUE(open_as(place, machine("there", right)));
}

TEST(Lease, AnUnreadableOwnerHoldsNothing) {
  const BagPlace place;
  place.create();
  for (const char* owner : {"{", "[]", "7", R"({"holders":7})", R"({"holders":[7,{"pid":"x"},{"pid":-1}]})"}) {
    const auto bag = place.open();
    Statement spoil = bag->database().prepare("INSERT OR REPLACE INTO leases VALUES('night', ?1, 5, 0)").value();
    ASSERT_TRUE(spoil.bind(owner).run());
    const auto lease = bag->acquire(LeaseKind::night);
    ASSERT_TRUE(lease) << owner;
    EXPECT_EQ(lease.value()->fence(), 6);
  }
}

TEST(Process, IsAliveOnlyAsItself) {
  const ProcessIdentity me = this_process();
  EXPECT_FALSE(me.machine.empty());
  EXPECT_FALSE(me.boot.empty());
  EXPECT_GT(me.started, 0);
  EXPECT_TRUE(is_alive(me.pid, me.started));
  EXPECT_FALSE(is_alive(me.pid, me.started + 1));  // a later process with the same number
  EXPECT_FALSE(is_alive(0, 0));
  EXPECT_FALSE(is_alive(-1, 0));
  Signal told;
  Child zombie([&] {
    told.raise();
    return 0;
  });
  const std::int64_t pid = zombie.pid();
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT), 0);  // dead, and not yet collected
  EXPECT_FALSE(is_alive(pid, 0));
}

}  // namespace
}  // namespace banchu
