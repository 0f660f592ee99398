#include "app/heartbeat.h"

#include <gtest/gtest.h>

namespace banchu {
namespace {

class CountingLease : public Lease {
 public:
  Status renew() override {
    ++renewals;
    return {};
  }
  std::int64_t fence() const override { return 1; }
  int renewals = 0;
};

TEST(Heartbeat, RenewsTheLeaseOnceAMinuteHoweverOftenItIsAsked) {
  CountingLease lease;
  Heartbeat heart(lease, 100);
  for (const double seconds : {100.0, 130.0, 159.9}) heart.beat(seconds);
  EXPECT_EQ(lease.renewals, 0);
  for (const double seconds : {160.0, 161.0, 219.9}) heart.beat(seconds);
  EXPECT_EQ(lease.renewals, 1);
  heart.beat(1000);
  heart.beat(1001);
  EXPECT_EQ(lease.renewals, 2);
}

}  // namespace
}  // namespace banchu
