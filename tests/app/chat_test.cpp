// chat, end to end.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/app/shell.h"

namespace banchu {
namespace {

using test::digests_below;
using test::Ran;
using test::tiny_model;
using test::World;

constexpr const char* kQuestion = "where does the lion live?";

TEST(ChatOnce, InGrowModeAnswersWithEveryFieldAndIsInTheJournal) {
  World world;
  world.make_bag();
  const Ran ran = world.run({"--json", "--seed", "7", "chat", "--once", kQuestion, "--mode", "grow"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const Json answer = ran.json();
  for (const char* key : {"reply", "mode", "turn_id", "self", "adapters", "stop_reason", "prompt_tokens",
                          "cached_tokens", "completion_tokens", "prompt_tokens_per_second", "tokens_per_second"}) {
    EXPECT_TRUE(answer.contains(key)) << key;
  }
  EXPECT_EQ(answer["mode"], "grow");
  EXPECT_EQ(answer["adapters"], Json::array());
  const Json shown = world.run({"--json", "journal", "show"}).json();
  ASSERT_EQ(shown["entries"].size(), 1u);
  EXPECT_EQ(shown["entries"][0]["turn_id"], answer["turn_id"]);
  EXPECT_EQ(shown["entries"][0]["user"], kQuestion);
  EXPECT_EQ(shown["entries"][0]["reply"], answer["reply"]);
  EXPECT_EQ(shown["entries"][0]["self"], answer["self"]);
}

TEST(ChatOnce, TheSameSeedGivesTheSameReply) {
  World world;
  world.make_bag();
  const auto ask = [&](const char* seed) {
    return world.run({"--json", "--seed", seed, "chat", "--once", kQuestion, "--mode", "sandbox"}).json()["reply"];
  };
  EXPECT_EQ(ask("7"), ask("7"));
}

TEST(Sandbox, LeavesEveryFileOfTheBagAsItWas) {
  World world;
  world.make_bag();
  ASSERT_EQ(world.run({"chat", "--once", kQuestion, "--mode", "grow"}).exit_code, 0);
  const auto before = digests_below(world.bag());
  const Ran once = world.run({"--json", "chat", "--once", kQuestion, "--mode", "sandbox"});
  ASSERT_EQ(once.exit_code, 0) << once.err;
  EXPECT_EQ(once.json()["mode"], "sandbox");
  EXPECT_TRUE(once.json()["turn_id"].is_null());
  const Ran talk = world.run({"chat", "--mode", "sandbox"}, "where does the lion live?\n/keep\n");
  EXPECT_EQ(talk.exit_code, 5) << talk.err;  // /keep has nowhere to keep
  EXPECT_EQ(digests_below(world.bag()), before);
}

TEST(Sandbox, WritesNothingButTheDigestCacheAnywhereElse) {
  World world;
  world.make_bag();
  ASSERT_EQ(world.run({"chat", "--mode", "sandbox"}, "where does the lion live?\n/bye\n").exit_code, 0);
  for (const auto& [path, digest] : digests_below(world.folder())) {
    const bool is_known = path.starts_with("bag") || path.starts_with("std") || path.starts_with("cache");
    EXPECT_TRUE(is_known) << path;
  }
}

TEST(Sandbox, NeedsNoBag) {
  World world;
  const Ran ran = world.run({"--json", "--model", tiny_model(), "chat", "--once", kQuestion});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.json()["mode"], "sandbox");
  EXPECT_TRUE(ran.json()["self"].is_null());
  EXPECT_FALSE(std::filesystem::exists(world.bag()));
}

TEST(ChatFromAPipe, KeepsEveryTurnOfOneConversationAndObeysCommands) {
  World world;
  world.make_bag();
  const Ran ran = world.run({"chat"},
                            "where does the lion live?\n/keep\n\"\"\"\nwhat colour\nis the swan?\n\"\"\"\n"
                            "/fix it is white.\n/keep\n/strik\n");
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_NE(ran.err.find("/strike"), std::string::npos) << ran.err;
  const Json entries = world.run({"--json", "journal", "show"}).json()["entries"];
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0]["mark"], "kept");
  EXPECT_EQ(entries[1]["mark"], "fixed");
  EXPECT_EQ(entries[1]["fixed_reply"], "it is white.");
  EXPECT_EQ(entries[1]["user"], "what colour\nis the swan?");
  EXPECT_EQ(entries[0]["conversation"], entries[1]["conversation"]);
}

TEST(ChatFromAPipe, WhatIsSaidInTheSandboxNeverEntersAGrowingConversation) {
  World world;
  world.make_bag();
  const Ran ran = world.run({"chat"}, "hello\n/mode sandbox\na secret\n/mode grow\nwhere does the lion live?\n");
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const Json entries = world.run({"--json", "journal", "show"}).json()["entries"];
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0]["conversation"], entries[1]["conversation"]);
  EXPECT_EQ(entries[1]["index"], 1);
  EXPECT_EQ(entries[1]["user"], "where does the lion live?");
}

TEST(ChatFromAPipe, RegenStrikesTheReplyItReplaces) {
  World world;
  world.make_bag();
  ASSERT_EQ(world.run({"chat"}, "where does the lion live?\n/regen\n").exit_code, 0);
  const Json entries = world.run({"--json", "journal", "show"}).json()["entries"];
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0]["mark"], "struck");
  EXPECT_EQ(entries[1]["mark"], "none");
}

TEST(ChatFromAPipe, ReadsWhatAnotherSystemWrites) {
  World world;
  world.make_bag();
  const Ran ran = world.run({"chat"}, "\xEF\xBB\xBFhello\r\n\"\"\"\r\none\r\ntwo\r\n\"\"\"\r\n/keep\r\n/bye\r\n");
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  ASSERT_EQ(world.run({"chat", "--once", "-"}, "\xEF\xBB\xBFthree\r\nfour\r\n").exit_code, 0);
  std::vector<std::string> said;
  const Json entries = world.run({"--json", "journal", "show"}).json()["entries"];
  for (const Json& entry : entries) said.push_back(entry["user"]);
  std::sort(said.begin(), said.end());
  EXPECT_EQ(said, (std::vector<std::string>{"hello", "one\ntwo", "three\nfour"}));
}

TEST(ChatFromAPipe, AMessageThatNeverEndsIsAnErrorNotSilence) {
  World world;
  world.make_bag();
  const Ran ran = world.run({"chat"}, "\"\"\"\nwhere does the lion live?\n");
  EXPECT_EQ(ran.exit_code, 2) << ran.err;
  EXPECT_NE(ran.err.find("\"\"\""), std::string::npos) << ran.err;
}

TEST(ChatFromAPipe, ACorrectedReplyIsKeptComposed) {
  World world;
  world.make_bag();
  const std::string decomposed = "\xE1\x84\x82\xE1\x85\xA6";  // two jamo
  ASSERT_EQ(world.run({"chat"}, "hello\n/fix " + decomposed + "\n").exit_code, 0);
  const Json entries = world.run({"--json", "journal", "show"}).json()["entries"];
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0]["fixed_reply"], "\xEB\x84\xA4");  // one syllable
}

TEST(ChatResume, GoesOnWithTheSameConversationUnderTheSameMask) {
  World world;
  world.make_bag();
  const auto mask = world.write("dori.yaml", "name: dori\nsystem: you are dori.\n");
  const Json first = world.run({"--json", "chat", "--persona", mask, "--once", kQuestion}).json();
  const Json second = world.run({"--json", "chat", "--resume", "last", "--once", "and the swan?"}).json();
  EXPECT_EQ(first["conversation"], second["conversation"]);
  EXPECT_GT(second["prompt_tokens"].get<int>(), first["prompt_tokens"].get<int>());
  const Json entries = world.run({"--json", "journal", "show"}).json()["entries"];
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[1]["mask"], "you are dori.");
  EXPECT_EQ(entries[1]["index"], 1);
}

// The reply to the third message of a conversation whose three turns bear these times.
std::string third_reply(const std::vector<const char*>& times) {
  const World world;
  world.make_bag();
  const char* const messages[] = {"where does the lion live?", "what colour is the swan?", "and the fox?"};
  Json last;
  for (std::size_t i = 0; i < times.size(); ++i) {
    std::vector<std::string> words = {"--json", "--seed", "3", "--now", times[i], "chat", "--once", messages[i]};
    if (i > 0) words.insert(words.end(), {"--resume", last["conversation"].get<std::string>()});
    last = world.run(words).json();
  }
  return last.value("reply", "no reply");
}

TEST(ChatResume, AClockThatGoesBackDoesNotTurnTheConversationAround) {
  EXPECT_EQ(third_reply({"2026-05-05T00:00:00Z", "2026-05-04T00:00:00Z", "2026-05-03T00:00:00Z"}),
            third_reply({"2026-05-03T00:00:00Z", "2026-05-04T00:00:00Z", "2026-05-05T00:00:00Z"}));
}

TEST(ChatOnce, SpeaksWithTheDefaultModel) {
  const std::string model = test::default_model();
  if (model.empty()) GTEST_SKIP() << "the default model is not on this machine";
  World world;
  const auto mask = world.write("short.yaml", "sampling: {max_tokens: 12, seed: 7}\n");
  const Ran ran = world.run({"--json", "--model", model, "chat", "--persona", mask, "--once", "Good evening!"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_FALSE(ran.json()["reply"].get<std::string>().empty());
  EXPECT_LE(ran.json()["completion_tokens"].get<int>(), 12);
}

}  // namespace
}  // namespace banchu
