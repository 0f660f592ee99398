#include "evaluate/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/rng.h"

namespace banchu {
namespace {

TEST(Bootstrap, TheSameSeedGivesTheSameInterval) {
  const std::vector<double> values = {0.1, 0.4, 0.2, 0.9, 0.5};
  const Interval one = bootstrap_mean(values, 500, 7);
  const Interval two = bootstrap_mean(values, 500, 7);
  EXPECT_EQ(one.low, two.low);
  EXPECT_EQ(one.high, two.high);
  EXPECT_LT(one.low, mean(values));
  EXPECT_GT(one.high, mean(values));
}

TEST(Bootstrap, CoversTheTrueMeanAboutNinetyFiveTimesInAHundred) {
  int covered = 0;
  for (std::uint64_t trial = 0; trial < 300; ++trial) {
    Rng rng(trial, "cover");
    std::vector<double> values(40);
    for (double& value : values) value = rng.normal();
    const Interval interval = bootstrap_mean(values, 400, trial);
    covered += interval.low <= 0 && 0 <= interval.high ? 1 : 0;
  }
  EXPECT_GE(covered, 265);
  EXPECT_LE(covered, 298);
}

TEST(Bootstrap, ARatioWeighsLongTextsMore) {
  const std::vector<double> nats = {10, 200};
  const std::vector<double> tokens = {10, 100};
  const Interval interval = bootstrap_ratio(nats, tokens, 1000, 1);
  EXPECT_DOUBLE_EQ(interval.low, 1.0);
  EXPECT_DOUBLE_EQ(interval.high, 2.0);
}

TEST(Bootstrap, OneSampleHasNoInterval) {
  EXPECT_TRUE(std::isnan(bootstrap_mean(std::vector<double>{1.0}, 100, 1).low));
  EXPECT_TRUE(std::isnan(mean(std::vector<double>{})));
  EXPECT_TRUE(std::isnan(median(std::vector<double>{})));
}

TEST(Bootstrap, UnanimousSamplesStillLeaveDoubt) {
  const Interval all = share_interval(std::vector<double>(30, 1.0), 100, 1);
  EXPECT_NEAR(all.low, 0.9, 1e-9);
  EXPECT_EQ(all.high, 1.0);
  const Interval none = share_interval(std::vector<double>(30, 0.0), 100, 1);
  EXPECT_EQ(none.low, 0.0);
  EXPECT_NEAR(none.high, 0.1, 1e-9);
}

TEST(Median, IsTheMiddle) {
  EXPECT_EQ(median(std::vector<double>{5, 1, 3}), 3);
  EXPECT_EQ(median(std::vector<double>{4, 1, 3, 2}), 2.5);
}

}  // namespace
}  // namespace banchu
