// What can be wrong with a model, with rows, with numbers: named, counted, never silent.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/train/workshop.h"
#include "train/rows.h"
#include "train/state.h"
#include "train/weights_check.h"

namespace banchu::test {
namespace {

// --- weights

TEST(Weights, ANanOrAnInfinityIsNamedBeforeAnythingIsTrained) {
  for (const char* name : {"blk.1.ffn_up.weight", "output_norm.weight", "token_embd.weight"}) {
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
      TinyModel tiny = make_tiny_llama(7);
      tiny.tensors[name].data.back() = bad;
      Workshop shop(tiny);
      const auto outcome = shop.run();
      ASSERT_FALSE(outcome) << name;
      EXPECT_EQ(Code::Corruption, outcome.error().code);
      EXPECT_NE(std::string::npos, outcome.error().message.find(name)) << outcome.error().message;
      EXPECT_FALSE(shop.wrote());
    }
  }
}

TEST(Weights, OfEveryFamilyAreNumbers) {
  for (const auto& [name, tiny] : tiny_families()) {
    const Workshop shop(tiny);
    EXPECT_TRUE(lora::check_weights(*GgufFile::open(shop.job.base).value())) << name;
  }
}

// --- divergence

TEST(Divergence, NamesTheStepAndTheTensorAndKeepsTheStateBeforeIt) {
  Workshop shop;
  const auto shape = lora::read_shape(*GgufFile::open(shop.job.base).value()).value();
  const auto plan = lora::plan_parameters(shape, shop.job.options.rank, shop.job.options.alpha);
  std::vector<float> huge = lora::fresh_parameters(plan, 1);
  for (const lora::ParameterTensor& tensor : lora::tensors_of(plan)) {
    for (std::int64_t i = 0; i < tensor.size; ++i) {
      if (tensor.is_b) huge[static_cast<std::size_t>(tensor.begin + i)] = i % 2 == 0 ? 3e38f : -3e38f;
    }
  }
  const Adapter initial = lora::to_adapter(plan, huge.data());
  shop.job.initial = &initial;
  shop.job.valid = nullptr;
  const auto outcome = shop.run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(Code::FailedPrecondition, outcome.error().code);
  EXPECT_NE(std::string::npos, outcome.error().message.find("diverged in step 1: the gradient of blk.0."))
      << outcome.error().message;
  EXPECT_NE(std::string::npos, outcome.error().hint.find("the state after step 0 is kept in")) << outcome.error().hint;
  EXPECT_FALSE(shop.wrote());
  // What was kept is the state before the bad step: going on meets the same step again.
  EXPECT_TRUE(std::filesystem::exists(lora::checkpoint_path(shop.job.checkpoint_folder)));
  EXPECT_EQ(outcome.error().message, shop.run().error().message);
}

TEST(Divergence, TheFirstTensorThatIsNoNumberIsFound) {
  Workshop shop;
  const auto shape = lora::read_shape(*GgufFile::open(shop.job.base).value()).value();
  const auto plan = lora::plan_parameters(shape, 2, 4);
  std::vector<float> numbers(static_cast<std::size_t>(plan.size), 1.0f);
  EXPECT_EQ("", lora::first_not_finite(plan, numbers));
  for (const lora::ParameterTensor& tensor : lora::tensors_of(plan)) {
    if (tensor.name != "blk.1.attn_k.weight.lora_b") continue;
    numbers[static_cast<std::size_t>(tensor.begin)] = std::nanf("");
  }
  numbers.back() = std::numeric_limits<float>::infinity();
  EXPECT_EQ("blk.1.attn_k.weight.lora_b", lora::first_not_finite(plan, numbers));
}

// --- rows

using LongRows = TrainOptions::LongRows;

TEST(Rows, LongOnesAreSplitSoThatEveryTargetIsLearnedOnceBehindHalfAContext) {
  LessonRow row = random_row(3, RowKind::distill, 100);
  row.targets.clear();
  row.teacher.clear();
  Rng rng(1, "teacher");
  for (std::uint32_t t = 1; t < 100; ++t) {
    row.targets.push_back(t);
    row.teacher.push_back(random_teacher(&rng, 61, 2));
  }
  const std::vector<LessonRow> rows = {random_row(1, RowKind::sft, 30), row};
  const lora::PreparedRows prepared = lora::prepare_rows(rows, 30, LongRows::split);
  EXPECT_EQ(1, prepared.counts.split);
  EXPECT_EQ(0, prepared.counts.dropped);
  ASSERT_GT(prepared.rows.size(), 3U);
  EXPECT_EQ(&rows[0], prepared.rows[0]);
  std::size_t next = 0;  // of the long row's targets
  for (std::size_t w = 1; w < prepared.rows.size(); ++w) {
    const LessonRow& window = *prepared.rows[w];
    EXPECT_LE(window.tokens.size(), 30U);
    EXPECT_EQ(row.kind, window.kind);
    for (std::size_t i = 0; i < window.targets.size(); ++i, ++next) {
      EXPECT_GE(window.targets[i], w > 1 ? 15U : 1U);
      EXPECT_EQ(row.tokens[row.targets[next]], window.tokens[window.targets[i]]);
      EXPECT_EQ(row.teacher[next].ids, window.teacher[i].ids);
    }
  }
  EXPECT_EQ(row.targets.size(), next);
}

TEST(Rows, LongOnesAreLeftOutWhenAskedAndPairsAlways) {
  const std::vector<LessonRow> rows = {random_row(1, RowKind::sft, 31), random_row(2, RowKind::preference, 29),
                                       random_row(3, RowKind::preference, 28)};
  EXPECT_EQ(2, lora::prepare_rows(rows, 30, LongRows::drop).counts.dropped);  // a pair's other reply is 2 longer
  const auto split = lora::prepare_rows(rows, 30, LongRows::split);
  EXPECT_EQ(1, split.counts.dropped);
  EXPECT_EQ(1, split.counts.split);
}

TEST(Rows, WhatBecameOfThemIsToldWithTheOutcome) {
  Workshop shop;
  shop.train.rows().push_back(random_row(60, RowKind::sft, 90));
  shop.train.rows().push_back(random_row(61, RowKind::sft, 10));
  shop.train.rows().back().targets.clear();  // an empty target span
  shop.valid.rows().push_back(random_row(62, RowKind::sft, 70));
  shop.job.options.context_tokens = 40;
  const auto split = shop.run();
  ASSERT_TRUE(split) << split.error().message;
  EXPECT_EQ(2, split->rows.split);
  EXPECT_EQ(1, split->rows.without_target);
  ASSERT_EQ(2U, split->notes.size());
  EXPECT_EQ("2 rows longer than 40 tokens were split", split->notes[0]);
  shop.job.options.long_rows = LongRows::drop;
  const auto dropped = shop.run();
  ASSERT_TRUE(dropped);
  EXPECT_EQ(2, dropped->rows.dropped);
  EXPECT_EQ("2 rows longer than 40 tokens were left out", dropped->notes[0]);
}

TEST(Rows, WithoutAnyTargetThereIsNothingToTrainOn) {
  Workshop shop;
  for (LessonRow& row : shop.train.rows()) {
    row.targets.clear();
    row.teacher.clear();
  }
  EXPECT_EQ(Code::InvalidArgument, shop.run().error().code);
}

TEST(Rows, APairThatIsBrokenIsNamed) {
  const auto broken = [](auto change) {
    Workshop shop;
    LessonRow pair = random_row(70, RowKind::preference, 12);
    change(pair);
    shop.train = TrainSet({std::move(pair)});
    const auto outcome = shop.run();
    EXPECT_FALSE(outcome);
    return outcome ? std::string() : outcome.error().message;
  };
  EXPECT_NE(std::string::npos, broken([](LessonRow& r) { r.rejected[0] = 61; }).find("rejected reply"));
  EXPECT_NE(std::string::npos, broken([](LessonRow& r) { r.rejected_targets[0] = 0; }).find("out of order"));
  EXPECT_NE(std::string::npos, broken([](LessonRow& r) { r.kind = RowKind::sft; }).find("only preference rows"));
  EXPECT_NE(std::string::npos, broken([](LessonRow& r) { r.rejected_targets.clear(); }).find("nothing to train on"));
}

// --- tokenizer

TEST(Tokenizer, OfAnotherModelIsRefused) {
  Workshop shop;
  shop.job.tokenizer = tokenizer_digest(*GgufFile::open(shop.job.base).value());
  shop.job.options.max_steps = 1;
  EXPECT_TRUE(shop.run());
  shop.job.tokenizer = std::string(64, '0');
  const auto outcome = shop.run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(Code::InvalidArgument, outcome.error().code);
  EXPECT_NE(std::string::npos, outcome.error().message.find("another tokenizer")) << outcome.error().message;
}

}  // namespace
}  // namespace banchu::test
