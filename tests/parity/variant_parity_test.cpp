// The other options of the LoRA table give PEFT's curves too: tools/make_variant_fixture.py wrote them.
#include <cmath>

#include "tests/parity/peft.h"

namespace banchu::test {
namespace {

// The fixture's job with one variant's options.
struct Variant : Parity {
  explicit Variant(const std::string& name) {
    variants = parse_json(read_file(parity_folder() / "variants.json").value(), "variants.json").value();
    curve = variants["variants"][name]["curve"];
    const Json& options = variants["variants"][name]["options"];
    job.options.max_steps = variants["common"]["max_steps"].get<int>();
    job.options.warmup_steps = variants["common"]["warmup_steps"].get<int>();
    job.options.rank_stabilised = options.value("rank_stabilised", false);
    job.options.b_rate_ratio = options.value("b_rate_ratio", 1.0);
    job.options.preference_beta = options.value("preference_beta", 0.1);
    job.options.target_modules = options.value("target_modules", std::vector<std::string>());
    const std::string schedule = options.value("schedule", "linear");
    job.options.schedule = schedule == "cosine"     ? TrainOptions::Schedule::cosine
                           : schedule == "constant" ? TrainOptions::Schedule::constant
                                                    : TrainOptions::Schedule::linear;
  }
  // All bars are relative to PEFT's: 1e-5 at the first step, 1e-4 for the others.
  void expect_their_curve() {
    const TrainOutcome ours = run(lora::Element::f32);
    ASSERT_EQ(curve.size(), ours.curve.size());
    for (const TrainPoint& point : ours.curve) {
      const Json& theirs = curve[static_cast<std::size_t>(point.step - 1)];
      const double loss = theirs["loss"].get<double>(), norm = theirs["grad_norm"].get<double>();
      ASSERT_NEAR(loss, point.loss, (point.step == 1 ? 1e-5 : 1e-4) * loss) << "step " << point.step;
      ASSERT_NEAR(theirs["learning_rate"].get<double>(), point.learning_rate, 1e-12) << "step " << point.step;
      ASSERT_NEAR(norm, point.grad_norm, 2e-3 * norm) << "step " << point.step;
    }
  }

  Json variants, curve;
};

TEST(VariantParity, RankStabilisedLora) {
  Variant variant("rslora");
  variant.initial.alpha *= 2;  // the same A and B at alpha / sqrt(4) are alpha' = 2 alpha at alpha' / 4
  variant.expect_their_curve();
}

TEST(VariantParity, LoraPlus) { Variant("loraplus").expect_their_curve(); }

TEST(VariantParity, TheCosineScheduleWithStepsOfWarmUp) { Variant("cosine").expect_their_curve(); }

TEST(VariantParity, TheConstantScheduleWithStepsOfWarmUp) { Variant("constant").expect_their_curve(); }

TEST(VariantParity, SomeModulesOnly) {
  Variant variant("modules");
  std::erase_if(variant.initial.tensors, [](const AdapterTensor& tensor) {
    return tensor.base.find("attn_q") == std::string::npos && tensor.base.find("attn_v") == std::string::npos &&
           tensor.base.find("ffn_up") == std::string::npos;
  });
  variant.expect_their_curve();
}

TEST(VariantParity, PairsOfRepliesByDpo) {
  Variant variant("dpo");
  std::vector<LessonRow> pairs;
  for (const Json& pair : variant.variants["pairs"]) pairs.push_back(row_of(pair));
  variant.set = TrainSet(std::move(pairs));
  variant.expect_their_curve();
}

}  // namespace
}  // namespace banchu::test
