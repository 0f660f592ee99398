// --memory-limit as a shell sees it: what cannot fit is refused before the start, what fits makes the same adapter.
#include <gtest/gtest.h>

#include "tests/app/shell.h"

namespace banchu {
namespace {

using test::Ran;
using test::tiny_model;
using test::World;

constexpr const char* kTooLittleMb = "1";
constexpr const char* kEnoughMb = "200";

std::string tiny(const std::string& name) { return std::string(BANCHU_SOURCE_DIR) + "/tests/fixtures/tiny/" + name; }

// Everything of a night up to the adapter.
Ran train(const World& world, const std::vector<std::string>& more) {
  std::vector<std::string> words = {"--json", "train", "--recipe", tiny("night.yaml")};
  words.insert(words.end(), more.begin(), more.end());
  return world.run(words);
}

TEST(MemoryLimit, ATooSmallOneIsRefusedBeforeTheStartAndTheNightGoesOnWithMoreToTheSameAdapter) {
  World free, limited;
  for (const World* world : {&free, &limited}) {
    world->make_bag();
    ASSERT_EQ(world->run({"journal", "add", tiny("good-day.jsonl")}).exit_code, 0);
  }
  const Ran refused = train(limited, {"--memory-limit", kTooLittleMb});
  EXPECT_EQ(refused.exit_code, 7) << refused.out << refused.err;
  EXPECT_EQ(refused.json()["error"]["code"], "NoSpace");
  EXPECT_NE(refused.json()["error"]["message"].get<std::string>().find("the limit is 1 MB"), std::string::npos);
  const Ran within = train(limited, {"--memory-limit", kEnoughMb}), plenty = train(free, {});
  ASSERT_EQ(within.exit_code, 0) << within.err;
  ASSERT_EQ(plenty.exit_code, 0) << plenty.err;
  EXPECT_EQ(within.json()["train"]["adapter"], plenty.json()["train"]["adapter"]);
}

TEST(MemoryLimit, TheBenchKeepsToItToo) {
  World world;
  const Ran ran = world.run({"--json", "--model", tiny_model(), "bench", "train", "--memory-limit", kTooLittleMb});
  EXPECT_EQ(ran.exit_code, 7) << ran.out << ran.err;
}

}  // namespace
}  // namespace banchu
