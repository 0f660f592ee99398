#include "model/remote_chat.h"

#include <gtest/gtest.h>

#include "model/sse.h"
#include "tests/model/fake_openai.h"

namespace banchu {
namespace {

using test::end_chunk;
using test::FakeOpenAi;
using test::text_chunk;
using test::whole_stream;

const std::vector<Message> kTalk = {{Role::system, "You are Dori."}, {Role::user, "안녕?"}};

class Remote : public testing::Test {
 protected:
  std::unique_ptr<RemoteChat> open(const std::string& model = "", const std::string& key = "") {
    auto chat = RemoteChat::open({server_.url(), model, key, 5, 20}, nullptr);
    EXPECT_TRUE(chat) << chat.error().message;
    return chat ? std::move(*chat) : nullptr;
  }
  Result<RemoteReply> reply(RemoteChat& chat, const SamplingOptions& sampling = {},
                            const CancelFlag* cancel = nullptr) {
    heard_.clear();
    return chat.reply(
        kTalk, sampling, 7ULL << 40, [this](std::string_view text) { heard_ += text; }, cancel);
  }
  Error failure(RemoteChat& chat, const SamplingOptions& sampling = {}) {
    const auto answer = reply(chat, sampling);
    EXPECT_FALSE(answer);
    return answer ? Error() : answer.error();
  }

  FakeOpenAi server_;
  std::string heard_;
};

TEST_F(Remote, StreamsTheReplyAndCountsItsTokens) {
  const auto chat = open();
  EXPECT_EQ(chat->model(), "tiny");
  const auto said = reply(*chat);
  ASSERT_TRUE(said) << said.error().message;
  EXPECT_EQ(said->text, "Once upon.");
  EXPECT_EQ(heard_, "Once upon.");
  EXPECT_EQ(said->stop_reason, StopReason::end_of_turn);
  EXPECT_EQ(said->prompt_tokens, 12u);
  EXPECT_EQ(said->completion_tokens, 2u);
}

TEST_F(Remote, SendsTheConversationAndTheWholeSamplingTable) {
  const auto chat = open("tiny", "s3cret-key");
  SamplingOptions sampling;
  sampling.temperature = 0.5f;
  sampling.top_k = 0;
  sampling.max_tokens = 33;
  sampling.stop = {"지훈:"};
  sampling.word_bias = {{"sorry", -100}};
  ASSERT_TRUE(reply(*chat, sampling));
  const Json body = server_.asked().at(0);
  EXPECT_EQ(body["model"], "tiny");
  EXPECT_EQ(body["stream"], true);
  ASSERT_EQ(body["messages"].size(), 2u);
  EXPECT_EQ(body["messages"][0]["role"], "system");
  EXPECT_EQ(body["messages"][1]["content"], "안녕?");
  EXPECT_EQ(body["temperature"], 0.5);
  EXPECT_EQ(body["top_k"], -1) << "off";
  EXPECT_EQ(body["max_tokens"], 33);
  EXPECT_EQ(body["repeat_penalty"], body["repetition_penalty"]);
  EXPECT_EQ(body["repeat_penalty"], 1.125);
  EXPECT_EQ(body["seed"], 7 << 7);
  EXPECT_FALSE(body.contains("stop")) << "where a reply stops is judged here";
  EXPECT_EQ(server_.keys(), (std::vector<std::string>(2, "Bearer s3cret-key")));
}

TEST_F(Remote, AStopSequenceIsFoundAcrossPiecesAndNothingBehindItIsHeard) {
  server_.on_chat = [this](const Json&, httplib::Response& response) {
    server_.fall_silent(response,
                        text_chunk("good ni") + text_chunk("ght. 지") + text_chunk("훈: and") + text_chunk("x"));
  };
  SamplingOptions sampling;
  sampling.stop = {"지훈:"};
  const auto chat = open();
  const auto said = reply(*chat, sampling);
  ASSERT_TRUE(said) << said.error().message;
  EXPECT_EQ(said->text, "good night. ");
  EXPECT_EQ(heard_, "good night. ");
  EXPECT_EQ(said->stop_reason, StopReason::stop_sequence);
}

TEST_F(Remote, AReplyThatBreaksOffIsHeardAndIsNoReply) {
  server_.on_chat = [](const Json&, httplib::Response& response) {
    FakeOpenAi::break_off(response, text_chunk("Once") + text_chunk(" upon"));
  };
  const auto chat = open();
  const Error error = failure(*chat);
  EXPECT_EQ(error.code, Code::FailedPrecondition);
  EXPECT_NE(error.message.find("broke off in the middle"), std::string::npos) << error.message;
  EXPECT_EQ(heard_, "Once upon");
}

TEST_F(Remote, AStreamThatEndsWithoutSayingSoBrokeOff) {
  server_.on_chat = [](const Json&, httplib::Response& response) { FakeOpenAi::stream(response, text_chunk("Once")); };
  const auto chat = open();
  EXPECT_NE(failure(*chat).message.find("broke off"), std::string::npos);
  server_.on_chat = [](const Json&, httplib::Response& response) {
    FakeOpenAi::break_off(response, text_chunk("Once") + end_chunk("length"));
  };
  const auto said = reply(*chat);
  ASSERT_TRUE(said) << "the end was said; only the count of tokens is missing";
  EXPECT_EQ(said->stop_reason, StopReason::max_tokens);
}

TEST_F(Remote, AnErrorInsideTheStreamIsTold) {
  server_.on_chat = [](const Json&, httplib::Response& response) {
    FakeOpenAi::stream(response, text_chunk("Once") + "data: {\"error\":{\"message\":\"out of\\nmemory\"}}\n\n");
  };
  const auto chat = open();
  EXPECT_NE(failure(*chat).message.find("out of\nmemory"), std::string::npos);
  EXPECT_EQ(heard_, "Once");
}

TEST_F(Remote, WhatIsNoChunkIsRefusedAndNeverCrashes) {
  const auto chat = open();
  for (const char* data : {"[]", "5", "{", "\xFF", "null", "\"text\""}) {
    server_.on_chat = [data](const Json&, httplib::Response& response) {
      FakeOpenAi::stream(response, std::string("data: ") + data + "\n\n");
    };
    EXPECT_EQ(failure(*chat).code, Code::FailedPrecondition) << data;
  }
  for (const char* data : {"{}", R"({"choices":5})", R"({"choices":[5]})", R"({"choices":[{"delta":5}]})",
                           R"({"choices":[{"delta":{"content":5},"finish_reason":5}]})", R"({"usage":[]})",
                           R"({"usage":{"prompt_tokens":-1e300,"completion_tokens":"x"}})"}) {
    server_.on_chat = [data](const Json&, httplib::Response& response) {
      FakeOpenAi::stream(response,
                         std::string(": hello\r\nevent: x\r\ndata:") + data + "\r\n\r\n" + whole_stream({"a"}));
    };
    const auto said = reply(*chat);
    ASSERT_TRUE(said) << data << said.error().message;
    EXPECT_EQ(said->text, "a") << data;
  }
}

TEST_F(Remote, AServerThatDoesNotStreamIsUnderstood) {
  server_.on_chat = [](const Json&, httplib::Response& response) {
    FakeOpenAi::refuse(response, 200, {{"choices", Json::array({{{"message", {{"content", "Once."}}}}})}});
  };
  const auto chat = open();
  const auto said = reply(*chat);
  ASSERT_TRUE(said) << said.error().message;
  EXPECT_EQ(said->text, "Once.");
  EXPECT_EQ(heard_, "Once.");
}

TEST_F(Remote, AKeyThatIsWrongIsToldWithoutTheKey) {
  server_.on_models = [](httplib::Response& response) {
    FakeOpenAi::refuse(response, 401, {{"error", {{"message", "no such key"}}}});
  };
  const auto chat = RemoteChat::open({server_.url(), "", "s3cret-key"}, nullptr);
  ASSERT_FALSE(chat);
  EXPECT_EQ(chat.error().code, Code::FailedPrecondition);
  EXPECT_NE(chat.error().message.find("(401): no such key"), std::string::npos) << chat.error().message;
  EXPECT_NE(chat.error().hint.find("--key-file"), std::string::npos);
  EXPECT_EQ((chat.error().message + chat.error().hint).find("s3cret"), std::string::npos);
}

TEST_F(Remote, AKeyWithALineEndIsNeverSent) {
  const auto chat = RemoteChat::open({server_.url(), "", "key\r\nX-Evil: 1"}, nullptr);
  ASSERT_FALSE(chat);
  EXPECT_EQ(chat.error().code, Code::InvalidArgument);
  EXPECT_EQ(chat.error().message.find("Evil"), std::string::npos);
  EXPECT_TRUE(server_.keys().empty());
}

TEST_F(Remote, AModelThatIsNotThereIsToldWithThoseThatAre) {
  server_.models = {"qwen3:latest", "llama3"};
  const auto chat = RemoteChat::open({server_.url(), "gpt", ""}, nullptr);
  ASSERT_FALSE(chat);
  EXPECT_EQ(chat.error().code, Code::NotFound);
  EXPECT_NE(chat.error().message.find("\"gpt\"; it has: qwen3:latest, llama3"), std::string::npos)
      << chat.error().message;
  EXPECT_EQ(open("qwen3")->model(), "qwen3") << "as Ollama means it";
  const auto several = RemoteChat::open({server_.url(), "", ""}, nullptr);
  ASSERT_FALSE(several);
  EXPECT_EQ(several.error().code, Code::InvalidArgument);
}

TEST_F(Remote, AModelThatGoesAwayIsToldAsOneThatWasNeverThere) {
  const auto chat = open();
  server_.models = {"other"};
  server_.on_chat = [](const Json&, httplib::Response& response) {
    FakeOpenAi::refuse(response, 404, {{"error", {{"message", "gone"}}}});
  };
  const Error error = failure(*chat);
  EXPECT_EQ(error.code, Code::NotFound);
  EXPECT_NE(error.message.find("other"), std::string::npos) << error.message;
}

TEST_F(Remote, WhatIsNoOpenAiServerIsToldSo) {
  server_.on_models = [](httplib::Response& response) { response.set_content("<html>hello</html>", "text/html"); };
  const auto chat = RemoteChat::open({server_.url(), "", ""}, nullptr);
  ASSERT_FALSE(chat);
  EXPECT_EQ(chat.error().code, Code::Unsupported);
  server_.on_chat = [](const Json&, httplib::Response& response) { response.set_content("<html>", "text/html"); };
  const auto named = open("x");  // some list nothing and speak all the same
  EXPECT_EQ(failure(*named).code, Code::Unsupported);
}

TEST_F(Remote, NobodyIsFollowedElsewhere) {
  FakeOpenAi elsewhere;
  server_.on_models = [&](httplib::Response& response) { response.set_redirect(elsewhere.url() + "/models", 307); };
  const auto chat = RemoteChat::open({server_.url(), "", "key"}, nullptr);
  ASSERT_FALSE(chat);
  EXPECT_NE(chat.error().message.find("sends us on to " + elsewhere.url()), std::string::npos) << chat.error().message;
  EXPECT_TRUE(elsewhere.keys().empty());
}

TEST(RemoteAddress, IsUnderstoodWithAndWithoutItsPath) {
  EXPECT_EQ(*server_base("http://127.0.0.1:11434"), "http://127.0.0.1:11434/v1");
  EXPECT_EQ(*server_base("http://127.0.0.1:11434/"), "http://127.0.0.1:11434/v1");
  EXPECT_EQ(*server_base("https://x.org/api/v1/"), "https://x.org/api/v1");
  EXPECT_EQ(*server_base("http://127.0.0.1:8080/v1/chat/completions"), "http://127.0.0.1:8080/v1");
  for (const char* bad : {"", "127.0.0.1", "ftp://x", "http://a b", "http://x/v1?key=1", "http://me:pw@x/v1"}) {
    const auto base = server_base(bad);
    ASSERT_FALSE(base) << bad;
    EXPECT_EQ(base.error().code, Code::InvalidArgument) << bad;
  }
}

TEST(RemoteAddress, WhereNobodyListensItSaysSo) {
  const auto chat = RemoteChat::open({"http://127.0.0.1:1", "", "", 2, 2}, nullptr);
  ASSERT_FALSE(chat);
  EXPECT_EQ(chat.error().code, Code::FailedPrecondition);
  EXPECT_NE(chat.error().message.find("cannot be reached"), std::string::npos) << chat.error().message;
}

TEST(RemoteAddress, NothingIsSaidInTheClearIntoTheInternet) {
  const auto chat = RemoteChat::open({"http://8.8.8.8/v1", "", "", 2, 2}, nullptr);
  ASSERT_FALSE(chat);
  EXPECT_EQ(chat.error().code, Code::InvalidArgument);
  EXPECT_NE(chat.error().message.find("not https"), std::string::npos) << chat.error().message;
}

TEST_F(Remote, AFieldThatTheServerRefusesIsLeftAwayAndNamed) {
  server_.on_chat = [](const Json& body, httplib::Response& response) {
    for (const char* field : {"top_k", "repeat_penalty"}) {
      if (!body.contains(field)) continue;
      const std::string said = std::string("Unrecognized request argument supplied: ") + field;
      return FakeOpenAi::refuse(response, 400, {{"error", {{"message", said}}}});
    }
    if (body.contains("max_tokens"))
      return FakeOpenAi::refuse(response, 400, {{"error", {{"message", "Use 'max_completion_tokens' instead."}}}});
    FakeOpenAi::stream(response, whole_stream({"fine"}));
  };
  const auto chat = open();
  const auto said = reply(*chat);
  ASSERT_TRUE(said) << said.error().message;
  EXPECT_EQ(said->text, "fine");
  EXPECT_EQ(chat->refused(), (std::vector<std::string>{"top_k", "repeat_penalty", "max_tokens"}));
  ASSERT_TRUE(reply(*chat));
  EXPECT_EQ(server_.asked().size(), 5u) << "it is asked for once, not at every turn";
  EXPECT_EQ(server_.asked().back()["max_completion_tokens"], 1024);
}

TEST_F(Remote, AFullContextAndABusyServerAreToldApart) {
  const auto chat = open();
  for (const char* said :
       {"This model's maximum context length is 512 tokens.", "the request exceeds the available context size"}) {
    server_.on_chat = [said](const Json&, httplib::Response& response) {
      FakeOpenAi::refuse(response, 400, {{"error", {{"message", said}}}});
    };
    EXPECT_EQ(failure(*chat).code, Code::NoSpace) << said;
  }
  server_.on_chat = [](const Json&, httplib::Response& response) {
    FakeOpenAi::refuse(response, 503, {{"error", "server busy"}});
  };
  EXPECT_EQ(failure(*chat).code, Code::Busy);
  server_.on_chat = [](const Json&, httplib::Response& response) {
    FakeOpenAi::refuse(response, 422, {{"detail", "no"}});
  };
  EXPECT_EQ(failure(*chat).code, Code::FailedPrecondition);
}

TEST_F(Remote, CtrlCEndsAReplyHoweverSilentTheServerIs) {
  CancelFlag cancel{false};
  server_.on_chat = [this](const Json&, httplib::Response& response) {
    server_.fall_silent(response, text_chunk("Once"));
  };
  const auto chat = open();
  const auto said = chat->reply(
      kTalk, {}, 1, [&](std::string_view) { cancel = true; }, &cancel);
  ASSERT_FALSE(said);  // were it to wait for the server, it would wait for the reading time: 20 s, and another error
  EXPECT_EQ(said.error().code, Code::Cancelled);
}

TEST(EventStream, IsTheSameHoweverTheBytesAreCut) {
  const std::string stream = "data: one\n\n:ping\n\ndata:two\r\ndata: 둘\r\n\r\nevent: x\ndata: three\n\ndata: cut";
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    EventStream events;
    std::vector<std::string> got;
    const auto take = [&](const std::string& data) -> Result<bool> {
      got.push_back(data);
      return true;
    };
    for (std::size_t at = 0; at < stream.size(); at += cut)
      ASSERT_TRUE(events.push(std::string_view(stream).substr(at, cut), take));
    EXPECT_EQ(got, (std::vector<std::string>{"one", "two\n둘", "three"})) << cut;
  }
}

}  // namespace
}  // namespace banchu
