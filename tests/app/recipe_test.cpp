#include "app/recipe.h"

#include <gtest/gtest.h>

namespace banchu {
namespace {

TEST(Recipe, AnEmptyFileIsTheDefaults) {
  const Recipe recipe = recipe_from_yaml("", "night.yaml").value();
  EXPECT_EQ(recipe.train.rank, 32);
  EXPECT_EQ(recipe.train.alpha, 64);
  EXPECT_EQ(recipe_to_json(recipe).dump(), recipe_to_json(Recipe{}).dump());
}

TEST(Recipe, EveryValueReachesItsRoom) {
  const Recipe recipe =
      recipe_from_yaml(
          "lora_r: 8\nlr_scheduler: cosine\nrehearsal_share: 0.5\nask: true\nruminate:\n  min_repeats: 7\n"
          "gate:\n  habit_at_least: 0.5\n  lambdas: [0.25, 1]\n",
          "night.yaml")
          .value();
  EXPECT_EQ(recipe.train.rank, 8);
  EXPECT_EQ(recipe.train.schedule, TrainOptions::Schedule::cosine);
  EXPECT_EQ(recipe.ruminate.rehearsal_share, 0.5);
  EXPECT_EQ(recipe.ruminate.min_repeats, 7);
  EXPECT_EQ(recipe.evaluate.habit_at_least, 0.5);
  EXPECT_EQ(recipe.evaluate.lambdas, (std::vector<double>{0.25, 1}));
  EXPECT_TRUE(recipe.ask);
}

TEST(Recipe, WrongValuesAreNamedWithWhatTheyMayBe) {
  for (const char* bad : {"lora_r: 0", "lora_r: 8.5", "lora_r: many", "num_epochs: -1", "ask: 3", "lr_scheduler: wave",
                          "gate: 3", "lr_scheduler: 5", "language: 3", "suite: [a]", "everyday: 7", "currency: 5",
                          "currency: \"\xFF\"", "gate:\n  lambdas: [2]", "gate:\n  lambdas: 1", "language: fr", "- 1",
                          "ruminate:\n  train_share: 0.9\n  valid_share: 0.4"}) {
    const auto recipe = recipe_from_yaml(bad, "night.yaml");
    ASSERT_FALSE(recipe) << bad;
    EXPECT_EQ(recipe.error().code, Code::InvalidArgument) << bad;
    EXPECT_NE(recipe.error().message.find("night.yaml"), std::string::npos) << bad;
  }
  EXPECT_EQ(recipe_from_yaml("gate:\n  habit_atleast: 1", "night.yaml").error().hint,
            "did you mean \"habit_at_least\"?");
}

}  // namespace
}  // namespace banchu
