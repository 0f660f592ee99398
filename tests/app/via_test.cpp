// chat --via and self push, end to end: the program against a server of this test, and against banchu's own server.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "app/remote.h"
#include "base/digest.h"
#include "exchange/exchange.h"
#include "serve/serve.h"
#include "tests/app/grown_bag.h"
#include "tests/app/shell.h"
#include "tests/exchange/adapter_servers.h"
#include "tests/model/fake_openai.h"

namespace banchu {
namespace {

using test::FakeOpenAi;
using test::Ran;
using test::tiny_model;
using test::World;

constexpr const char* kSecret = "s3cret-key";

std::string everything_below(const std::filesystem::path& folder) {
  std::string all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().extension() == ".key") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    all.append(std::istreambuf_iterator<char>(file), {});
  }
  return all;
}

// A bag into which no model was ever put.
void make_empty_bag(const World& world) {
  const Ran made = world.run({"bag", "init"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
}

Json entries_of(const World& world) { return world.run({"--json", "journal", "show"}).json()["entries"]; }

TEST(ChatVia, AGrowthTurnIsInTheJournalUnderTheNameOfWhoSpoke) {
  const World world;
  make_empty_bag(world);
  FakeOpenAi server;
  const auto key = world.write("via.key", std::string(kSecret) + "\n");
  const Ran ran = world.run({"--json", "chat", "--via", server.url(), "--key-file", key.string(), "--once",
                             "My cat is called Nabi.", "--mode", "grow"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const Json answer = ran.json();
  EXPECT_EQ(answer["reply"], "Once upon.");
  EXPECT_EQ(answer["model"], "tiny");
  EXPECT_EQ(answer["via"], server.url());
  EXPECT_EQ(answer["self"], Json());
  EXPECT_EQ(answer["completion_tokens"], 2);
  const Json entries = entries_of(world);
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0]["turn_id"], answer["turn_id"]);
  EXPECT_EQ(entries[0]["self"], "via tiny");
  EXPECT_EQ(entries[0]["source"], "spoken");
  EXPECT_EQ(server.keys().back(), std::string("Bearer ") + kSecret);
  EXPECT_EQ((everything_below(world.folder()) + ran.out + ran.err).find(kSecret), std::string::npos);
  EXPECT_EQ(world.run({"bag", "verify", "--full"}).exit_code, 0);
}

TEST(ChatVia, TheSandboxKeepsNothingAndNeedsNeitherBagNorModel) {
  const World world;
  FakeOpenAi server;
  const Ran ran = world.run({"chat", "--via", server.url()}, "hello\n/mode\n/bye\n");
  EXPECT_EQ(ran.exit_code, 3) << "growing needs a bag: " << ran.err;
  EXPECT_NE(ran.out.find("Once upon."), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("tiny at " + server.url() + " speaks and hears"), std::string::npos) << ran.err;
  EXPECT_FALSE(std::filesystem::exists(world.bag()));
}

TEST(ChatVia, AConversationGoesOnWithItsHistory) {
  const World world;
  make_empty_bag(world);
  FakeOpenAi server;
  ASSERT_EQ(world.run({"chat", "--via", server.url()}, "one\n/mode sandbox\n/mode grow\n/bye\n").exit_code, 0);
  const Ran ran = world.run({"chat", "--via", server.url(), "--resume", "last"}, "two\n/regen\n/keep\n");
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const Json last = server.asked().back()["messages"];
  ASSERT_EQ(last.size(), 3u);
  EXPECT_EQ(last[0]["content"], "one");
  EXPECT_EQ(last[1]["content"], "Once upon.");
  const Json entries = entries_of(world);
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[1]["mark"], "struck");
  EXPECT_EQ(entries[2]["mark"], "kept");
}

TEST(ChatVia, AReplyThatBrokeOffIsShownAndNotKept) {
  const World world;
  make_empty_bag(world);
  FakeOpenAi server;
  server.on_chat = [](const Json&, httplib::Response& response) {
    FakeOpenAi::break_off(response, test::text_chunk("Once upon") + test::text_chunk(" a"));
  };
  const Ran ran = world.run({"chat", "--via", server.url(), "--once", "hello"});
  EXPECT_EQ(ran.exit_code, 5) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.err.find("so far it had said: Once upon a"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("broke off in the middle"), std::string::npos) << ran.err;
  EXPECT_EQ(entries_of(world).size(), 0u);
}

TEST(ChatVia, WhatGoesWrongIsSaidWithWhatToDo) {
  const World world;
  FakeOpenAi server;
  const Ran wrong = world.run({"--model", "gpt", "chat", "--via", server.url(), "--once", "hello"});
  EXPECT_EQ(wrong.exit_code, 3);
  EXPECT_NE(wrong.err.find("it has: tiny"), std::string::npos) << wrong.err;
  const Ran nobody = world.run({"chat", "--via", "http://127.0.0.1:1", "--once", "hello"});
  EXPECT_EQ(nobody.exit_code, 5);
  EXPECT_EQ(world.run({"chat", "--key-file", "x", "--once", "hello"}).exit_code, 2) << "a key for nobody";
  const Ran korean = world.run({"--lang", "ko", "chat", "--via", "http://8.8.8.8/v1", "--once", "hello"});
  EXPECT_EQ(korean.exit_code, 2);
  EXPECT_NE(korean.err.find("https가 아닙니다"), std::string::npos) << korean.err;
}

TEST(ChatVia, TheKeyComesFromTheFileElseFromTheEnvironment) {
  const World world;
  ::setenv("BANCHU_VIA_KEY", " from-outside\n", 1);
  EXPECT_EQ(server_key("").value(), "from-outside");
  EXPECT_EQ(server_key(world.write("k", "from-file\n").string()).value(), "from-file");
  ::unsetenv("BANCHU_VIA_KEY");
  EXPECT_EQ(server_key("").value(), "");
  EXPECT_FALSE(server_key(world.write("k", "\n").string()));
  EXPECT_FALSE(server_key("/nowhere"));
}

TEST(NightAfterVia, ABagWithoutAModelRefusesAndSaysWhy) {
  const World world;
  make_empty_bag(world);
  FakeOpenAi server;
  ASSERT_EQ(world.run({"chat", "--via", server.url(), "--once", "My cat is called Nabi."}).exit_code, 0);
  const Ran ran = world.run({"--json", "night"});
  EXPECT_EQ(ran.exit_code, 5) << ran.err;
  EXPECT_NE(ran.err.find("a server's model spoke this day (tiny)"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("--model FILE night"), std::string::npos) << ran.err;
  EXPECT_EQ(world.run({"--json", "self", "list"}).json()["selves"].size(), 0u) << "nobody was born by the way";
}

TEST(NightAfterVia, AnotherModelsWordsWaitAndTheUsersCount) {
  const World world;
  world.make_bag();
  FakeOpenAi server;
  const Ran ran = world.run({"chat", "--via", server.url()},
                            "My cat is called Nabi.\nTell me about the moon.\nthank you, that was lovely!\n"
                            "Why is the sea salty?\n/keep\n");
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const Json told = world.run({"--json", "ruminate", "--explain"}).json();
  std::map<std::string, std::string> user, reason;
  for (const Json& entry : entries_of(world)) user[string_at(entry, "turn_id")] = string_at(entry, "user");
  for (const Json& entry : told["entries"]) reason[user[string_at(entry, "turn_id")]] = string_at(entry, "reason");
  EXPECT_EQ(reason["My cat is called Nabi."], "user_fact") << to_line(told);
  EXPECT_EQ(reason["Tell me about the moon."], "needs_review") << "answered gladly, and yet another model's words";
  EXPECT_EQ(reason["Why is the sea salty?"], "kept");
}

// banchu's own server, on the tiny model.
class ChatViaBanchu : public testing::Test {
 protected:
  void SetUp() override {
    auto model = Model::load(tiny_model());
    ASSERT_TRUE(model) << model.error().message;
    ServeOptions options;
    options.port = 0;
    options.speech.session = {1, 256, 2};
    options.version = "test";
    Household house;
    house.voice = [] { return Voice{}; };
    house.selves = []() -> Result<Json> { return Json{{"selves", Json::array()}}; };
    house.wake = [](const std::string&) -> Result<Json> { return make_error(Code::NotFound, "nobody"); };
    house.rollback = []() -> Result<Json> { return make_error(Code::NotFound, "nobody"); };
    auto server = Server::open(*model, options, house);
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    thread_ = std::thread([this] { server_->run(); });
  }
  void TearDown() override {
    if (server_ == nullptr) return;
    server_->stop();
    thread_.join();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }

  std::unique_ptr<Server> server_;
  std::thread thread_;
};

TEST_F(ChatViaBanchu, SaysWhatTheSameModelSaysHere) {
  const World world;
  world.make_bag();
  const std::string mask =
      "system: You are a lion.\nfew_shot:\n  - {user: hello, reply: the lion lives.}\n"
      "sampling: {temperature: 0, max_tokens: 12}\n";
  const auto plain = world.write("free.yaml", mask),
             stopped = world.write("stopped.yaml", mask + "stop: [\"in the\"]\n");
  for (const auto& persona : {plain, stopped}) {
    std::vector<std::string> words = {"--json",    "chat",           "--once", "where does the lion live?",
                                      "--persona", persona.string(), "--mode", "sandbox"};
    const Ran here = world.run(words);
    ASSERT_EQ(here.exit_code, 0) << here.err;
    words.insert(words.end(), {"--via", url()});
    const Ran ran = world.run(words);
    ASSERT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_EQ(ran.json()["reply"], here.json()["reply"]);
    EXPECT_EQ(ran.json()["stop_reason"], here.json()["stop_reason"]);
    EXPECT_EQ(ran.json()["model"], "banchu");
    if (persona == plain) {
      EXPECT_EQ(ran.json()["prompt_tokens"], here.json()["prompt_tokens"]);
    }
  }
}

TEST(SelfPush, AnOllamaGetsTheAwakeSelfOnItsOwnBase) {
  const World world;
  const Json grown = test::make_grown_bag(world);
  test::FakeOllama ollama;
  const Ran ran = world.run({"--json", "self", "push", ollama.url()});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const std::string name = "banchu-" + string_at(grown, "self");
  EXPECT_EQ(ran.json()["kind"], "Ollama");
  EXPECT_EQ(ran.json()["name"], name);
  ASSERT_EQ(ollama.made.count(name), 1u);
  const Json made = ollama.made[name];
  EXPECT_EQ(made["files"]["model.gguf"], "sha256:" + sha256_file(tiny_model()).value());
  const auto sent = world.write("sent.gguf", ollama.blobs[string_at(made["adapters"], "adapter.gguf").substr(7)]);
  const auto adapter = read_adapter(sent);
  ASSERT_TRUE(adapter) << adapter.error().message;
  EXPECT_EQ(adapter->tensors.at(0).base, "blk.1.attn_q.weight");
}

TEST(SelfPush, AVllmFindsAPeftFolderThatReadsBack) {
  const World world;
  const Json grown = test::make_grown_bag(world);
  test::FakeVllm vllm;
  const Ran ran = world.run({"self", "push", vllm.url(), "--folder", (world.folder() / "loras").string()});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const std::string name = "banchu-" + string_at(grown, "self");
  EXPECT_NE(ran.out.find(name), std::string::npos) << ran.out;
  ASSERT_EQ(vllm.loaded.count(name), 1u);
  EXPECT_EQ(vllm.loaded[name], (world.folder() / "loras" / name).string());
  const auto base = GgufFile::open(tiny_model());
  const auto back = read_peft(vllm.loaded[name], **base);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->adapter.tensors.at(0).base, "blk.1.attn_q.weight");
  const Ran again = world.run({"--json", "self", "push", vllm.url()});
  EXPECT_EQ(again.json()["was_there"], true) << again.err;
}

TEST(SelfPush, ABareModelHasNothingToPush) {
  const World world;
  world.make_bag();
  test::FakeOllama ollama;
  const Ran ran = world.run({"self", "push", ollama.url()});
  EXPECT_EQ(ran.exit_code, 5) << ran.err;
  EXPECT_TRUE(ollama.calls().empty());
}

}  // namespace
}  // namespace banchu
