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

TEST(Recipe, TheWholeLoraTableReachesTheTrainer) {
  const Recipe recipe = recipe_from_yaml(
                            "lora_target_modules: [q_proj, v_proj]\npeft_use_rslora: true\nneftune_noise_alpha: 5\n"
                            "loraplus_lr_ratio: 16\nwarmup_steps: 20\noptimizer: paged_adamw_8bit\nema_decay: 0.99\n"
                            "excess_length_strategy: drop\nrl: dpo\nrl_beta: 0.2\npreference_weight: 4\n"
                            "training_log: curve.csv\n",
                            "night.yaml")
                            .value();
  const TrainOptions& train = recipe.train;
  EXPECT_EQ(train.target_modules, (std::vector<std::string>{"q_proj", "v_proj"}));
  EXPECT_TRUE(train.rank_stabilised);
  EXPECT_EQ(train.neftune_alpha, 5);
  EXPECT_EQ(train.b_rate_ratio, 16);
  EXPECT_EQ(train.warmup_steps, 20);
  EXPECT_EQ(train.optimiser, TrainOptions::Optimiser::adamw_8bit);
  EXPECT_TRUE(train.paged_states);
  EXPECT_EQ(train.ema_decay, 0.99);
  EXPECT_EQ(train.long_rows, TrainOptions::LongRows::drop);
  EXPECT_TRUE(recipe.ruminate.preference_pairs);
  EXPECT_EQ(train.preference_beta, 0.2);
  EXPECT_EQ(train.preference_weight, 4);
  EXPECT_EQ(recipe.training_log, "curve.csv");
  // What --dry-run shows is a recipe again.
  Json shown = recipe_to_json(recipe);
  EXPECT_EQ(shown["optimizer"], "paged_adamw_8bit");
  EXPECT_EQ(shown["rl"], "dpo");
}

TEST(Recipe, ItsJsonIsARecipeOfTheSameValues) {
  const Recipe first =
      recipe_from_yaml("optimizer: adamw_8bit\nlr_scheduler: constant\nlora_target_modules: [o_proj]", "a").value();
  const Recipe second = recipe_from_yaml(recipe_to_json(first).dump(), "b").value();
  EXPECT_EQ(recipe_to_json(first).dump(), recipe_to_json(second).dump());
}

TEST(Recipe, WrongValuesAreNamedWithWhatTheyMayBe) {
  for (const char* bad : {"lora_r: 0",
                          "lora_r: 8.5",
                          "lora_r: many",
                          "num_epochs: -1",
                          "ask: 3",
                          "lr_scheduler: wave",
                          "optimizer: sgd",
                          "rl: ppo",
                          "lora_target_modules: q_proj",
                          "lora_target_modules: []",
                          "peft_use_rslora: 1",
                          "loraplus_lr_ratio: 0",
                          "excess_length_strategy: [drop]",
                          "gate: 3",
                          "lr_scheduler: 5",
                          "language: 3",
                          "suite: [a]",
                          "everyday: 7",
                          "currency: 5",
                          "training_log: 5",
                          "currency: \"\xFF\"",
                          "gate:\n  lambdas: [2]",
                          "gate:\n  lambdas: 1",
                          "language: fr",
                          "- 1",
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
