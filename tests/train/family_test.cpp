// Which families can be trained, that each of them learns, and that what is not among them is refused before anything
// is loaded.
#include <gtest/gtest.h>

#include <functional>

#include "tests/train/workshop.h"

namespace banchu::test {
namespace {

TEST(Family, AnUnknownArchitectureIsRefusedWithThoseThatAreKnown) {
  TinyModel tiny = make_tiny_llama(7);
  tiny.architecture = "gptneox";
  Workshop shop(tiny);
  const auto outcome = shop.run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(Code::Unsupported, outcome.error().code);
  EXPECT_NE(std::string::npos, outcome.error().message.find("gptneox"));
  EXPECT_NE(std::string::npos, outcome.error().hint.find("llama, qwen2, qwen3, gemma3, phi3"));
  EXPECT_EQ(Code::Unsupported, trainable(*GgufFile::open(shop.job.base).value()).error().code);
}

TEST(Family, ATensorThatNobodyReadsIsRefusedByName) {
  for (const char* name : {"blk.1.attn_q_norm.weight", "blk.1.ffn_gate_inp.weight", "output.bias"}) {
    TinyModel tiny = make_tiny_llama(7);
    tiny.tensors[name] = random_tensor(1, name, {8}, 1);
    Workshop shop(tiny);
    const Status status = trainable(*GgufFile::open(shop.job.base).value());
    ASSERT_FALSE(status) << name;
    EXPECT_EQ(Code::Unsupported, status.error().code);
    EXPECT_NE(std::string::npos, status.error().message.find(name));
  }
}

TEST(Family, EveryFamilyLearnsAndNamesItselfInItsAdapter) {
  for (const auto& [name, tiny] : tiny_families()) {
    SCOPED_TRACE(name);
    Workshop shop(tiny);
    shop.job.options.epochs = 12;
    const auto outcome = shop.run();
    ASSERT_TRUE(outcome) << outcome.error().message;
    double first = 0, last = 0;  // one step is only a few rows
    for (std::size_t i = 0; i < 4; ++i) {
      first += outcome->curve[i].loss;
      last += outcome->curve[outcome->curve.size() - 1 - i].loss;
    }
    EXPECT_LT(last, 0.8 * first);
    EXPECT_EQ(tiny.architecture, read_adapter(shop.job.output)->architecture);
  }
}

TEST(Family, AFrozenAdapterOfAnotherFamilyIsRefused) {
  Workshop first, second(tiny_families().at("qwen2"));
  ASSERT_TRUE(first.run());
  second.job.frozen = {{"", first.job.output, 1.0f}};
  const auto outcome = second.run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(Code::InvalidArgument, outcome.error().code);
  EXPECT_NE(std::string::npos, outcome.error().message.find("qwen2"));
}

// What the engine would compute otherwise than the trainer does is refused before anything is loaded.
TEST(Family, AFeatureThatTheGraphDoesNotHaveIsRefused) {
  using Change = std::function<void(TinyModel*)>;
  const std::vector<std::pair<const char*, Change>> cases = {
      {"\"su\"", [](TinyModel* m) { m->rope_type = "su"; }},
      {"impossible numbers", [](TinyModel* m) { m->rope_stretch = -2; }},
      {"impossible numbers", [](TinyModel* m) { m->rope_base = 0; }},
      {"impossible numbers",
       [](TinyModel* m) {
         m->rope_type = "yarn";
         m->rope_stretch = 0.5f;
       }},
      {"mixture of experts", [](TinyModel* m) { m->more_integers["expert_count"] = 8; }},
      {"caps its logits", [](TinyModel* m) { m->more_integers["final_logit_softcapping"] = 30; }},
      {"dimensions", [](TinyModel* m) { m->more_integers["attention.key_length_swa"] = 16; }},
      {"rope factors", [](TinyModel* m) { m->tensors["rope_freqs.weight"].data[1] = 0; }},
  };
  for (const auto& [why, change] : cases) {
    TinyModel tiny = make_tiny_llama(7);
    change(&tiny);
    Workshop shop(tiny);
    const Status status = trainable(*GgufFile::open(shop.job.base).value());
    ASSERT_FALSE(status) << why;
    EXPECT_EQ(Code::Unsupported, status.error().code);
    EXPECT_NE(std::string::npos, status.error().message.find(why)) << status.error().message;
  }
}

}  // namespace
}  // namespace banchu::test
