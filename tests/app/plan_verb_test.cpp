// plan as a shell sees it, and what a night would take against the trainer's own word.
#include <gtest/gtest.h>

#include "app/plan_night.h"
#include "tests/app/shell.h"

namespace banchu {
namespace {

using test::Ran;
using test::tiny_model;
using test::World;

TEST(PlanVerb, AnswersWithTheFieldsOfTheContract) {
  World world;
  const Json plan = world.run({"--json", "plan", "--shape", "70b", "--context", "8192"}).json();
  for (const char* key : {"weights_bytes", "kv_bytes", "activations_bytes", "optimizer_bytes", "total_bytes", "fits",
                          "seconds", "money_month"}) {
    EXPECT_TRUE(plan.contains(key)) << key;
  }
  EXPECT_EQ(plan["weights"], 70553706496u);
  EXPECT_EQ(plan["kv_bytes"], 2684354560u);
  EXPECT_EQ(plan["fits"][0]["gpu"], "RTX 4090");
  EXPECT_EQ(plan["fits"][0]["count"], 2);
  EXPECT_TRUE(plan["seconds"].is_null());  // nothing was measured here
  const Json only = world.run({"--json", "plan", "--shape", "8b", "--quantisation", "q8_0", "--gpu", "h200"}).json();
  EXPECT_EQ(only["table"].size(), 1u);
  EXPECT_EQ(only["fits"].size(), 2u);  // it, and this machine
}

TEST(PlanVerb, ReadsAModelFileAndSpeaksOfItAsItIs) {
  World world;
  const Json plan = world.run({"--json", "--model", tiny_model(), "plan", "--for", "train"}).json();
  EXPECT_EQ(plan["weights_bytes"], std::filesystem::file_size(tiny_model()));
  EXPECT_EQ(plan["total_bytes"], plan["night"]["least_bytes"]);
  EXPECT_EQ(plan["night"]["fits"], true);
}

TEST(PlanVerb, RefusesNonsense) {
  World world;
  EXPECT_EQ(world.run({"plan", "--shape", "70x"}).exit_code, 2);
  EXPECT_EQ(world.run({"plan", "--shape", "70b", "--quantisation", "q9"}).exit_code, 2);
  EXPECT_EQ(world.run({"plan", "--shape", "70b", "--gpu", "abacus"}).exit_code, 3);
  EXPECT_EQ(world.run({"plan", "--config", world.write("c.json", "{\"hidden_size\":0}").string()}).exit_code, 2);
  EXPECT_EQ(world.run({"plan", "--config", world.write("c.json", "<html>").string()}).exit_code, 2);
  EXPECT_EQ(world.run({"plan", "--shape", "8b", "--prices", world.write("p.yaml", "currency: KRW").string()}).exit_code,
            2);
}

TEST(PlanVerb, TheEssayIsReprintedInBothLanguages) {
  World world;
  const Ran english = world.run({"plan", "--essay"}), korean = world.run({"--lang", "ko", "plan", "--essay"});
  for (const char* number : {"140.0 GB", "39.4 GB", "129,980 KRW", "q8_0"}) {
    EXPECT_NE(english.out.find(number), std::string::npos) << number << english.out;
    EXPECT_NE(korean.out.find(number), std::string::npos) << number << korean.out;
  }
  const std::string file = (world.folder() / "p.yaml").string();
  ASSERT_EQ(world.run({"plan", "--write-prices", file}).exit_code, 0);
  EXPECT_EQ(world.run({"plan", "--essay", "--prices", file}).out, english.out);
  EXPECT_EQ(world.run({"plan", "--write-prices", file}).exit_code, 4);
}

TEST(PlanNight, GrowsWithRankRowsAndModelAndNeverBelowTheLeast) {
  const plan::Shape small = plan::shape_by_name("135m").value(), large = plan::shape_by_name("8b").value();
  const NightNeed base = night_need(small, {16, 2, 256, false}).value();
  EXPECT_GT(base.comfortable, base.least);
  EXPECT_GT(night_need(small, {64, 2, 256, false})->optimiser, 3 * base.optimiser);
  EXPECT_LT(night_need(small, {16, 2, 256, true})->optimiser, base.optimiser);
  EXPECT_GT(night_need(small, {16, 8, 1024, false})->activations, 10 * base.activations);
  EXPECT_GT(night_need(large, {16, 2, 256, false})->least, 5 * base.least);
  // Six operations a weight and token, forward and both ways back, less what nobody asks for.
  const double dense = 2.0 * 2 * static_cast<double>(small.weights());
  EXPECT_GT(base.flops_per_token, 0.9 * dense);
  EXPECT_LT(base.flops_per_token, 1.6 * dense);
}

}  // namespace
}  // namespace banchu
