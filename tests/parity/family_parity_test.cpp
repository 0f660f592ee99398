// Of every family: our logits are the engine's, bare, with an adapter that was made up, and with one that was trained.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "tests/parity/served.h"
#include "tests/train/rows.h"
#include "tests/train/tiny_model.h"
#include "train/run.h"

namespace banchu::test {
namespace {

// Several rows, the longest far beyond a tiny window and a block of queries.
Rows random_rows() {
  Rows rows;
  for (const std::size_t length : {150U, 9U, 70U}) rows.push_back(random_row(length, RowKind::sft, length).tokens);
  return rows;
}
constexpr std::size_t kPositions = 150 + 9 + 70;

class FamilyParity : public testing::TestWithParam<std::string> {
 protected:
  FamilyParity() {
    write_tiny_model(tiny_families().at(GetParam()), base_);
    plan_ = lora::plan_parameters(lora::read_shape(*GgufFile::open(base_).value()).value(), 4, 8);
  }
  std::vector<float> ours(const std::vector<float>& parameters) const {
    return our_logits<float>(base_, plan_, parameters, random_rows());
  }

  const TemporaryFolder folder_ = TemporaryFolder::create("banchu-family").value();
  const std::filesystem::path base_ = folder_.path() / "tiny.gguf";
  const std::filesystem::path adapter_ = folder_.path() / "adapter.gguf";
  lora::ParameterPlan plan_;
};
INSTANTIATE_TEST_SUITE_P(Tiny, FamilyParity, testing::ValuesIn(tiny_family_names()),
                         [](const auto& one) { return one.param; });

// Half precision in the engine's cache and in its table of gelu is all that is left between us.
constexpr double kBar = 2e-5;

TEST_P(FamilyParity, OurLogitsAreThoseOfLibllamaWithAndWithoutAnAdapter) {
  const Engine engine(base_);
  const auto plain = engine.logits(random_rows(), "");
  const double bare = mean_kl(plain, ours(lora::fresh_parameters(plan_, 1)), kPositions);
  const auto parameters = lively_parameters(plan_, 0.2);
  ASSERT_TRUE(write_adapter(lora::to_adapter(plan_, parameters.data()), adapter_));
  const auto served = engine.logits(random_rows(), adapter_);
  ASSERT_GT(mean_kl(plain, served, kPositions), 0.05) << "the adapter does nothing visible";
  const double adapted = mean_kl(served, ours(parameters), kPositions);
  std::printf("KL(libllama || ours) = %.1e bare, %.1e with an adapter, nats a token\n", bare, adapted);
  EXPECT_LE(bare, kBar);
  EXPECT_LE(adapted, kBar);
}

TEST_P(FamilyParity, ATrainedAdapterIsServedAsItWasTrained) {
  const TrainSet set({random_row(1, RowKind::sft, 80), random_row(2, RowKind::distill, 30)});
  TrainJob job;
  job.base = base_;
  job.train = &set;
  job.output = adapter_;
  job.options.rank = 4;
  job.options.alpha = 8;
  job.options.max_steps = 10;
  job.options.learning_rate = 2e-2;
  job.options.threads = 1;
  lora::RunSettings settings;
  settings.type = lora::Element::f32;
  const auto outcome = lora::train_with(job, settings, {}, nullptr);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_LT(outcome->loss_last, 0.8 * outcome->loss_first);
  const Engine engine(base_);
  const auto served = engine.logits(random_rows(), adapter_);
  ASSERT_GT(mean_kl(engine.logits(random_rows(), ""), served, kPositions), 0.05) << "it learned nothing visible";
  const auto parameters = lora::from_adapter(plan_, read_adapter(adapter_).value()).value();
  EXPECT_LE(mean_kl(served, ours(parameters), kPositions), kBar);
}

// A real model of another family than the default one, when somebody has it: BANCHU_PARITY_MODEL names the file. Asked
// for is the engine on the same weights in F16; what its rounding of activations adds on the file itself is printed, no
// more (docs/decisions/dequantised-forward.md).
TEST(RealFamilyParity, OurLogitsOfTheNamedModelAreClose) {
  const char* path = std::getenv("BANCHU_PARITY_MODEL");
  if (path == nullptr) GTEST_SKIP() << "BANCHU_PARITY_MODEL names no model";
  const auto shape = lora::read_shape(*GgufFile::open(path).value());
  ASSERT_TRUE(shape) << shape.error().message;
  const auto plan = lora::plan_parameters(*shape, 8, 16);
  const auto folder = TemporaryFolder::create("banchu-family").value();
  write_dequantised(path, folder.path() / "f16.gguf");
  std::string text;
  while (text.size() < 2600) {
    text +=
        "Bread rises because yeast eats sugar and breathes out gas. 빵이 부푸는 것은 효모가 당을 먹고 숨을 내쉬기 "
        "때문이다. Line " +
        std::to_string(text.size()) + " of this text is like the others, and yet it is not.\n";
  }
  const Rows rows = {Engine(path).tokenize(text)};
  const auto ours = our_logits<float>(path, plan, lora::fresh_parameters(plan, 1), rows);
  const double exact = mean_kl(Engine(folder.path() / "f16.gguf").logits(rows, ""), ours, rows[0].size());
  const double rounded = mean_kl(Engine(path).logits(rows, ""), ours, rows[0].size());
  std::printf("%zu tokens: KL(libllama || ours) = %.2e on the weights in F16, %.2e on the file, nats a token\n",
              rows[0].size(), exact, rounded);
  EXPECT_LE(exact, 1e-4);
  RecordProperty("served_gap", std::to_string(rounded));
}

}  // namespace
}  // namespace banchu::test
