// model pull and inspect as a shell sees them, against a server on this machine's own loopback.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <fstream>
#include <mutex>

#include "base/digest.h"
#include "tests/app/shell.h"
#include "tests/base/hostile_server.h"
#include "tests/model/gguf_writer.h"

namespace banchu {
namespace {

using test::Ask;
using test::honest;
using test::HostileServer;
using test::Ran;
using test::tiny_model;
using test::World;

std::string tiny_bytes() { return read_file(tiny_model()).value_or(""); }

TEST(PullVerb, AModelIsPulledAndCanBeTalkedTo) {
  const World world;
  const std::string bytes = tiny_bytes();
  HostileServer server([&](const Ask& ask) { return honest(ask, bytes, "one"); });
  const Ran ran = world.run({"--json", "model", "pull", server.url("/tiny.gguf"), "--allow-local"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const Json pulled = ran.json();
  EXPECT_EQ(pulled["digest"], sha256(bytes));
  EXPECT_EQ(pulled["can_talk"], true);
  EXPECT_EQ(pulled["can_be_trained"], true);
  EXPECT_EQ(world.run({"--model", "tiny.gguf", "chat", "--mode", "sandbox", "--once", "hello"}).exit_code, 0);
  EXPECT_EQ(world.run({"--json", "model", "list"}).json()["models"][0]["digest"], sha256(bytes));
  const Json again = world.run({"--json", "model", "pull", server.url("/tiny.gguf"), "--allow-local"}).json();
  EXPECT_EQ(again["files"][0]["was_there"], true);
}

TEST(PullVerb, RefusalsHaveTheirExitCodesAndSayWhatToDo) {
  const World world;
  const std::string bytes = tiny_bytes();
  HostileServer server([&](const Ask& ask) {
    if (ask.path == "/page.gguf") return test::answer_of(200, "Content-Type: text/html\r\n", "<html>no</html>");
    if (ask.path == "/inside.gguf") return test::answer_of(302, "Location: https://10.0.0.1/x\r\n", "");
    return honest(ask, bytes, "one");
  });
  const std::vector<std::pair<std::vector<std::string>, int>> refusals = {
      {{server.url("/tiny.gguf")}, 2},
      {{server.url("/page.gguf"), "--allow-local"}, 2},
      {{server.url("/inside.gguf"), "--allow-local"}, 2},
      {{server.url("/tiny.gguf"), "--allow-local", "--sha256", std::string(64, 'a')}, 8},
      {{server.url("/tiny.gguf"), "--allow-local", "--sha256", "abc"}, 2},
      {{"hf:nobody"}, 2},
      {{"ollama:none"}, 3},
      {{"/nowhere/m.gguf"}, 3}};
  for (const auto& [words, exit_code] : refusals) {
    std::vector<std::string> line = {"--lang", "ko", "--json", "model", "pull"};
    line.insert(line.end(), words.begin(), words.end());
    const Ran ran = world.run(line);
    EXPECT_EQ(ran.exit_code, exit_code) << words.front() << ran.err;
    EXPECT_FALSE(ran.json()["error"]["hint"].get<std::string>().empty()) << words.front();
    EXPECT_EQ(ran.err.find("the "), std::string::npos) << "not Korean: " << ran.err;
  }
  EXPECT_TRUE(world.run({"--json", "model", "list"}).json()["models"].empty());
}

// Lets the first asks through and holds the next one until it is told to go on.
class Gate {
 public:
  explicit Gate(int open) : open_(open) {}
  void pass() {
    std::unique_lock lock(mutex_);
    ++asked_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return asked_ <= open_; });
  }
  void wait_until_held() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return asked_ > open_; });
  }
  void open() {
    const std::scoped_lock lock(mutex_);
    open_ = 1 << 30;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int open_;
  int asked_ = 0;
};

pid_t start_pull(const World& world, const std::string& url) {
  const std::string home = "HOME=" + world.folder().string() + "/home";
  const std::string shared = "BANCHU_HOME=" + world.folder().string() + "/shared";
  const pid_t child = ::fork();
  if (child != 0) return child;
  const char* environment[] = {home.c_str(), shared.c_str(), "LANG=C.UTF-8", nullptr};
  ::execle(BANCHU_PROGRAM, BANCHU_PROGRAM, "--quiet", "model", "pull", url.c_str(), "--allow-local", "--connections",
           "1", static_cast<char*>(nullptr), environment);
  ::_exit(127);
}

TEST(PullVerb, KilledInTheMiddleItGoesOnWhereItStopped) {
  const World world;
  const std::string bytes = tiny_bytes();
  Gate gate(4);  // a look and three pieces; the third is on disk when the fourth is asked for
  HostileServer server([&](const Ask& ask) {
    gate.pass();
    return honest(ask, bytes, "one");
  });
  const pid_t child = start_pull(world, server.url("/tiny.gguf"));
  ASSERT_GT(child, 0);
  gate.wait_until_held();
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  gate.open();
  EXPECT_FALSE(std::filesystem::exists(world.folder() / "shared/models/tiny.gguf"));
  const Ran ran = world.run({"--json", "model", "pull", server.url("/tiny.gguf"), "--allow-local"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const auto asks = server.asks();
  EXPECT_EQ(ran.json()["files"][0]["kept_bytes"], asks[3].range->second + 1);
  EXPECT_EQ(ran.json()["digest"], sha256(bytes));
}

TEST(PullVerb, AnArchitectureThatNobodyKnowsIsPulledAndToldOf) {
  const World world;
  GgufWriter writer;
  writer.text("general.architecture", "gargoyle");
  writer.texts("tokenizer.ggml.tokens", {"a", "b"});
  writer.tensor("blk.0.weight", {64}, std::vector<float>(64, 1));
  const std::string file = world.write("gargoyle.gguf", writer.bytes());
  const Ran ran = world.run({"--json", "model", "pull", file});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.json()["can_talk"], false);
  EXPECT_EQ(ran.json()["can_be_trained"], false);
  const Ran said = world.run({"model", "inspect", "gargoyle.gguf"});
  EXPECT_NE(said.out.find("it cannot talk: "), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("it cannot grow: "), std::string::npos) << said.out;
}

TEST(InspectVerb, SaysWhatAModelIsAndWhetherItFits) {
  const World world;
  const Ran ran = world.run({"--json", "model", "inspect", tiny_model()});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const Json facts = ran.json();
  EXPECT_EQ(facts["can_talk"], true);
  EXPECT_EQ(facts["talks_here"], true);
  EXPECT_EQ(facts["grows_here"], true);
  EXPECT_GT(facts["talk_bytes"], facts["bytes"]);
  EXPECT_GT(facts["night_bytes"], 0);
  EXPECT_EQ(facts["parts"], 1);
  std::size_t tensors = 0;
  for (const auto& [type, count] : facts["types"].items()) tensors += count.get<std::size_t>();
  EXPECT_GT(tensors, 10u);
  EXPECT_FALSE(facts["template"].get<std::string>().empty());
  const Ran korean = world.run({"--lang", "ko", "model", "inspect", tiny_model()});
  EXPECT_NE(korean.out.find("이야기할 수 있습니다"), std::string::npos) << korean.out;
}

}  // namespace
}  // namespace banchu
