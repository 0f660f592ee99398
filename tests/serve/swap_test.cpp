// A new self wakes while the server talks.
#include "tests/serve/server_fixture.h"

namespace banchu {
namespace {

class SwapTest : public ServerTest {
 protected:
  void wake(const std::string& self, std::vector<AdapterUse> adapters = {}) {
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
  wake("A");
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
  wake("B");
  EXPECT_EQ(self_within_a_while(), "B");
  talking.join();
  EXPECT_EQ(self_of(long_answer), "A");
  EXPECT_EQ(Json::parse(client_->Get("/banchu/v1/awake")->body)["self"], "B");
}

TEST_F(SwapTest, NothingOfTheOldSelfsCacheIsUsed) {
  wake("A");
  start(1);
  say(*client_, "What is the sun?", 4);
  EXPECT_GT(say(*client_, "What is the sun?", 4)["usage"]["prompt_tokens_details"]["cached_tokens"], 10);
  wake("B");
  Json first;
  for (int i = 0; i < 400 && (first.is_null() || self_of(first) != "B"); ++i)
    first = say(*client_, "What is the sun?", 4);
  EXPECT_EQ(self_of(first), "B");
  EXPECT_EQ(first["usage"]["prompt_tokens_details"]["cached_tokens"], 0);
}

TEST_F(SwapTest, ASelfThatCannotBeOpenedLeavesTheOldOneAwake) {
  wake("A");
  start(1);
  wake("B", {{std::string(64, 'b'), "/nowhere/b.gguf", 1.0f}});
  const auto began = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - began < std::chrono::milliseconds(1500)) {
    EXPECT_EQ(self_of(say(*client_, "hi", 1)), "A");
  }
  EXPECT_TRUE(Json::parse(client_->Get("/banchu/v1/awake")->body)["trouble"].is_string());
}

}  // namespace
}  // namespace banchu
