// What is trained is what is served: our logits with an adapter against libllama's on the default model.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "tests/parity/served.h"
#include "train/element.h"
#include "train/shape.h"

namespace banchu::test {
namespace {

std::filesystem::path default_model() {
  const char* home = std::getenv("BANCHU_HOME");
  const char* user = std::getenv("HOME");
  const std::filesystem::path folder = home != nullptr
                                           ? std::filesystem::path(home)
                                           : std::filesystem::path(user != nullptr ? user : "") / ".local/share/banchu";
  return folder / "models/SmolLM2-135M-Instruct.Q4_1.gguf";
}

constexpr const char* kText =
    "<|im_start|>user\nWhy does bread rise, and what does salt do in it?<|im_end|>\n<|im_start|>assistant\nBread rises "
    "because yeast eats sugar and breathes out gas, which the stretchy dough holds in small bubbles. Salt slows the "
    "yeast a little, makes the dough stronger and gives the crumb its taste.<|im_end|>\n";

struct Served {
  std::vector<Token> tokens;
  std::vector<float> plain, adapted;  // [tokens, vocabulary]
};

Served serve(const std::filesystem::path& base, const std::filesystem::path& adapter) {
  const Engine engine(base);
  Served served;
  served.tokens = engine.tokenize(kText);
  served.plain = engine.logits({served.tokens}, "");
  served.adapted = engine.logits({served.tokens}, adapter);
  return served;
}

class ServedParity : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(base_)) GTEST_SKIP() << "the default model is not at " << base_;
    plan_ = lora::plan_parameters(lora::read_shape(*GgufFile::open(base_).value()).value(), 8, 16);
    parameters_ = lively_parameters(plan_);
    ASSERT_TRUE(write_adapter(lora::to_adapter(plan_, parameters_.data()), folder_.path() / "adapter.gguf"));
  }
  // Mean KL(libllama on `served` || ours on the quantised base), nats a token, both with the adapter.
  template <typename T>
  double gap(const Served& served) {
    return mean_kl(served.adapted, our_logits<T>(base_, plan_, parameters_, {served.tokens}), served.tokens.size());
  }

  const std::filesystem::path base_ = default_model();
  TemporaryFolder folder_ = TemporaryFolder::create("banchu-parity").value();
  lora::ParameterPlan plan_;
  std::vector<float> parameters_;
};

TEST_F(ServedParity, OurLogitsAreThoseOfLibllamaOnTheSameWeights) {
  write_dequantised(base_, folder_.path() / "f16.gguf");
  const Served served = serve(folder_.path() / "f16.gguf", folder_.path() / "adapter.gguf");
  ASSERT_GT(mean_kl(served.plain, served.adapted, served.tokens.size()), 0.05) << "the adapter does nothing visible";
  const double f32 = gap<float>(served);
  const double bf16 = gap<lora::Bf16>(served);
  std::printf("KL(libllama on F16 || ours) = %.1e in f32, %.1e in bf16, nats a token\n", f32, bf16);
  EXPECT_LE(f32, 1e-4);
  EXPECT_LE(bf16, 1e-3);
}

// On the quantised file itself libllama rounds every activation to 8 bits, adapter or not. That rounding, not the
// trainer, is the gap that is left: it is as large without any adapter. So the bar here is the gap of the bare base.
TEST_F(ServedParity, OnTheQuantisedFileTheAdapterAddsNothingToTheRoundingOfActivations) {
  const Served served = serve(base_, folder_.path() / "adapter.gguf");
  const auto silent = lora::fresh_parameters(plan_, 1);  // B is zero
  const double bare =
      mean_kl(served.plain, our_logits<float>(base_, plan_, silent, {served.tokens}), served.tokens.size());
  const double adapted = gap<float>(served);
  std::printf("KL(libllama on Q4_1 || ours) = %.1e bare, %.1e with the adapter, nats a token\n", bare, adapted);
  EXPECT_LE(bare, 1e-2);
  EXPECT_LE(adapted, 1.5 * bare + 1e-3);
}

}  // namespace
}  // namespace banchu::test
