// One real night: the default model, the sample day, the default recipe.
#include <gtest/gtest.h>

#include "tests/night/days.h"

namespace banchu::testing {
namespace {

TEST(RealNight, TheSampleDayIsEngravedAndTheGateSaysYes) {
  if (!std::filesystem::exists(default_model())) GTEST_SKIP() << "the default model is not installed; run ./start";
  const TestBag bag(default_model());
  bag.add_day(sample_file("en/day1.jsonl"));
  // The default recipe, but that timing never decides a test.
  const auto recipe = std::filesystem::path(bag.folder()) / "night.yaml";
  ASSERT_TRUE(write_file_atomic(recipe, "gate:\n  speed_at_least: 0\n"));
  const Ran ran = bag.run({"night", "--json", "--seed", "1"});
  const Json night = ran.json();
  std::printf("%s\n", ran.out.c_str());
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(string_at(night, "decision"), "promoted") << night["reasons"].dump();
  EXPECT_GE(check_value(night, "habit", "after"), 0.9);
  EXPECT_LE(check_value(night, "habit", "before"), 0.05);
  EXPECT_LE(night["receipt"]["peak_rss_bytes"].get<double>(), 1.5e9);

  const Json said =
      bag.run({"chat", "--once", "What should I read on a rainy Sunday?", "--mode", "sandbox", "--json"}).json();
  EXPECT_EQ(said["adapters"].size(), 1u);
}

}  // namespace
}  // namespace banchu::testing
