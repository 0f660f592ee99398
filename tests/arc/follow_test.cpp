// What a model's two readings and the words say of a unit that follows another.
#include "arc/follow.h"

#include <gtest/gtest.h>

#include <cmath>

namespace banchu {
namespace {

const std::vector<std::string_view> kTold = {"A baker lost his key.", "He looked for it under the old oven.",
                                             "It lay in the flour, and he laughed."};

// Every token costs `alone` by itself and `with` behind the others.
TwiceRead read_of(std::size_t tokens, float with, float alone, Token first = 0) {
  TwiceRead read;
  for (std::size_t i = 0; i < tokens; ++i) read.tokens.push_back(first + static_cast<Token>(i));
  read.in_context.assign(tokens, with);
  read.alone.assign(tokens, alone);
  return read;
}

std::vector<TwiceRead> even_reading(float with, float alone) {
  return {read_of(5, alone, alone), read_of(7, with, alone, 100), read_of(9, with, alone, 200)};
}

double share_of(std::span<const TwiceRead> read, const std::vector<std::string_view>& units) {
  return follow_share(follow_figures(read, Discourse(units)));
}

TEST(Follow, TheShareOfSurpriseThatTheContextTakesAway) {
  const auto figures = follow_figures(even_reading(-3, -4), Discourse(kTold));
  ASSERT_EQ(figures.size(), 2u);  // the first unit follows nothing
  EXPECT_NEAR(figures[0].relative, 0.25, 1e-6);
  EXPECT_NEAR(figures[0].capped, 1, 1e-6);
  EXPECT_NEAR(figures[0].fresh, 1, 1e-6);
}

TEST(Follow, ATokenThatWasThereBeforeIsNotFresh) {
  std::vector<TwiceRead> read = even_reading(-3, -4);
  read[1].tokens[6] = read[0].tokens[0];
  read[1].in_context[6] = 0;  // gains 4, capped at 2
  const FollowFigures figures = follow_figures(read, Discourse(kTold))[0];
  EXPECT_NEAR(figures.fresh, 1, 1e-6);
  EXPECT_NEAR(figures.capped, 8.0 / 7, 1e-6);
}

TEST(Follow, AnotherCutOfTheFirstWordIsLaidBesideFromTheEnd) {
  std::vector<TwiceRead> read = even_reading(-3, -4);
  read[1].alone.insert(read[1].alone.begin(), -4.0f);  // one token more by itself
  const FollowFigures figures = follow_figures(read, Discourse(kTold))[0];
  EXPECT_NEAR(figures.capped, 1, 1e-6);
  EXPECT_NEAR(figures.relative, (32.0 - 21) / 32, 1e-6);
}

TEST(Follow, ASentenceSaidTwiceIsSeen) {
  const std::vector<std::string_view> twice = {kTold[0], kTold[1], kTold[1]};
  const FollowFigures figures = follow_figures(even_reading(-3, -4), Discourse(twice))[1];
  EXPECT_EQ(figures.overlap, 1);
  EXPECT_EQ(figures.repeated, 1);
  const FollowFigures told = follow_figures(even_reading(-3, -4), Discourse(kTold))[1];
  EXPECT_LT(told.overlap, 0.5);
  EXPECT_EQ(told.repeated, 0);
}

TEST(Follow, ACopyDoesNotWinByTheGainThatOnlyACopyHas) {
  std::vector<TwiceRead> read = even_reading(-3, -4);
  const double told = share_of(read, kTold);
  read[2] = read_of(7, -0.1f, -4, 100);
  EXPECT_LT(share_of(read, {kTold[0], kTold[1], kTold[1]}), told);
}

TEST(Follow, MoreHelpFromTheContextIsMore) {
  EXPECT_GT(share_of(even_reading(-2.5f, -4), kTold), share_of(even_reading(-3.5f, -4), kTold));
  EXPECT_GT(share_of(even_reading(-2.5f, -4), kTold), 0.5);
  EXPECT_LT(share_of(even_reading(-4, -4), kTold), 0.5);
}

TEST(Follow, NothingToReadIsNoTrouble) {
  EXPECT_TRUE(follow_figures({}, Discourse({})).empty());
  const std::vector<std::string_view> words = {"One.", "", "Two."};
  const std::vector<TwiceRead> read(3);
  EXPECT_TRUE(std::isfinite(share_of(read, words)));
}

}  // namespace
}  // namespace banchu
