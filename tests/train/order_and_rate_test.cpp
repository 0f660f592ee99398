// Which rows stand in which step, and how fast the optimiser walks.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tests/train/workshop.h"
#include "train/data_order.h"
#include "train/optimiser.h"

namespace banchu::test {
namespace {

TEST(DataOrder, AnEpochIsOnePassOverTheLessons) {
  const auto rows = some_rows(1, 10);
  TrainOptions options;
  options.batch_rows = 4;
  options.epochs = 3;
  lora::DataOrder order(pointers_to(rows), options);
  EXPECT_EQ(8, order.total_steps());  // 30 draws, 4 a step
  std::map<const LessonRow*, int> seen;
  for (int step = 0; step < order.total_steps(); ++step) {
    for (const LessonRow* row : order.rows_of_step(step)) ++seen[row];
  }
  EXPECT_EQ(2U, order.rows_of_step(7).size());
  ASSERT_EQ(10U, seen.size());
  for (const auto& [row, times] : seen) EXPECT_EQ(3, times);
}

TEST(DataOrder, EveryEpochIsShuffledAnew) {
  const auto rows = some_rows(1, 12);
  TrainOptions options;
  options.batch_rows = 12;
  lora::DataOrder order(pointers_to(rows), options);
  EXPECT_NE(order.rows_of_step(0), order.rows_of_step(1));
  options.seed = 2;
  lora::DataOrder other(pointers_to(rows), options);
  EXPECT_NE(order.rows_of_step(0), other.rows_of_step(0));
}

TEST(DataOrder, AStepDoesNotDependOnTheStepsBefore) {
  const auto rows = some_rows(1, 9, 5);
  TrainOptions options;
  options.batch_rows = 4;
  lora::DataOrder walked(pointers_to(rows), options), jumped(pointers_to(rows), options);
  for (int step = 0; step < 5; ++step) (void)walked.rows_of_step(step);
  EXPECT_EQ(walked.rows_of_step(5), jumped.rows_of_step(5));
}

TEST(DataOrder, RehearsalHasItsShareOverTimeAndComesInTurn) {
  const auto rows = some_rows(1, 30, 5);
  TrainOptions options;
  options.batch_rows = 6;
  options.rehearsal_share = 0.25;  // 1.5 rows a step
  options.max_steps = 20;
  lora::DataOrder order(pointers_to(rows), options);
  std::map<const LessonRow*, int> seen;
  int rehearsals = 0;
  for (int step = 0; step < 20; ++step) {
    const auto picked = order.rows_of_step(step);
    EXPECT_EQ(6U, picked.size());
    for (const LessonRow* row : picked) {
      if (row->kind != RowKind::rehearsal) continue;
      ++rehearsals;
      ++seen[row];
    }
  }
  EXPECT_EQ(30, rehearsals);
  for (const auto& [row, times] : seen) EXPECT_EQ(6, times);
}

TEST(Schedule, WarmsUpFromZeroAndFallsAsHuggingFaceDoes) {
  TrainOptions options;  // linear, warm-up 0.1
  EXPECT_DOUBLE_EQ(0.0, lora::learning_rate_at(options, 1, 0, 100));
  EXPECT_DOUBLE_EQ(0.5, lora::learning_rate_at(options, 1, 5, 100));
  EXPECT_DOUBLE_EQ(1.0, lora::learning_rate_at(options, 1, 10, 100));
  EXPECT_DOUBLE_EQ(0.5, lora::learning_rate_at(options, 1, 55, 100));
  EXPECT_DOUBLE_EQ(1.0 / 90, lora::learning_rate_at(options, 1, 99, 100));
  options.schedule = TrainOptions::Schedule::cosine;
  EXPECT_NEAR(0.5, lora::learning_rate_at(options, 1, 55, 100), 1e-12);
  EXPECT_NEAR(0.5 * (1 + std::cos(3.14159265358979 * 0.25)), lora::learning_rate_at(options, 1, 325, 1000), 1e-12);
  options.schedule = TrainOptions::Schedule::constant;
  EXPECT_DOUBLE_EQ(1.0, lora::learning_rate_at(options, 1, 99, 100));
  options.warmup_share = 0;
  EXPECT_DOUBLE_EQ(1.0, lora::learning_rate_at(options, 1, 0, 100));
}

TEST(Schedule, TheDefaultRateFollowsTheWidth) {
  EXPECT_NEAR(1.3e-3, default_learning_rate(576), 5e-5);
  EXPECT_NEAR(1.7e-4, default_learning_rate(8192), 5e-6);
}

TEST(Schedule, StepsOfWarmUpComeBeforeTheShare) {
  TrainOptions options;
  options.warmup_share = 0.5;
  options.warmup_steps = 4;
  EXPECT_DOUBLE_EQ(0.75, lora::learning_rate_at(options, 1, 3, 100));
  EXPECT_DOUBLE_EQ(1.0, lora::learning_rate_at(options, 1, 4, 100));
  EXPECT_DOUBLE_EQ(0.5, lora::learning_rate_at(options, 1, 52, 100));
}

}  // namespace
}  // namespace banchu::test
