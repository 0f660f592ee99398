// The verbs that look after a bag, and what all verbs share.
#include <gtest/gtest.h>

#include "tests/app/shell.h"

namespace banchu {
namespace {

using test::Ran;
using test::tiny_model;
using test::World;

constexpr const char* kDay =
    R"({"messages":[{"role":"system","content":"mask"},{"role":"user","content":"안녕하세요"},{"role":"assistant","content":"반갑습니다"}],"meta":{"time":"2026-03-02T09:00:00Z","approved":true}})"
    "\n"
    R"({"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"ho"}],"meta":{"time":"2026-03-02T10:00:00Z","approved":false}})"
    "\n";

TEST(BagInit, BeginsTheFirstSelfOnALinkedModelAndSaysThatNothingIsEncrypted) {
  World world;
  const Ran made = world.run({"--json", "--model", tiny_model(), "bag", "init"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_EQ(made.json()["encrypted"], false);
  const std::string digest = made.json()["model"];
  EXPECT_TRUE(std::filesystem::is_symlink(world.bag() / "models" / (digest + ".gguf")));
  const Json selves = world.run({"--json", "self", "list"}).json()["selves"];
  ASSERT_EQ(selves.size(), 1u);
  EXPECT_EQ(selves[0]["base"], digest);
  EXPECT_EQ(selves[0]["awake"], true);
  for (const char* key : {"id", "parent", "base", "adapters", "created", "awake", "report"}) {
    EXPECT_TRUE(selves[0].contains(key)) << key;
  }
  World spoken;
  EXPECT_NE(spoken.run({"--model", tiny_model(), "bag", "init"}).out.find("not encrypted"), std::string::npos);
}

TEST(BagInit, WorksWithoutAModelAndTheFirstGrowthTalkBeginsTheSelf) {
  World world;
  ASSERT_EQ(world.run({"bag", "init"}).exit_code, 0);
  EXPECT_TRUE(world.run({"--json", "self", "list"}).json()["selves"].empty());
  ASSERT_EQ(world.run({"--model", tiny_model(), "chat", "--once", "hello"}).exit_code, 0);
  EXPECT_EQ(world.run({"--json", "self", "list"}).json()["selves"].size(), 1u);
  EXPECT_EQ(world.run({"chat", "--once", "hello"}).exit_code, 0);  // the model is known from now on
}

TEST(JournalVerbs, WhatWasAddedComesOutAgain) {
  World world;
  world.make_bag();
  const std::string day = world.write("day.jsonl", kDay);
  const Json added = world.run({"--json", "journal", "add", day}).json();
  EXPECT_EQ(added["conversations"], 2);
  EXPECT_EQ(world.run({"--json", "journal", "add", day}).json()["already_there"], 2);
  const Ran exported = world.run({"journal", "export"});
  ASSERT_EQ(exported.exit_code, 0);
  World other;
  other.make_bag();
  ASSERT_EQ(other.run({"journal", "add", other.write("out.jsonl", exported.out)}).exit_code, 0);
  const Json entries = other.run({"--json", "journal", "show"}).json()["entries"];
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0]["user"], "안녕하세요");
  EXPECT_EQ(entries[0]["mask"], "mask");
  EXPECT_EQ(entries[0]["mark"], "kept");
}

TEST(MemoryVerbs, AddEditAndStrikeShowInTheList) {
  World world;
  world.make_bag();
  const Json added = world.run({"--json", "memory", "add", "My cat is called Nabi."}).json();
  ASSERT_TRUE(added.contains("id"));
  const Json edited = world.run({"--json", "memory", "edit", added["id"], "My cat is called Bori."}).json();
  ASSERT_EQ(world.run({"memory", "strike", edited["id"]}).exit_code, 0);
  const Json memories = world.run({"--json", "memory", "list"}).json()["memories"];
  ASSERT_EQ(memories.size(), 2u);
  for (const Json& memory : memories) {
    for (const char* key :
         {"id", "kind", "text", "provenance", "state", "importance", "strength", "superseded_by", "turns"}) {
      EXPECT_TRUE(memory.contains(key)) << key;
    }
    const bool is_old = memory["id"] == added["id"];
    EXPECT_EQ(memory["state"], is_old ? "superseded" : "struck");
  }
}

TEST(MemoryVerbs, KeepAndStrikeWorkOnTurnsToo) {
  World world;
  world.make_bag();
  const std::string turn = world.run({"--json", "chat", "--once", "hello"}).json()["turn_id"];
  ASSERT_EQ(world.run({"memory", "keep", turn.substr(0, 8)}).exit_code, 0);
  EXPECT_EQ(world.run({"--json", "journal", "show"}).json()["entries"][0]["mark"], "kept");
  ASSERT_EQ(world.run({"memory", "strike", turn}).exit_code, 0);
  EXPECT_EQ(world.run({"--json", "journal", "show"}).json()["entries"][0]["mark"], "struck");
}

TEST(ModelVerbs, ListsWhatTheBagLinksAndKeepsTheModelOfASelf) {
  World world;
  world.make_bag();
  const Json models = world.run({"--json", "model", "list"}).json()["models"];
  ASSERT_EQ(models.size(), 1u);
  for (const char* key : {"id", "path", "digest", "architecture", "quantisation", "bytes", "default"}) {
    EXPECT_TRUE(models[0].contains(key)) << key;
  }
  EXPECT_EQ(models[0]["architecture"], "llama");
  EXPECT_EQ(models[0]["default"], true);
  EXPECT_EQ(world.run({"model", "remove", models[0]["id"]}).exit_code, 5);
  const Json inspected = world.run({"--json", "model", "inspect", models[0]["id"]}).json();
  EXPECT_EQ(inspected["can_be_trained"], true);
}

TEST(GlobalOptions, AreTakenAfterTheVerbAsWell) {
  World world;
  world.make_bag();
  EXPECT_TRUE(world.run({"self", "list", "--json"}).json().contains("selves"));
}

TEST(Help, EveryVerbHasAnExampleAndStandsInManualAndCompletion) {
  World world;
  const std::string manual = world.run({"man"}).out;
  const std::string completion = world.run({"completion", "bash"}).out;
  for (const std::vector<std::string>& verb : std::vector<std::vector<std::string>>{{"chat"},
                                                                                    {"journal", "add"},
                                                                                    {"memory", "review"},
                                                                                    {"self", "tree"},
                                                                                    {"bag", "verify"},
                                                                                    {"model", "list"},
                                                                                    {"journal"},
                                                                                    {"memory"},
                                                                                    {"self"},
                                                                                    {"bag"},
                                                                                    {"model"},
                                                                                    {"export"},
                                                                                    {"night"}}) {
    std::vector<std::string> words = verb;
    words.push_back("--help");
    const Ran help = world.run(words);
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_NE(help.out.find("Example:\n  banchu "), std::string::npos) << help.out;
    EXPECT_NE(manual.find(verb.back()), std::string::npos);
    EXPECT_NE(completion.find(verb.back()), std::string::npos);
  }
}

TEST(Language, KoreanIsSpokenWhenAskedFor) {
  World world;
  world.make_bag();
  const Ran ran = world.run({"--lang", "ko", "chat", "--mode", "sandbox"}, "hello\n");
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_NE(ran.err.find("연습"), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace banchu
