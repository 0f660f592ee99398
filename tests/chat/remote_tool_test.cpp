// A conversation through a server: what stays the conversation's own.
#include <gtest/gtest.h>

#include "chat/chat.h"
#include "tests/model/fake_openai.h"

namespace banchu {
namespace {

using test::FakeOpenAi;
using test::whole_stream;

class ThroughAServer : public testing::Test {
 protected:
  void SetUp() override {
    auto chat = RemoteChat::open({server_.url(), "", ""}, nullptr);
    ASSERT_TRUE(chat) << chat.error().message;
    remote_ = std::move(*chat);
    tool_ = remote_tool(*remote_);
  }
  Conversation conversation(ConversationStart start = {}) {
    start.self = self_of_remote(remote_->model());
    return Conversation(*tool_, persona_, std::move(start), [this](const Turn& turn) -> Status {
      kept_.push_back(turn);
      return {};
    });
  }

  FakeOpenAi server_;
  std::unique_ptr<RemoteChat> remote_;
  std::unique_ptr<SpeakingTool> tool_;
  Persona persona_;
  std::vector<Turn> kept_;
};

TEST_F(ThroughAServer, TheMaskTheExamplesAndTheHistoryAreSaidInOrder) {
  persona_.system = "You are Dori.";
  persona_.few_shot = {{Role::user, "hi"}, {Role::assistant, "mm, hi"}};
  Conversation talk = conversation();
  ASSERT_TRUE(talk.say("one", {}, nullptr));
  ASSERT_TRUE(talk.say("two", {}, nullptr));
  std::vector<std::string> said;
  const Json asked = server_.asked().at(1);
  for (const Json& message : asked["messages"]) said.push_back(message["content"]);
  EXPECT_EQ(said, (std::vector<std::string>{"You are Dori.", "hi", "mm, hi", "one", "Once upon.", "two"}));
  ASSERT_EQ(kept_.size(), 2u);
  EXPECT_EQ(kept_[1].self, "via tiny");
  EXPECT_EQ(kept_[1].index, 1);
  EXPECT_EQ(kept_[1].mask, "You are Dori.");
}

TEST_F(ThroughAServer, AReplyThatBrokeOffIsNeitherKeptNorRemembered) {
  Conversation talk = conversation();
  server_.on_chat = [](const Json&, httplib::Response& response) {
    FakeOpenAi::break_off(response, test::text_chunk("Once"));
  };
  EXPECT_FALSE(talk.say("one", {}, nullptr));
  EXPECT_TRUE(kept_.empty());
  EXPECT_TRUE(talk.history().empty());
  EXPECT_EQ(talk.next_index(), 0);
}

TEST_F(ThroughAServer, WhenItsContextIsFullTheOldestIsLeftOutAndStaysOut) {
  ConversationStart start;
  for (int i = 0; i < 8; ++i) start.history.push_back({{"q" + std::to_string(i), "a"}, ""});
  Conversation talk = conversation(std::move(start));
  server_.on_chat = [](const Json& body, httplib::Response& response) {
    if (body["messages"].size() > 10)
      return FakeOpenAi::refuse(response, 400, {{"error", {{"message", "maximum context length is 10"}}}});
    FakeOpenAi::stream(response, whole_stream({"yes"}));
  };
  const auto reply = talk.say("now", {}, nullptr);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->left_out, 4u);  // 17 messages, 13, 9
  EXPECT_EQ(server_.asked().back()["messages"][0]["content"], "q4");
  ASSERT_TRUE(talk.say("again", {}, nullptr));
  EXPECT_EQ(server_.asked().at(3)["messages"][0]["content"], "q4");
}

TEST_F(ThroughAServer, AMessageThatAloneIsTooLongIsTheUsersToShorten) {
  server_.on_chat = [](const Json&, httplib::Response& response) {
    FakeOpenAi::refuse(response, 400, {{"error", {{"message", "maximum context length is 10"}}}});
  };
  const auto reply = conversation().say("long", {}, nullptr);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::InvalidArgument);
}

}  // namespace
}  // namespace banchu
