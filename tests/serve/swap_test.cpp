// A new self wakes while the server talks.
#include "base/digest.h"
#include "tests/serve/server_fixture.h"

namespace banchu {
namespace {

class SwapTest : public ServerTest {
 protected:
  void become(const std::string& self, std::vector<AdapterUse> adapters = {}) {
    const std::scoped_lock lock(mutex_);
    voice_ = {self, std::move(adapters)};
  }
  Json say(httplib::Client& client, const std::string& text, int max_tokens) const {
    const auto answer = client.Post("/v1/chat/completions", ask(text, max_tokens).dump(), "application/json");
    return answer ? Json::parse(answer->body) : Json();
  }
  std::string self_of(const Json& answer) const { return answer["banchu"]["self"]; }
  // Who is awake is asked once a second.
  std::string self_within_a_while() {
    std::string self = self_of(say(*client_, "hi", 1));
    for (int i = 0; i < 400 && self != "B"; ++i) self = self_of(say(*client_, "hi", 1));
    return self;
  }
};

TEST_F(SwapTest, NewRequestsAreSaidByTheNewSelfWhileTheOldOneFinishes) {
  become("A");
  start(2);
  Json long_answer;
  std::thread talking([&] {
    httplib::Client client("127.0.0.1", server_->port());
    client.set_read_timeout(120);
    Json body = ask("Tell me a long story.", 400);
    body["temperature"] = 1;
    const auto answer = client.Post("/v1/chat/completions", body.dump(), "application/json");
    if (answer) long_answer = Json::parse(answer->body);
  });
  while (Json::parse(client_->Get("/banchu/v1/awake")->body)["speaking"] == 0) std::this_thread::yield();
  become("B");
  EXPECT_EQ(self_within_a_while(), "B");
  talking.join();
  EXPECT_EQ(self_of(long_answer), "A");
  EXPECT_EQ(Json::parse(client_->Get("/banchu/v1/awake")->body)["self"], "B");
}

TEST_F(SwapTest, NothingOfTheOldSelfsCacheIsUsed) {
  become("A");
  start(1);
  say(*client_, "What is the sun?", 4);
  EXPECT_GT(say(*client_, "What is the sun?", 4)["usage"]["prompt_tokens_details"]["cached_tokens"], 10);
  become("B");
  Json first;
  for (int i = 0; i < 400 && (first.is_null() || self_of(first) != "B"); ++i)
    first = say(*client_, "What is the sun?", 4);
  EXPECT_EQ(self_of(first), "B");
  EXPECT_EQ(first["usage"]["prompt_tokens_details"]["cached_tokens"], 0);
}

TEST_F(SwapTest, ASelfThatCannotBeOpenedLeavesTheOldOneAwake) {
  become("A");
  start(1);
  become("B", {{std::string(64, 'b'), "/nowhere/b.gguf", 1.0f}});
  const auto is_told = [&] { return Json::parse(client_->Get("/banchu/v1/awake")->body)["trouble"].is_string(); };
  // The server looks for a new self now and then; until it has looked and after, the old one answers.
  for (int i = 0; i < 10000 && !is_told(); ++i) EXPECT_EQ(self_of(say(*client_, "hi", 1)), "A");
  EXPECT_TRUE(is_told());
  EXPECT_EQ(self_of(say(*client_, "hi", 1)), "A");
}

TEST_F(SwapTest, WhoMayManageWakesASelfForTheVeryNextReply) {
  become("A");
  start(1, {{"phone", Right::grow, sha256("bk-1")}, {"mine", Right::manage, sha256("bk-2")}});
  client_->set_bearer_token_auth("bk-1");
  EXPECT_EQ(client_->Get("/banchu/v1/selves")->status, 200);
  EXPECT_EQ(post("/banchu/v1/selves/wake", {{"id", "B"}})->status, 403);
  EXPECT_EQ(post("/banchu/v1/selves/rollback", Json::object())->status, 403);
  client_->set_bearer_token_auth("bk-2");
  EXPECT_EQ(self_of(say(*client_, "hi", 1)), "A");
  EXPECT_EQ(post("/banchu/v1/selves/wake", {{"id", "nobody"}})->status, 404);
  EXPECT_EQ(post("/banchu/v1/selves/wake", {{"id", 7}})->status, 400);
  EXPECT_EQ(post("/banchu/v1/selves/rollback", Json::object())->status, 412);
  EXPECT_EQ(post("/banchu/v1/selves/wake", {{"id", "B"}})->status, 200);
  EXPECT_EQ(self_of(say(*client_, "hi", 1)), "B");
}

}  // namespace
}  // namespace banchu
