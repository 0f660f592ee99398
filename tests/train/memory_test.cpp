// What is kept in memory: predicted before the start, and never seen in the result.
#include "train/memory.h"

#include <gtest/gtest.h>

#include "tests/train/rows.h"
#include "tests/train/workshop.h"

namespace banchu::test {
namespace {

// Llama-3.1-8B's dimensions.
lora::ModelShape large_shape() {
  lora::ModelShape shape;
  shape.n_layer = 32;
  shape.n_embd = 4096;
  shape.n_head = 32;
  shape.n_head_kv = 8;
  shape.head_dim = 128;
  shape.n_ff = 14336;
  shape.n_vocab = 128256;
  return shape;
}

struct LargeJob {
  explicit LargeJob(std::size_t row_tokens) {
    LessonRow row;
    row.tokens.assign(row_tokens, 1);
    train = TrainSet(std::vector<LessonRow>(4, row));
    job.train = &train;
    job.options.rank = 16;
    job.options.batch_rows = 4;
    job.options.context_tokens = 4096;
    plan = lora::plan_parameters(shape, 16, 32);
  }
  Result<lora::MemoryChoice> choose(int limit_mb) {
    job.options.memory_limit_mb = limit_mb;
    return lora::choose_memory(job, shape, plan, lora::Element::bf16);
  }
  lora::ModelShape shape = large_shape();
  lora::ParameterPlan plan;
  TrainSet train;
  TrainJob job;
};

TEST(TrainMemory, WhatIsKeptDoesNotChangeAByteOfTheAdapter) {
  for (const lora::Element type : {lora::Element::f32, lora::Element::bf16}) {
    Workshop frugal, generous;
    frugal.settings.type = generous.settings.type = type;
    frugal.settings.activation_budget_bytes = 0;
    frugal.settings.resident_layers = 0;
    ASSERT_TRUE(frugal.run());
    ASSERT_TRUE(generous.run());
    EXPECT_EQ(frugal.bytes(), generous.bytes());
  }
}

TEST(TrainMemory, MoreMemoryKeepsMoreAndStaysBelowTheLimit) {
  LargeJob large(256);
  std::int64_t activations = -1, resident = -1;
  for (const int limit_mb : {6000, 8000, 20000, 48000}) {
    const auto choice = large.choose(limit_mb);
    ASSERT_TRUE(choice) << limit_mb << ": " << choice.error().message;
    EXPECT_LE(choice->expected_bytes, static_cast<std::int64_t>(limit_mb) << 20);
    EXPECT_GE(choice->activation_bytes, activations);
    EXPECT_GE(choice->resident_layers, resident);
    activations = choice->activation_bytes;
    resident = choice->resident_layers;
  }
  EXPECT_EQ(32, resident);
}

TEST(TrainMemory, WhatCannotFitIsRefusedBeforeTheStartWithSettingsThatDoFit) {
  LargeJob large(4096);
  const auto refused = large.choose(9 << 10);
  ASSERT_FALSE(refused);
  EXPECT_EQ(Code::NoSpace, refused.error().code);
  ASSERT_NE(std::string::npos, refused.error().hint.find("micro_batch_size 1 ")) << refused.error().hint;
  EXPECT_NE(std::string::npos, refused.error().hint.find("gradient_accumulation_steps 4 ")) << refused.error().hint;
  large.job.options.batch_rows = 1;
  EXPECT_TRUE(large.choose(9 << 10));
}

TEST(TrainMemory, AModelThatCannotFitWithAnyRowSaysSo) {
  LargeJob large(4096);
  const auto refused = large.choose(512);
  ASSERT_FALSE(refused);
  EXPECT_NE(std::string::npos, refused.error().hint.find("smaller model")) << refused.error().hint;
}

}  // namespace
}  // namespace banchu::test
