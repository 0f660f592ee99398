// The yardstick itself: flops counted as a person would, and a bench that measures a real training.
#include "train/bench.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/train/tiny_model.h"
#include "train/flops.h"

namespace banchu::test {
namespace {

TEST(TrainBench, CountsFlopsAsAPersonWould) {
  lora::ModelShape shape;
  shape.n_layer = 2;
  shape.n_embd = 8;
  shape.n_head = 2;
  shape.n_head_kv = 1;
  shape.head_dim = 4;
  shape.n_ff = 16;
  shape.n_vocab = 100;
  const lora::ParameterPlan plan = lora::plan_parameters(shape, 2, 4);
  const lora::StepSize size{3, 5, 12};
  // Numbers of the maps of one layer: q 8x8, k and v 8x4, o 8x8, gate, up and down 8x16.
  const double maps = 64 + 32 + 32 + 64 + 3 * 128, qkv = 64 + 32 + 32;
  const double detours = 2.0 * (16 + 12 + 12 + 16 + 24 + 24 + 24), qkv_inputs = 2.0 * (8 + 8 + 8);
  const double tokens = 15;
  const double weights = 2 * tokens * (2 * 2 * maps - qkv);
  const double lora = 2 * tokens * (2 * 3 * detours - qkv_inputs);
  const double head = 2 * 2 * 12 * 8 * 100.0;
  const double attention = 2 /* layers */ * 3 /* rows */ * (1 + 2 + 3 + 4 + 5) * 8.0 * 2 * 6;
  EXPECT_DOUBLE_EQ(attention, lora::attention_flops(shape, size));
  EXPECT_DOUBLE_EQ(weights + lora + head + attention, lora::step_flops(shape, plan, size));
}

TEST(TrainBench, MeasuresARealTrainingStepByStep) {
  const auto folder = TemporaryFolder::create("banchu-bench-test").value();
  TrainBenchOptions options;
  options.model = folder.path() / "tiny.gguf";
  write_tiny_model(make_tiny_llama(7), options.model);
  options.rank = 4;
  options.rows = 2;
  options.row_tokens = 24;
  options.steps = 3;
  options.threads = 1;
  options.by_cpu_time = true;
  const auto bench = bench_train(options, {}, nullptr);
  ASSERT_TRUE(bench) << bench.error().message;
  EXPECT_EQ(3U, bench->step_seconds.size());
  EXPECT_EQ(4U, bench->losses.size());
  EXPECT_LT(bench->losses.back(), bench->losses.front());
  EXPECT_EQ(48, bench->step_tokens);
  EXPECT_GT(bench->gemm_peak_gflops, 0);
  EXPECT_NEAR(bench->achieved_gflops, 1e-9 * bench->flops_per_token * bench->tokens_per_second, 1e-6);
}

TEST(TrainBench, CpuTimeOfSeveralThreadsIsRefused) {
  TrainBenchOptions options;
  options.by_cpu_time = true;
  options.threads = 2;
  const auto bench = bench_train(options, {}, nullptr);
  ASSERT_FALSE(bench);
  EXPECT_EQ(Code::InvalidArgument, bench.error().code);
}

}  // namespace
}  // namespace banchu::test
