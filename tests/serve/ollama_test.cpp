// Ollama's API against a real model on a real port.
#include <sstream>

#include "tests/serve/server_fixture.h"

namespace banchu {
namespace {

TEST_F(ServerTest, OllamaStreamsLinesAndEndsWithItsFigures) {
  start();
  Json body = {{"model", "banchu"},
               {"messages", Json::array({{{"role", "user"}, {"content", "What is the sun?"}}})},
               {"options", {{"num_predict", 10}, {"temperature", 0}}}};
  const auto answer = post("/api/chat", body);
  ASSERT_EQ(answer->status, 200);
  EXPECT_EQ(answer->get_header_value("Content-Type"), "application/x-ndjson");
  std::istringstream lines(answer->body);
  std::string line, text;
  Json last;
  while (std::getline(lines, line)) {
    last = Json::parse(line);
    text += last["message"]["content"].get<std::string>();
  }
  EXPECT_TRUE(last["done"].get<bool>());
  EXPECT_EQ(last["done_reason"], "length");
  EXPECT_EQ(last["eval_count"], 10);
  for (const char* duration : {"total_duration", "load_duration", "prompt_eval_duration", "eval_duration"}) {
    EXPECT_GT(last[duration].get<std::int64_t>(), 0) << duration;
  }
  body["stream"] = false;
  EXPECT_EQ(Json::parse(post("/api/chat", body)->body)["message"]["content"], text);
}

TEST_F(ServerTest, OllamaGeneratesLoadsListsAndShows) {
  start();
  const Json body = {{"model", "banchu"}, {"prompt", "Hello"}, {"stream", false}, {"options", {{"num_predict", 4}}}};
  EXPECT_TRUE(Json::parse(post("/api/generate", body)->body)["response"].is_string());
  EXPECT_EQ(Json::parse(post("/api/generate", {{"model", "banchu"}})->body)["done_reason"], "load");
  const Json row = Json::parse(client_->Get("/api/tags")->body)["models"][0];
  EXPECT_EQ(row["name"], "banchu:latest");
  EXPECT_EQ(row["digest"], model_->digest());
  EXPECT_EQ(row["details"]["quantization_level"], "Q4_1");
  EXPECT_EQ(Json::parse(client_->Get("/api/ps")->body)["models"].size(), 1u);
  EXPECT_EQ(Json::parse(post("/api/show", {{"model", "banchu"}})->body)["model_info"]["general.architecture"], "llama");
  EXPECT_EQ(post("/api/show", {{"model", "other"}})->status, 404);
  EXPECT_EQ(client_->Get("/")->body, "Ollama is running");
  EXPECT_EQ(client_->Head("/")->status, 200);
  EXPECT_EQ(client_->Head("/api/tags")->status, 200);
}

}  // namespace
}  // namespace banchu
