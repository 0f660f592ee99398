#include "evaluate/lambda.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/losses.h"

namespace banchu {
namespace {

double choose(const std::vector<LambdaTrial>& trials) {
  EvaluateOptions options;
  options.general_rise_at_most = 0.03;
  options.valid_replies = 16;
  return choose_lambda(trials, options);
}

TEST(ChooseLambda, TakesTheBestLessonRateWithinTheLimit) {
  EXPECT_EQ(choose({{1.0, 1.0, 0.04}, {0.9, 0.95, 0.03}, {0.8, 0.9, 0.01}}), 0.9);
}

TEST(ChooseLambda, AmongEqualsTakesTheSmallerRise) {
  EXPECT_EQ(choose({{1.0, 1.0, 0.028}, {0.9, 1.0, 0.02}, {0.8, 0.9, 0.01}}), 0.9);
}

TEST(ChooseLambda, AmongNegligibleRisesTakesTheStronger) {
  EXPECT_EQ(choose({{0.9, 1.0, 0.014}, {0.8, 1.0, 0.004}, {0.7, 1.0, 0.001}}), 0.9);
}

TEST(ChooseLambda, DoesNotTakeOneReplyOfSixteenForADifference) {
  EXPECT_EQ(choose({{1.0, 14 / 16.0, 0.01}, {0.9, 13 / 16.0, 0.004}, {0.8, 15 / 16.0, 0.001}}), 1.0);
  EXPECT_EQ(choose({{1.0, 12 / 16.0, 0.01}, {0.9, 15 / 16.0, 0.004}}), 0.9);
}

TEST(ChooseLambda, FindsNoneWhenAllCostTooMuchOrNothingWasMeasured) {
  EXPECT_TRUE(std::isnan(choose({{1.0, 1.0, 0.04}})));
  EXPECT_TRUE(std::isnan(choose({{1.0, kMissing, 0.01}})));
  EXPECT_TRUE(std::isnan(choose({{1.0, 1.0, kMissing}})));
  EXPECT_TRUE(std::isnan(choose({})));
}

TopK top(std::vector<Token> ids, const std::vector<double>& shares) {
  TopK result{std::move(ids), {}};
  for (const double share : shares) result.logprobs.push_back(static_cast<float>(std::log(share)));
  return result;
}

TEST(TeacherKl, IsZeroForTheTeacherItself) {
  const TopK teacher = top({3, 1}, {0.6, 0.3});
  EXPECT_NEAR(kl_to_teacher(teacher, teacher), 0.0, 1e-6);
}

TEST(TeacherKl, IsTheDivergenceWithOneBucketForTheRest) {
  const double expected = 0.6 * std::log(0.6 / 0.2) + 0.3 * std::log(0.3 / 0.5) + 0.1 * std::log(0.1 / 0.3);
  EXPECT_NEAR(kl_to_teacher(top({3, 1}, {0.6, 0.3}), top({1, 3}, {0.5, 0.2})), expected, 1e-5);
}

TEST(TeacherKl, WithoutAStudentIsMissing) { EXPECT_TRUE(std::isnan(kl_to_teacher(top({1}, {0.9}), TopK{}))); }

}  // namespace
}  // namespace banchu
