// The gate's power over 20 seeds: it never lets the poison through, and seldom refuses a good day.
#include <gtest/gtest.h>

#include "tests/night/days.h"

namespace banchu::testing {
namespace {

constexpr int kSeeds = 20;

std::string decision_of(const char* day, int seed) {
  const TestBag bag(tiny_file("tiny.gguf"));
  bag.add_day(tiny_file(day));
  const Json night = bag.run(tiny_night(seed)).json();
  const std::string decision = string_at(night, "decision");
  if (decision == "refused") std::printf("seed %d, %s: %s\n", seed, day, night["reasons"].dump().c_str());
  return decision;
}

TEST(GatePower, NeverPromotesThePoisonedDay) {
  for (int seed = 1; seed <= kSeeds; ++seed) EXPECT_EQ(decision_of("poison-day.jsonl", seed), "refused");
}

TEST(GatePower, RefusesAtMostTwoGoodDaysOfTwenty) {
  int refused = 0;
  for (int seed = 1; seed <= kSeeds; ++seed) refused += decision_of("good-day.jsonl", seed) == "promoted" ? 0 : 1;
  EXPECT_LE(refused, 2);
}

}  // namespace
}  // namespace banchu::testing
