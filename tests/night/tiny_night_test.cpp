// What a night does to a bag, with a model small enough to sleep in seconds.
#include <gtest/gtest.h>

#include "bag/bag.h"
#include "tests/exchange/adapter_servers.h"
#include "tests/night/days.h"

namespace banchu::testing {
namespace {

std::string reply_of(const TestBag& bag, const std::string& text) {
  return string_at(bag.run({"chat", "--once", text, "--mode", "sandbox", "--json", "--seed", "7"}).json(), "reply");
}

TEST(TinyNight, LearnsAHabitAndWakesUpWithIt) {
  const TestBag bag(tiny_file("tiny.gguf"));
  bag.add_day(tiny_file("good-day.jsonl"));
  const Ran ran = bag.run(tiny_night(1));
  const Json night = ran.json();
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(string_at(night, "decision"), "promoted") << night["reasons"].dump();
  EXPECT_NE(string_at(night, "self_before"), string_at(night, "self_after"));
  EXPECT_GT(night["train"]["loss_first"].get<double>(), night["train"]["loss_last"].get<double>());
  const Json selves = bag.run({"self", "list", "--json"}).json();
  EXPECT_EQ(selves["selves"].size(), 2u);
  EXPECT_EQ(bag.run({"bag", "verify", "--full", "--json"}).json()["ok"], true);
}

std::vector<std::string> pushed_night(const std::string& url) {
  std::vector<std::string> night = tiny_night(1);
  night.insert(night.end(), {"--push", url});
  return night;
}

TEST(TinyNight, BringsWhoWokeUpToTheServerThatWasNamed) {
  const TestBag bag(tiny_file("tiny.gguf"));
  bag.add_day(tiny_file("good-day.jsonl"));
  banchu::test::FakeOllama ollama;
  const Json night = bag.run(pushed_night(ollama.url())).json();
  ASSERT_EQ(string_at(night, "decision"), "promoted") << night["reasons"].dump();
  const std::string name = "banchu-" + string_at(night, "self_after");
  EXPECT_EQ(string_at(night["pushed"], "name"), name) << night.dump();
  EXPECT_EQ(ollama.made.count(name), 1u);
}

TEST(TinyNight, StandsWhereTheServerCannotBeReached) {
  const TestBag bag(tiny_file("tiny.gguf"));
  bag.add_day(tiny_file("good-day.jsonl"));
  const Ran ran = bag.run(pushed_night("http://127.0.0.1:1"));
  EXPECT_EQ(ran.exit_code, 0);
  const Json night = ran.json();
  EXPECT_EQ(string_at(night, "decision"), "promoted") << night["reasons"].dump();
  EXPECT_TRUE(night["pushed"].is_null());
  EXPECT_NE(string_at(night, "push_error").find("cannot be reached"), std::string::npos) << night.dump();
  EXPECT_EQ(string_at(bag.run({"self", "show", "--json"}).json(), "id"), string_at(night, "self_after"));
}

TEST(TinyNight, GoesBackByteForByte) {
  const TestBag bag(tiny_file("tiny.gguf"));
  const std::string before = reply_of(bag, "hello");
  bag.add_day(tiny_file("good-day.jsonl"));
  ASSERT_EQ(string_at(bag.run(tiny_night(1)).json(), "decision"), "promoted");
  EXPECT_EQ(bag.run({"self", "rollback"}).exit_code, 0);
  EXPECT_EQ(reply_of(bag, "hello"), before);
}

TEST(TinyNight, RefusesAPoisonedDayAndSleepsWellAfterIt) {
  const TestBag bag(tiny_file("tiny.gguf"));
  const std::string before = reply_of(bag, "hello");
  bag.add_day(tiny_file("poison-day.jsonl"));
  const Ran poisoned = bag.run(tiny_night(1));
  EXPECT_EQ(poisoned.exit_code, 20);
  EXPECT_EQ(string_at(poisoned.json(), "decision"), "refused");
  EXPECT_FALSE(poisoned.json()["reasons"].empty());
  EXPECT_EQ(reply_of(bag, "hello"), before);

  bag.add_day(tiny_file("good-day.jsonl"));
  const Json good = bag.run(tiny_night(1)).json();
  EXPECT_EQ(string_at(good, "decision"), "promoted") << good["reasons"].dump();
}

TEST(TinyNight, AnEmptyJournalTeachesNothing) {
  const TestBag bag(tiny_file("tiny.gguf"));
  const Ran ran = bag.run(tiny_night(1));
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(string_at(ran.json(), "decision"), "nothing_to_learn");
}

TEST(TinyNight, GivesTheSameAdapterInFreshProcesses) {
  std::string digests[2];
  for (std::string& digest : digests) {
    const TestBag bag(tiny_file("tiny.gguf"));
    bag.add_day(tiny_file("good-day.jsonl"));
    digest = string_at(bag.run(tiny_night(3)).json()["train"], "adapter");
  }
  EXPECT_EQ(digests[0].size(), 64u);
  EXPECT_EQ(digests[0], digests[1]);
}

TEST(TinyNight, StagesOneByOneEndLikeTheWholeNight) {
  const TestBag whole(tiny_file("tiny.gguf")), stages(tiny_file("tiny.gguf"));
  whole.add_day(tiny_file("good-day.jsonl"));
  stages.add_day(tiny_file("good-day.jsonl"));
  const Json night = whole.run(tiny_night(1)).json();
  Json last;
  for (const char* stage : {"ruminate", "train", "evaluate", "promote"}) {
    std::vector<std::string> arguments = tiny_night(1);
    arguments[0] = stage;
    last = stages.run(arguments).json();
  }
  EXPECT_EQ(string_at(last, "self_after"), string_at(night, "self_after"));
}

TEST(TinyNight, ASecondNightIsBusyWhileChatGoesOn) {
  const TestBag bag(tiny_file("tiny.gguf"));
  bag.add_day(tiny_file("good-day.jsonl"));
  auto opened = Bag::open(bag.folder(), Bag::Access::read_write);
  ASSERT_TRUE(opened) << opened.error().message;
  auto lease = (*opened)->acquire(LeaseKind::night);
  ASSERT_TRUE(lease);
  EXPECT_EQ(bag.run(tiny_night(1)).exit_code, 6);
  const Ran said = bag.run({"chat", "--once", "hello", "--mode", "grow", "--json"});
  EXPECT_EQ(said.exit_code, 0);
  EXPECT_TRUE(said.json()["turn_id"].is_string());
}

TEST(TinyNight, AFactAddedByHandMakesOneNightOfItsOwn) {
  const TestBag bag(tiny_file("tiny.gguf"));
  EXPECT_EQ(bag.run({"memory", "add", "My cat is called Nabi."}).exit_code, 0);
  const Json first = bag.run(tiny_night(1)).json();
  EXPECT_NE(string_at(first, "decision"), "nothing_to_learn");
  EXPECT_GT(first["lessons"]["sft"].get<int>(), 0);
  // Learned or not, an empty day does not try it again.
  EXPECT_EQ(string_at(bag.run(tiny_night(1)).json(), "decision"), "nothing_to_learn");
}

TEST(TinyNight, ARecipeWithAnUnknownKeyNamesTheNearest) {
  const TestBag bag(tiny_file("tiny.gguf"));
  const auto recipe = std::filesystem::path(bag.folder()) / "night.yaml";
  ASSERT_TRUE(write_file_atomic(recipe, "lora_rank: 8\n"));
  const Ran ran = bag.run({"night", "--json"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_NE(string_at(ran.json()["error"], "hint").find("lora_r"), std::string::npos);
}

}  // namespace
}  // namespace banchu::testing
