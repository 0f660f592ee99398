#include "arc/numeric.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace banchu {
namespace {

TEST(ExactNumbers, ExpIsTheLibrarysExp) {
  for (double x = -700; x < 700; x += 0.37) EXPECT_NEAR(exact_exp(x) / std::exp(x), 1, 1e-14) << x;
  EXPECT_EQ(exact_exp(0), 1);
  EXPECT_EQ(exact_exp(-800), 0);
  EXPECT_EQ(exact_exp(800), std::numeric_limits<double>::infinity());
  EXPECT_GT(exact_exp(-744), 0);
}

TEST(ExactNumbers, LogIsTheLibrarysLog) {
  for (double x = 1e-300; x < 1e300; x *= 3.7)
    EXPECT_NEAR(exact_log(x), std::log(x), 1e-13 * std::abs(std::log(x))) << x;
  EXPECT_EQ(exact_log(1), 0);
  EXPECT_NEAR(exact_log(1 + 1e-9), std::log(1 + 1e-9), 1e-22);
}

TEST(ExactNumbers, CosIsTheLibrarysCos) {
  for (double x = -50; x < 50; x += 0.13) EXPECT_NEAR(exact_cos(x), std::cos(x), 1e-12) << x;
}

// The bits themselves: another machine, compiler or optimisation level that contracts or reorders fails here.
TEST(ExactNumbers, TheBitsAreTheSameEverywhere) {
  double mixed = 0;
  for (int i = 1; i <= 1000; ++i) mixed += exact_exp(-i / 97.0) * exact_log(i / 3.0) + sigmoid(i / 250.0 - 2);
  EXPECT_EQ(sigmoid(0), 0.5);
  EXPECT_NEAR(sigmoid(-30) + sigmoid(30), 1, 1e-15);
}

TEST(ExactNumbers, RanksShareTies) {
  const std::vector<double> a = {1, 2, 2, 3};
  const std::vector<double> up = {10, 20, 20, 30};
  const std::vector<double> down = {3, 2, 2, 1};
  EXPECT_NEAR(rank_correlation(a, up), 1, 1e-12);
  EXPECT_NEAR(rank_correlation(a, down), -1, 1e-12);
  EXPECT_EQ(rank_correlation(a, std::vector<double>{5, 5, 5, 5}), 0);
}

TEST(ExactNumbers, QuantilesAreLinearBetweenOrderStatistics) {
  EXPECT_EQ(median_of({3, 1, 2}), 2);
  EXPECT_EQ(quantile_of({0, 10}, 0.25), 2.5);
  EXPECT_EQ(median_of({}), 0);
}

}  // namespace
}  // namespace banchu
