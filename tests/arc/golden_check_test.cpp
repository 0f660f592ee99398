#include "arc/golden_check.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace banchu {
namespace {

TEST(GoldenCheck, AShuffleKeepsEverySentenceAndNoPlace) {
  std::vector<std::string> units;
  for (int i = 0; i < 30; ++i) units.push_back(std::to_string(i));
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    std::vector<std::string> shuffled = shuffled_units(units, seed);
    int kept = 0;
    for (std::size_t i = 0; i < units.size(); ++i) kept += shuffled[i] == units[i] ? 1 : 0;
    EXPECT_EQ(kept, 0) << seed;
    EXPECT_EQ(shuffled, shuffled_units(units, seed));
    std::ranges::sort(shuffled);
    std::vector<std::string> sorted = units;
    std::ranges::sort(sorted);
    EXPECT_EQ(shuffled, sorted);
  }
}

TEST(GoldenCheck, ASpliceIsTwoHalves) {
  EXPECT_EQ(spliced_units({"a", "b", "c", "d"}, {"1", "2", "3", "4", "5"}),
            (std::vector<std::string>{"a", "b", "3", "4", "5"}));
}

TEST(GoldenCheck, TheShippedEpisodesStandAboveTheirShufflesAndSplices) {
  const Result<GoldenSet> set = shipped_golden();
  ASSERT_TRUE(set);
  const Result<GoldenCheck> check = check_golden(*set, {});
  ASSERT_TRUE(check) << check.error().message;
  EXPECT_EQ(check->held_out.scores.size(), 24u);
  EXPECT_EQ(check->shuffled.scores.size(), 24u);
  EXPECT_LT(check->shuffled.median, kShuffledLimit);
  EXPECT_LT(check->spliced.median, kSplicedLimit);
  EXPECT_GT(check->held_out.median, check->spliced.median);
  EXPECT_GE(check->held_out.median, kGoldenFloor);
  EXPECT_TRUE(check->reasons.empty());
}

// Lists of unconnected sentences: their shuffles are as good as they are, so they define nothing.
TEST(GoldenCheck, EpisodesWithoutAnOrderAreNoStandard) {
  GoldenSet set;
  for (int story = 0; story < 8; ++story) {
    std::vector<std::string> units;
    for (int i = 0; i < 12; ++i)
      units.push_back("Number " + std::to_string((story * 31 + i * 17) % 101) + " is " +
                      (i % 3 == 0 ? "good." : "here."));
    GoldenStory one;
    one.episode.id = std::to_string(story);
    one.episode.language = "en";
    one.episode.units = units;
    set.stories.push_back(one);
  }
  const Result<GoldenCheck> check = check_golden(set, {});
  ASSERT_TRUE(check) << check.error().message;
  EXPECT_FALSE(check->reasons.empty());
}

TEST(GoldenCheck, TooFewEpisodesAreRefused) {
  GoldenSet set = *shipped_golden();
  set.stories.resize(5);
  const Result<GoldenCheck> check = check_golden(set, {});
  ASSERT_FALSE(check);
  EXPECT_EQ(check.error().code, Code::InvalidArgument);
}

TEST(GoldenCheck, CtrlCEndsIt) {
  CancelFlag cancel{true};
  GoldenCheckOptions options;
  options.cancel = &cancel;
  const Result<GoldenCheck> check = check_golden(*shipped_golden(), options);
  ASSERT_FALSE(check);
  EXPECT_EQ(check.error().code, Code::Cancelled);
}

}  // namespace
}  // namespace banchu
