#include "arc/compare_writer.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <thread>

#include "base/http_client.h"
#include "base/json.h"

namespace banchu {
namespace {

// A server on this machine's own loopback, answering as told.
class StoryServerOnLoopback : public testing::Test {
 protected:
  void SetUp() override {
    server_.Post("/v1/chat/completions", [this](const httplib::Request& request, httplib::Response& response) {
      ++asked_;
      body_ = request.body;
      key_ = request.get_header_value("Authorization");
      response.status = asked_ <= busy_ ? 503 : status_;
      response.set_content(answer_, "application/json");
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    server_.wait_until_ready();
  }
  void TearDown() override {
    server_.stop();
    thread_.join();
  }
  StoryServer server() const {
    StoryServer server;
    server.url = "http://127.0.0.1:" + std::to_string(port_) + "/v1";
    server.model = "tiny";
    server.key = "secret";
    server.wait_ms = 1;
    return server;
  }

  httplib::Server server_;
  std::thread thread_;
  int port_ = 0;
  int asked_ = 0;
  int busy_ = 0;
  int status_ = 200;
  std::string answer_ = R"({"choices":[{"message":{"role":"assistant","content":" Once. 옛날에. "}}]})";
  std::string body_, key_;
};

TEST_F(StoryServerOnLoopback, WritesAStory) {
  const auto story = write_story(server(), "Tell \"one\".", 7, nullptr);
  ASSERT_TRUE(story) << story.error().message;
  EXPECT_EQ(*story, "Once. 옛날에.");
  const auto sent = parse_json(body_, "sent");
  ASSERT_TRUE(sent);
  EXPECT_EQ((*sent)["model"], "tiny");
  EXPECT_EQ((*sent)["messages"][0]["content"], "Tell \"one\".");
  EXPECT_EQ((*sent)["seed"], 7);
  EXPECT_EQ(key_, "Bearer secret");
}

TEST_F(StoryServerOnLoopback, ABusyServerIsAskedAgain) {
  busy_ = 2;
  EXPECT_TRUE(write_story(server(), "x", 1, nullptr));
  EXPECT_EQ(asked_, 3);
}

TEST_F(StoryServerOnLoopback, AServerThatStaysBusyIsAnError) {
  busy_ = 99;
  const auto story = write_story(server(), "x", 1, nullptr);
  ASSERT_FALSE(story);
  EXPECT_EQ(story.error().code, Code::FailedPrecondition);
  EXPECT_EQ(asked_, 3);
}

TEST_F(StoryServerOnLoopback, ARefusalIsToldWithoutTheKey) {
  status_ = 401;
  answer_ = R"({"error":{"message":"wrong key"}})";
  const auto story = write_story(server(), "x", 1, nullptr);
  ASSERT_FALSE(story);
  EXPECT_NE(story.error().message.find("401: wrong key"), std::string::npos) << story.error().message;
  EXPECT_EQ(story.error().message.find("secret"), std::string::npos);
  EXPECT_EQ(asked_, 1);
}

TEST_F(StoryServerOnLoopback, AnAnswerWithoutAStoryIsAnError) {
  for (const char* answer : {"", "[]", "{}", R"({"choices":[]})", R"({"choices":[{"message":5}]})",
                             R"({"choices":[{"message":{"content":"  "}}]})", "\xFF\xFF", "{\"choices\":"}) {
    answer_ = answer;
    EXPECT_FALSE(write_story(server(), "x", 1, nullptr)) << answer;
  }
}

TEST_F(StoryServerOnLoopback, CtrlCEndsTheWaiting) {
  CancelFlag cancel{true};
  const auto story = write_story(server(), "x", 1, &cancel);
  ASSERT_FALSE(story);
  EXPECT_EQ(story.error().code, Code::Cancelled);
}

TEST(HttpClient, WhereNobodyListensItSaysSo) {
  HttpRequest request;
  request.url = "http://127.0.0.1:1/x";
  request.connect_seconds = 2;
  const auto answer = http_post(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::FailedPrecondition);
}

TEST(HttpClient, WhatIsNoAddressIsRefused) {
  for (const char* url : {"", "127.0.0.1", "ftp://x/y", "http://", "http://a b/", "file:///etc/passwd"}) {
    HttpRequest request;
    request.url = url;
    const auto answer = http_post(request);
    ASSERT_FALSE(answer) << url;
    EXPECT_EQ(answer.error().code, Code::InvalidArgument) << url;
  }
}

}  // namespace
}  // namespace banchu
