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
  lora::DataOrder order(rows, options);
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
  lora::DataOrder order(rows, options);
  EXPECT_NE(order.rows_of_step(0), order.rows_of_step(1));
  options.seed = 2;
  lora::DataOrder other(rows, options);
  EXPECT_NE(order.rows_of_step(0), other.rows_of_step(0));
}

TEST(DataOrder, AStepDoesNotDependOnTheStepsBefore) {
  const auto rows = some_rows(1, 9, 5);
  TrainOptions options;
  options.batch_rows = 4;
  lora::DataOrder walked(rows, options), jumped(rows, options);
  for (int step = 0; step < 5; ++step) (void)walked.rows_of_step(step);
  EXPECT_EQ(walked.rows_of_step(5), jumped.rows_of_step(5));
}

TEST(DataOrder, RehearsalHasItsShareOverTimeAndComesInTurn) {
  const auto rows = some_rows(1, 30, 5);
  TrainOptions options;
  options.batch_rows = 6;
  options.rehearsal_share = 0.25;  // 1.5 rows a step
  options.max_steps = 20;
  lora::DataOrder order(rows, options);
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

TEST(Adamw, TakesTheFirstStepThatPaperAndPenGive) {
  TrainOptions options;
  options.weight_decay = 0.1;
  options.max_grad_norm = 1.0;
  std::vector<float> parameters = {1.0f, -2.0f, 0.5f};
  const std::vector<float> gradients = {3.0f, 0.0f, -4.0f};  // length 5, clipped to 1
  EXPECT_DOUBLE_EQ(5.0, lora::gradient_norm(gradients));
  lora::AdamState state{std::vector<float>(3), std::vector<float>(3), 0};
  lora::adamw_step(options, 0.01, 5.0, gradients, &state, &parameters);
  EXPECT_NEAR(1.0 * 0.999 - 0.01, static_cast<double>(parameters[0]), 1e-6);
  EXPECT_NEAR(-2.0 * 0.999, static_cast<double>(parameters[1]), 1e-6);
  EXPECT_NEAR(0.5 * 0.999 + 0.01, static_cast<double>(parameters[2]), 1e-6);
  EXPECT_NEAR(0.1 * 0.6, static_cast<double>(state.m[0]), 1e-6);
  EXPECT_NEAR(0.001 * 0.64, static_cast<double>(state.v[2]), 1e-8);
}

}  // namespace
}  // namespace banchu::test
