// OpenAI's API against a real model on a real port.
#include "base/digest.h"
#include "tests/serve/server_fixture.h"
#include "tests/serve/stream_fixture.h"

namespace banchu {
namespace {

TEST_F(ServerTest, AStreamSaysWhatTheWholeAnswerSays) {
  start();
  const auto whole = post("/v1/chat/completions", ask("What is the sun?"));
  ASSERT_EQ(whole->status, 200) << whole->body;
  const Json answer = Json::parse(whole->body);
  EXPECT_EQ(answer["choices"][0]["finish_reason"], "length");
  EXPECT_EQ(answer["usage"]["completion_tokens"], 12);
  Json streamed = ask("What is the sun?");
  streamed["stream"] = true;
  streamed["stream_options"] = {{"include_usage", true}};
  const auto stream = post("/v1/chat/completions", streamed);
  EXPECT_EQ(stream->get_header_value("Content-Type"), "text/event-stream");
  EXPECT_TRUE(stream->body.ends_with("data: [DONE]\n\n"));
  const std::vector<Json> chunks = events_of(stream->body);
  EXPECT_EQ(text_of(chunks), answer["choices"][0]["message"]["content"]);
  EXPECT_EQ(chunks.front()["choices"][0]["delta"]["role"], "assistant");
  EXPECT_TRUE(chunks.back()["choices"].empty());
  EXPECT_EQ(chunks.back()["usage"]["completion_tokens"], 12);
  int finished = 0;
  for (const Json& chunk : chunks) {
    EXPECT_EQ(chunk["id"], chunks.front()["id"]);
    for (const Json& choice : chunk["choices"]) finished += choice["finish_reason"].is_string() ? 1 : 0;
  }
  EXPECT_EQ(finished, 1);
}

TEST_F(ServerTest, SeveralRepliesHaveTheirIndices) {
  start();
  Json body = ask("Tell me a story.");
  body["n"] = 3;
  body["temperature"] = 1;
  body["stream"] = true;
  const auto stream = post("/v1/chat/completions", body);
  const std::vector<Json> chunks = events_of(stream->body);
  EXPECT_NE(text_of(chunks, 0), text_of(chunks, 1));
  EXPECT_FALSE(text_of(chunks, 2).empty());
}

TEST_F(ServerTest, ErrorsComeInTheWordsOfTheirApi) {
  start();
  const auto bad = client_->Post("/v1/chat/completions", "{", "application/json");
  EXPECT_EQ(bad->status, 400);
  EXPECT_EQ(Json::parse(bad->body)["error"]["type"], "invalid_request_error");
  Json elsewhere = ask("hi");
  elsewhere["model"] = "gpt-9";
  EXPECT_EQ(post("/v1/chat/completions", elsewhere)->status, 404);
  EXPECT_EQ(Json::parse(post("/api/chat", elsewhere)->body)["error"], "model 'gpt-9' not found");
  EXPECT_EQ(client_->Get("/v1/nothing")->status, 404);
  const auto wrong_method = client_->Get("/v1/chat/completions");
  EXPECT_EQ(wrong_method->status, 405);
  EXPECT_TRUE(Json::parse(wrong_method->body).contains("error"));
}

TEST_F(ServerTest, APromptThatDoesNotFitSaysHowManyTokensItHas) {
  start();
  std::string text;
  for (int i = 0; i < 600; ++i) text += "word ";
  for (const bool stream : {false, true}) {
    Json body = ask(text);
    body["stream"] = stream;
    const auto answer = post("/v1/chat/completions", body);
    EXPECT_EQ(answer->status, 400);
    const Json error = Json::parse(answer->body)["error"];
    EXPECT_EQ(error["type"], "exceed_context_size_error");
    EXPECT_EQ(error["n_ctx"], 512);
    EXPECT_GT(error["n_prompt_tokens"], 512);
  }
}

TEST_F(ServerTest, ManyAtOnceEachGetTheirOwnAnswer) {
  start(3);
  const std::vector<std::string> questions = {"What is the sun?", "Name a fruit.", "Who are you?",
                                              "Count to five.",   "What is snow?", "Name a colour."};
  std::vector<std::string> alone, together(questions.size());
  for (const std::string& question : questions) {
    alone.push_back(
        Json::parse(post("/v1/chat/completions", ask(question, 4))->body)["choices"][0]["message"]["content"]);
  }
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    threads.emplace_back([&, i] {
      httplib::Client client("127.0.0.1", server_->port());
      client.set_read_timeout(120);
      const auto answer = client.Post("/v1/chat/completions", ask(questions[i], 4).dump(), "application/json");
      if (answer) together[i] = Json::parse(answer->body)["choices"][0]["message"]["content"];
    });
  }
  for (std::thread& thread : threads) thread.join();
  // Batch shapes change the last bits, which may turn a near tie; a wrong sequence would change everything.
  int same = 0;
  for (std::size_t i = 0; i < questions.size(); ++i) same += alone[i] == together[i] ? 1 : 0;
  EXPECT_GE(same, 5);
}

TEST_F(ServerTest, WhereNobodyMayWaitEverybodyIsToldWhenToComeAgain) {
  start(1, {}, 0);
  const auto answer = post("/v1/chat/completions", ask("hi", 2));
  EXPECT_EQ(answer->status, 503);
  EXPECT_TRUE(answer->has_header("Retry-After"));
}

TEST_F(ServerTest, AFullQueueIsSaidSoAndTheServerGoesOn) {
  start(1, {}, 1);
  std::atomic<int> busy = 0, fine = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      httplib::Client client("127.0.0.1", server_->port());
      client.set_read_timeout(120);
      const auto answer = client.Post("/v1/chat/completions", ask("Tell me a story.", 40).dump(), "application/json");
      if (answer && answer->status == 503 && answer->has_header("Retry-After")) ++busy;
      if (answer && answer->status == 200) ++fine;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(busy + fine, 6);
  EXPECT_GE(fine, 1);  // all six may have come before the first was taken from the queue
  EXPECT_EQ(post("/v1/chat/completions", ask("hi", 2))->status, 200);
}

TEST_F(ServerTest, AClientThatGoesFreesItsPlace) {
  start(1);
  Json body = ask("Tell me a long story.", 400);
  body["stream"] = true;
  body["temperature"] = 1;
  httplib::Client leaving("127.0.0.1", server_->port());
  leaving.set_read_timeout(120);
  httplib::Request request;
  request.method = "POST";
  request.path = "/v1/chat/completions";
  request.body = body.dump();
  request.set_header("Content-Type", "application/json");
  request.content_receiver = [](const char*, std::size_t, std::size_t, std::size_t) { return false; };
  EXPECT_FALSE(leaving.send(request));
  ASSERT_EQ(post("/v1/chat/completions", ask("hi", 2))->status, 200);
  // The only place was free again long before the story's 400 tokens were said.
  const std::string metrics = client_->Get("/metrics")->body, name = "\nbanchu:n_decode_total ";
  ASSERT_NE(metrics.find(name), std::string::npos);
  EXPECT_LT(std::stod(metrics.substr(metrics.find(name) + name.size())), 300);
}

TEST_F(ServerTest, KeepsOnlyWhatIsSaidToGrow) {
  start();
  EXPECT_EQ(post("/v1/chat/completions", ask("hi", 4))->status, 200);
  EXPECT_TRUE(kept_.empty());
  Json body = ask("I live in Busan.", 4);
  body["model"] = "banchu:grow";
  const Json answer = Json::parse(post("/v1/chat/completions", body)->body);
  EXPECT_EQ(answer["banchu"]["mode"], "grow");
  ASSERT_EQ(kept_.size(), 1u);
  EXPECT_EQ(kept_[0].user, "I live in Busan.");
  EXPECT_EQ(kept_[0].index, 0);
  body["messages"].push_back({{"role", "assistant"}, {"content", kept_[0].reply}});
  body["messages"].push_back({{"role", "user"}, {"content", "And you?"}});
  body["stream"] = true;
  EXPECT_EQ(post("/v1/chat/completions", body)->status, 200);
  ASSERT_EQ(kept_.size(), 2u);
  EXPECT_EQ(kept_[1].conversation, kept_[0].conversation);
  EXPECT_EQ(kept_[1].index, 1);
}

TEST_F(ServerTest, AReplyThatCannotBeKeptIsAnError) {
  start();
  can_keep_ = false;
  Json body = ask("I live in Busan.", 4);
  body["model"] = "banchu:grow";
  EXPECT_GE(post("/v1/chat/completions", body)->status, 500);
  body["stream"] = true;
  const auto stream = post("/v1/chat/completions", body);
  EXPECT_NE(stream->body.find("\"error\""), std::string::npos);
  EXPECT_EQ(stream->body.find("[DONE]"), std::string::npos);
}

TEST_F(ServerTest, AKeyThatMayTalkMayNotGrow) {
  start(1, {{"phone", Right::talk, sha256("bk-1")}});
  EXPECT_EQ(post("/v1/chat/completions", ask("hi", 2))->status, 401);
  client_->set_bearer_token_auth("bk-2");
  EXPECT_EQ(post("/v1/chat/completions", ask("hi", 2))->status, 401);
  client_->set_bearer_token_auth("bk-1");
  EXPECT_EQ(post("/v1/chat/completions", ask("hi", 2))->status, 200);
  Json body = ask("I live in Busan.", 2);
  body["model"] = "banchu:grow";
  EXPECT_EQ(post("/v1/chat/completions", body)->status, 403);
  EXPECT_TRUE(kept_.empty());
}

}  // namespace
}  // namespace banchu
