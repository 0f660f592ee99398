// Bad input gets a clear error, the right exit code, one JSON object, and loses nothing.
#include <gtest/gtest.h>

#include "tests/app/shell.h"

namespace banchu {
namespace {

using test::Ran;
using test::tiny_model;
using test::World;

// What every refusal must be: this exit code and code, one object on stdout, a frame on stderr that names `thing`.
void expect_refusal(const Ran& ran, int exit_code, const std::string& code, const std::string& thing) {
  EXPECT_EQ(ran.exit_code, exit_code) << ran.err;
  const Json error = ran.json().value("error", Json::object());
  EXPECT_EQ(error.value("code", ""), code) << ran.out;
  EXPECT_TRUE(error.contains("hint"));
  EXPECT_NE((error.value("message", "") + error.value("hint", "")).find(thing), std::string::npos) << ran.out;
  EXPECT_EQ(ran.err.rfind("[", 0), 0u) << ran.err;
}

TEST(BadInput, NamesTheNearestVerbAndOption) {
  World world;
  expect_refusal(world.run({"--json", "chta"}), 2, "InvalidArgument", "chat");
  expect_refusal(world.run({"--json", "chat", "--personna", "x"}), 2, "InvalidArgument", "--persona");
  expect_refusal(world.run({"--json"}), 2, "InvalidArgument", "--help");
  expect_refusal(world.run({"--json", "bag"}), 2, "InvalidArgument", "--help");
  expect_refusal(world.run({"--json", "chat", "--mode", "dream"}), 2, "InvalidArgument", "dream");
  expect_refusal(world.run({"--json", "--now", "yesterday", "bag", "init"}), 2, "InvalidArgument", "yesterday");
}

TEST(BadInput, SaysThatThereIsNoBag) {
  World world;
  for (const std::vector<std::string>& verb :
       std::vector<std::vector<std::string>>{{"journal", "show"},
                                             {"memory", "list"},
                                             {"self", "list"},
                                             {"bag", "show"},
                                             {"chat", "--mode", "grow", "--once", "hi"}}) {
    std::vector<std::string> words = {"--json"};
    words.insert(words.end(), verb.begin(), verb.end());
    expect_refusal(world.run(words), 3, "NotFound", world.bag().string());
  }
}

TEST(BadInput, SaysThatABagIsThereAlready) {
  World world;
  world.make_bag();
  expect_refusal(world.run({"--json", "bag", "init"}), 4, "AlreadyExists", world.bag().string());
}

TEST(BadInput, AModelThatIsMissingTruncatedOrForeignIsRefusedBeforeABagIsMade) {
  World world;
  const std::string bytes = read_file(tiny_model()).value_or("");
  const std::string half = world.write("half.gguf", bytes.substr(0, bytes.size() / 2));
  const std::string foreign = world.write("foreign.gguf", "PK\x03\x04 this is a zip file, or so it says");
  expect_refusal(world.run({"--json", "--model", "/nowhere/x.gguf", "bag", "init"}), 3, "NotFound", "/nowhere/x.gguf");
  expect_refusal(world.run({"--json", "--model", half, "bag", "init"}), 8, "Corruption", "half.gguf");
  for (const std::string& wrong : {half, foreign}) {
    const Ran ran = world.run({"--json", "--model", wrong, "chat", "--once", "hi", "--mode", "sandbox"});
    EXPECT_TRUE(ran.exit_code == 8 || ran.exit_code == 9) << ran.err;
    EXPECT_TRUE(ran.json().contains("error"));
  }
  EXPECT_FALSE(std::filesystem::exists(world.bag()));
}

TEST(BadInput, AModelThatTheSelfDidNotGrowFromIsRefused) {
  const std::string other = test::default_model();
  if (other.empty()) GTEST_SKIP() << "the default model is not on this machine";
  World world;
  world.make_bag();
  expect_refusal(world.run({"--json", "--model", other, "chat", "--once", "hi"}), 5, "FailedPrecondition", "grew from");
}

TEST(BadInput, APersonaWithAnUnknownKeyOrAValueOutOfRangeIsRefused) {
  World world;
  world.make_bag();
  const std::string key = world.write("key.yaml", "sistem: you are dori\n");
  const std::string range = world.write("range.yaml", "sampling: {temperature: 9}\n");
  expect_refusal(world.run({"--json", "chat", "--once", "hi", "--persona", key}), 2, "InvalidArgument", "\"system\"");
  expect_refusal(world.run({"--json", "chat", "--once", "hi", "--persona", range}), 2, "InvalidArgument",
                 "between 0 and 2");
  expect_refusal(world.run({"--json", "chat", "--once", "hi", "--persona", "/nowhere"}), 3, "NotFound", "/nowhere");
}

TEST(BadInput, InvalidUtf8IsRefusedAndNothingIsKept) {
  World world;
  world.make_bag();
  expect_refusal(world.run({"--json", "chat", "--once", "\xff\xfe"}), 2, "InvalidArgument", "UTF-8");
  expect_refusal(world.run({"--json", "chat", "--once", "-"}, "\xff\xfe"), 2, "InvalidArgument", "UTF-8");
  expect_refusal(world.run({"--json", "chat", "--once", ""}), 2, "InvalidArgument", "empty");
  EXPECT_EQ(world.run({"chat"}, "hello \xff\n").exit_code, 2);
  EXPECT_TRUE(world.run({"--json", "journal", "show"}).json()["entries"].empty());
}

TEST(BadInput, AMalformedDayAddsNothingOfItself) {
  World world;
  world.make_bag();
  const std::string good = R"({"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"ho"}],)"
                           R"("meta":{"time":"2026-03-02T09:00:00Z","approved":true}})";
  const std::string file = world.write("day.jsonl", good + "\n{\"messages\": 7}\n");
  expect_refusal(world.run({"--json", "journal", "add", file}), 2, "InvalidArgument", "2");
  EXPECT_TRUE(world.run({"--json", "journal", "show"}).json()["entries"].empty());
}

TEST(BadInput, UnknownIdsAreNotFound) {
  World world;
  world.make_bag();
  for (const std::vector<std::string>& verb : std::vector<std::vector<std::string>>{{"memory", "show"},
                                                                                    {"memory", "keep"},
                                                                                    {"memory", "strike"},
                                                                                    {"self", "show"},
                                                                                    {"self", "wake"},
                                                                                    {"journal", "show"},
                                                                                    {"model", "remove"}}) {
    expect_refusal(world.run({"--json", verb[0], verb[1], "ffffff"}), 3, "NotFound", "ffffff");
  }
  expect_refusal(world.run({"--json", "self", "rollback"}), 5, "FailedPrecondition", "");
  expect_refusal(world.run({"--json", "chat", "--once", "hi", "--resume", "ffff"}), 3, "NotFound", "ffff");
}

TEST(BadInput, JsonWithoutOneMessageIsRefused) {
  World world;
  expect_refusal(world.run({"--json", "chat"}), 2, "InvalidArgument", "--once");
}

TEST(BadInput, ADamagedBagAnswersNoWithTheFilesThatAreDamaged) {
  World world;
  world.make_bag();
  ASSERT_EQ(world.run({"chat", "--once", "hello", "--mode", "grow"}).exit_code, 0);
  const Ran whole = world.run({"--json", "bag", "verify", "--full"});
  ASSERT_EQ(whole.exit_code, 0) << whole.out;
  EXPECT_EQ(whole.json()["ok"], true);
  world.write("bag/memory_core/adapters/" + std::string(64, 'a') + ".gguf", "not what its name says");
  const Ran damaged = world.run({"--json", "bag", "verify", "--full"});
  EXPECT_EQ(damaged.exit_code, 20) << damaged.out;
  EXPECT_EQ(damaged.json()["ok"], false);
  EXPECT_FALSE(damaged.json()["damaged"].empty());
}

TEST(BadInput, ASeedIsAWholeNumberThatFits) {
  World world;
  world.make_bag();
  for (const char* bad : {"-1", "text", "1.5", "", "99999999999999999999999"}) {
    expect_refusal(world.run({"--json", "chat", "--once", "hi", "--mode", "sandbox", "--seed", bad}), 2,
                   "InvalidArgument", "--seed");
  }
  EXPECT_EQ(world.run({"chat", "--once", "hi", "--mode", "sandbox", "--seed", "18446744073709551615"}).exit_code, 0);
}

TEST(BadInput, TheFirstWordThatIsNotUnderstoodIsTheOneThatIsNamed) {
  World world;
  expect_refusal(world.run({"--json", "memory", "frget", "x"}), 2, "InvalidArgument", "\"frget\"");
  expect_refusal(world.run({"--json", "promote", "--onyl", "x"}), 2, "InvalidArgument", "--onyl x");
}

TEST(BadInput, ABagThatHasLostAPartIsDamagedAndNoTurnGoesElsewhere) {
  World world;
  world.make_bag();
  ASSERT_TRUE(std::filesystem::remove(world.bag() / "bag.json"));
  expect_refusal(world.run({"--json", "--model", tiny_model(), "chat", "--once", "hi"}), 8, "Corruption", "bag.json");
  ASSERT_EQ(world.run({"--model", tiny_model(), "bag", "init"}).exit_code, 0);
  for (const char* name : {"banchu.db", "banchu.db-wal", "banchu.db-shm"}) std::filesystem::remove(world.bag() / name);
  expect_refusal(world.run({"--json", "bag", "show"}), 8, "Corruption", "banchu.db");
  expect_refusal(world.run({"--json", "chat", "--once", "hi"}), 8, "Corruption", "banchu.db");
}

TEST(BadInput, ABagWithoutItsEmptyFoldersIsWholeAgainWhenItIsOpened) {
  World world;
  world.make_bag();
  std::filesystem::remove_all(world.bag() / "memory_core");
  const Ran ran = world.run({"--json", "chat", "--once", "hello"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(world.run({"--json", "bag", "verify", "--full"}).exit_code, 0);
}

TEST(BadInput, ALostMirrorIsWrittenAgainByTheNight) {
  World world;
  world.make_bag();
  ASSERT_EQ(world.run({"chat", "--once", "hello"}).exit_code, 0);
  std::filesystem::remove_all(world.bag() / "memory_core/journal");
  ASSERT_EQ(world.run({"bag", "verify", "--full"}).exit_code, 20);
  ASSERT_EQ(world.run({"--json", "night"}).json()["decision"], "nothing_to_learn");
  EXPECT_EQ(world.run({"bag", "verify", "--full"}).exit_code, 0);
}

TEST(BadInput, AFileThatMayNotGrowIsAFullDisk) {
  World world;
  world.make_bag();
  const Ran ran = world.run_in_shell("ulimit -f 4;", {"--json", "chat", "--once", "hello"}, "");
  expect_refusal(ran, 7, "NoSpace", "");
  EXPECT_TRUE(world.run({"--json", "journal", "show"}).json()["entries"].empty());
  EXPECT_EQ(world.run({"--json", "bag", "verify", "--full"}).exit_code, 0);
}

TEST(BadInput, AnAnswerThatCouldNotBeWrittenIsNoSuccess) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "this machine has no /dev/full";
  World world;
  world.make_bag();
  const Ran ran = world.run_in_shell("", {"--json", "self", "list"}, ">/dev/full");
  EXPECT_EQ(ran.exit_code, 7) << ran.err;
  EXPECT_NE(ran.err.find("cannot write"), std::string::npos) << ran.err;
}

TEST(BadInput, ClosedStreamsNeverBecomeFilesOfTheBag) {
  World world;
  world.make_bag();
  const Ran ran = world.run_in_shell("", {"chat", "--once", "hello"}, "<&- >&- 2>&-");
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(world.run({"--json", "journal", "show"}).json()["entries"].size(), 1u);
  EXPECT_EQ(world.run({"--json", "bag", "verify", "--full"}).exit_code, 0);
}

TEST(BadInput, AnExportTakesNobodysPlaceUnasked) {
  World world;
  world.make_bag();
  ASSERT_EQ(world.run({"chat", "--once", "hello"}).exit_code, 0);
  const std::string note = world.write("note.txt", "mine");
  expect_refusal(world.run({"--json", "journal", "export", "--to", note}), 4, "AlreadyExists", "note.txt");
  EXPECT_EQ(read_file(note).value(), "mine");
  EXPECT_EQ(world.run({"journal", "export", "--to", note, "--force"}).exit_code, 0);
  EXPECT_NE(read_file(note).value(), "mine");
  const std::string folder = world.folder().string();
  expect_refusal(world.run({"--json", "journal", "export", "--force", "--to", folder}), 2, "InvalidArgument", folder);
  expect_refusal(world.run({"--json", "export", "merged", "--to", ""}), 2, "InvalidArgument", "--to");
  expect_refusal(world.run({"--json", "export", "adapter", "--to", ""}), 2, "InvalidArgument", "--to");
}

}  // namespace
}  // namespace banchu
