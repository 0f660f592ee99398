// Anthropic's API against a real model on a real port.
#include "tests/serve/server_fixture.h"

namespace banchu {
namespace {

struct Event {
  std::string name;
  Json data;
};

std::vector<Event> events(const std::string& body) {
  std::vector<Event> found;
  for (std::size_t at = body.find("event: "); at != std::string::npos; at = body.find("event: ", at + 1)) {
    const std::size_t line = body.find('\n', at), end = body.find('\n', line + 1);
    found.push_back({body.substr(at + 7, line - at - 7), Json::parse(body.substr(line + 7, end - line - 7))});
  }
  return found;
}

TEST_F(ServerTest, AnthropicAnswersWholeAndAsEvents) {
  start();
  Json body = ask("What is the sun?");
  body["system"] = Json::array({{{"type", "text"}, {"text", "You are kind."}}});
  const Json whole = Json::parse(post("/v1/messages", body)->body);
  EXPECT_EQ(whole["type"], "message");
  EXPECT_EQ(whole["stop_reason"], "max_tokens");
  EXPECT_EQ(whole["usage"]["output_tokens"], 12);
  body["stream"] = true;
  const std::vector<Event> stream = events(post("/v1/messages", body)->body);
  std::string text, names;
  for (const Event& one : stream) {
    EXPECT_EQ(one.data["type"], one.name);
    if (one.name == "content_block_delta") {
      text += one.data["delta"]["text"].get<std::string>();
    } else {
      names += one.name + " ";
    }
  }
  EXPECT_EQ(names, "message_start content_block_start ping content_block_stop message_delta message_stop ");
  EXPECT_EQ(text, whole["content"][0]["text"]);
  EXPECT_EQ(stream[stream.size() - 2].data["delta"]["stop_reason"], "max_tokens");
}

TEST_F(ServerTest, AnthropicNamesTheStopSequence) {
  start();
  const std::string text = Json::parse(post("/v1/messages", ask("What is the sun?"))->body)["content"][0]["text"];
  const std::size_t space = text.find(' ', 4);
  ASSERT_NE(space, std::string::npos);
  Json body = ask("What is the sun?");
  const std::string stop = text.substr(space, 4);
  body["stop_sequences"] = {"never said", stop};
  const Json cut = Json::parse(post("/v1/messages", body)->body);
  EXPECT_EQ(cut["stop_reason"], "stop_sequence");
  EXPECT_EQ(cut["stop_sequence"], stop);
  EXPECT_EQ(cut["content"][0]["text"], text.substr(0, text.find(stop)));
}

TEST_F(ServerTest, AnthropicCountsAndRefusesInItsOwnWords) {
  start();
  const auto count = post("/v1/messages/count_tokens", ask("What is the sun?"));
  EXPECT_EQ(Json::parse(count->body)["input_tokens"],
            Json::parse(post("/v1/messages", ask("What is the sun?", 1))->body)["usage"]["input_tokens"]);
  Json body = ask("hi");
  body.erase("max_tokens");
  const auto bad = post("/v1/messages", body);
  EXPECT_EQ(bad->status, 400);
  const Json error = Json::parse(bad->body);
  EXPECT_EQ(error["type"], "error");
  EXPECT_EQ(error["error"]["type"], "invalid_request_error");
  body = ask("hi");
  body["model"] = "claude";
  EXPECT_EQ(Json::parse(post("/v1/messages", body)->body)["error"]["type"], "not_found_error");
  body = ask("hi");
  body["messages"][0]["content"] = Json::array({{{"type", "image"}, {"source", {}}}});
  EXPECT_EQ(post("/v1/messages", body)->status, 400);
}

TEST_F(ServerTest, ResponsesAnswerWholeAndAsNumberedEvents) {
  start();
  Json body = {
      {"input", "What is the sun?"}, {"instructions", "You are kind."}, {"max_output_tokens", 12}, {"temperature", 0}};
  const Json whole = Json::parse(post("/v1/responses", body)->body);
  EXPECT_EQ(whole["object"], "response");
  EXPECT_EQ(whole["status"], "incomplete");
  EXPECT_EQ(whole["usage"]["output_tokens"], 12);
  body["stream"] = true;
  const std::vector<Event> stream = events(post("/v1/responses", body)->body);
  std::string text;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    EXPECT_EQ(stream[i].data["sequence_number"], i);
    EXPECT_EQ(stream[i].data["type"], stream[i].name);
    if (stream[i].name == "response.output_text.delta") text += stream[i].data["delta"].get<std::string>();
  }
  EXPECT_EQ(stream.front().name, "response.created");
  EXPECT_EQ(stream.back().name, "response.incomplete");
  EXPECT_EQ(text, whole["output"][0]["content"][0]["text"]);
  EXPECT_EQ(stream.back().data["response"]["output"][0]["content"][0]["text"], text);
}

TEST_F(ServerTest, ResponsesReadAConversationAndKeepNoState) {
  start();
  const Json body = Json::parse(R"({"max_output_tokens":4,"input":[
      {"role":"user","content":[{"type":"input_text","text":"Hi"}]},
      {"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello!"}]},
      {"role":"user","content":"How are you?"}]})");
  EXPECT_EQ(post("/v1/responses", body)->status, 200);
  for (const char* bad : {R"({"input":"hi","previous_response_id":"resp_1"})", R"({"input":7})", "{}",
                          R"({"input":"hi","max_output_tokens":0})"}) {
    EXPECT_EQ(client_->Post("/v1/responses", bad, "application/json")->status, 400) << bad;
  }
}

}  // namespace
}  // namespace banchu
