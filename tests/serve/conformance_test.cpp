// Rules that clients rely on: stop sequences, characters, limits, forms, biases, log-probabilities.
#include <cmath>

#include "base/text.h"
#include "tests/serve/server_fixture.h"
#include "tests/serve/stream_fixture.h"

namespace banchu {
namespace {

class Conformance : public ServerTest {
 protected:
  Json said(const Json& body, const std::string& path = "/v1/chat/completions") {
    const auto answer = post(path, body);
    EXPECT_EQ(answer->status, 200) << answer->body;
    return Json::parse(answer->body);
  }
  std::string text(const Json& body) { return said(body)["choices"][0]["message"]["content"]; }
  std::string streamed(Json body) {
    body["stream"] = true;
    return text_of(events_of(post("/v1/chat/completions", body)->body));
  }
  static Json goes_on(const std::string& prompt, int max_tokens) {
    return {{"prompt", prompt}, {"max_tokens", max_tokens}, {"temperature", 0}, {"seed", 1}};
  }
};

TEST_F(Conformance, TheEarliestStopSequenceCutsTheTextAlsoInAStream) {
  start();
  const std::string whole = text(ask("What is the sun?", 24));
  ASSERT_GT(whole.size(), 30u);
  const std::string near = whole.substr(12, 5), far = whole.substr(20, 6);
  const std::string cut = whole.substr(0, std::min(whole.find(near), whole.find(far)));
  for (const Json& stop : {Json(near), Json::array({near}), Json::array({far, "", near}),
                           Json::array({near + "which never comes", far, near, whole.substr(13, 2) + "never"})}) {
    Json body = ask("What is the sun?", 24);
    body["stop"] = stop;
    const Json answer = said(body);
    EXPECT_EQ(answer["choices"][0]["message"]["content"], cut) << stop;
    EXPECT_EQ(answer["choices"][0]["finish_reason"], "stop");
    EXPECT_EQ(streamed(body), cut) << stop;
  }
  Json body = ask("What is the sun?", 24);
  body["stop"] = whole.substr(12, 5) + "but then something else";
  EXPECT_EQ(text(body), whole) << "a beginning that came to nothing is said after all";
  EXPECT_EQ(streamed(body), whole);
}

TEST_F(Conformance, NoTextEndsInsideACharacter) {
  start();
  for (int tokens = 1; tokens <= 8; ++tokens) {
    Json body = goes_on("안녕하세요. 반갑습니다. 안녕하세요. 반갑습니다. 안녕하세요. 반", tokens);
    const std::string whole = said(body, "/v1/completions")["choices"][0]["text"];
    EXPECT_TRUE(is_valid_utf8(whole));
    EXPECT_EQ(whole.find("\xEF\xBF\xBD"), std::string::npos) << whole;
    body["stream"] = true;
    const std::string body_text = post("/v1/completions", body)->body;
    EXPECT_TRUE(is_valid_utf8(body_text));
    EXPECT_EQ(text_of(events_of(body_text)), whole);
  }
}

TEST_F(Conformance, NoTokensAreAPromptThatIsOnlyRead) {
  start();
  Json body = ask("What is the sun?", 0);
  const Json answer = said(body);
  EXPECT_EQ(answer["choices"][0]["message"]["content"], "");
  EXPECT_EQ(answer["choices"][0]["finish_reason"], "length");
  EXPECT_EQ(answer["usage"]["completion_tokens"], 0);
  EXPECT_GT(answer["usage"]["prompt_tokens"], 10);
}

TEST_F(Conformance, UsageComesOnlyWhenItIsAskedFor) {
  start();
  Json body = ask("hi", 3);
  body["stream"] = true;
  for (const Json& chunk : events_of(post("/v1/chat/completions", body)->body)) EXPECT_FALSE(chunk.contains("usage"));
  body["stream_options"] = {{"include_usage", true}};
  const std::vector<Json> chunks = events_of(post("/v1/chat/completions", body)->body);
  for (std::size_t i = 0; i + 1 < chunks.size(); ++i) EXPECT_TRUE(chunks[i]["usage"].is_null());
  EXPECT_TRUE(chunks.back()["usage"].is_object());
}

TEST_F(Conformance, TheFormIsKept) {
  start();
  Json body = ask("Give me a person as JSON.", 90);
  body["response_format"] = Json::parse(R"({"type":"json_schema","json_schema":{"name":"p","schema":{
      "type":"object","properties":{"name":{"type":"string","maxLength":12},"age":{"type":"integer"},
      "mood":{"enum":["기쁨","sad"]}},"required":["name","age","mood"]}}})");
  const Json person = Json::parse(text(body));
  EXPECT_TRUE(person["name"].is_string());
  EXPECT_TRUE(person["age"].is_number_integer());
  EXPECT_TRUE(person["mood"] == "기쁨" || person["mood"] == "sad");
  EXPECT_EQ(Json::parse(streamed(body)), person);
  Json ollama = {
      {"messages", body["messages"]}, {"stream", false}, {"format", body["response_format"]["json_schema"]["schema"]}};
  ollama["options"] = {{"temperature", 0}, {"seed", 7}, {"num_predict", 90}};
  EXPECT_EQ(Json::parse(said(ollama, "/api/chat")["message"]["content"].get<std::string>()), person);
  body["response_format"] = {{"type", "sound"}};
  EXPECT_EQ(post("/v1/chat/completions", body)->status, 400);
}

TEST_F(Conformance, AGrammarOfTheClientIsKept) {
  start();
  Json body = ask("Is the sun hot?", 8);
  body["grammar"] = "root ::= \"aye\" | \"nay, \" [0-9]+ \"!\"";
  const std::string said_so = text(body);
  EXPECT_TRUE(said_so == "aye" || said_so.starts_with("nay, ")) << said_so;
  EXPECT_EQ(streamed(body), said_so);
}

TEST_F(Conformance, SeveralPromptsAreAnsweredInTheirOrder) {
  start();
  const std::vector<std::string> prompts = {"The sun is", "Once upon a time", "One, two, three,"};
  Json body = goes_on("", 6);
  body["prompt"] = prompts;
  body["n"] = 2;
  body["echo"] = true;
  const Json whole = said(body, "/v1/completions");
  ASSERT_EQ(whole["choices"].size(), 6u);
  int tokens = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    Json alone = goes_on(prompts[i / 2], 6);
    alone["echo"] = true;
    const Json one = said(alone, "/v1/completions");
    EXPECT_EQ(whole["choices"][i]["index"], i);
    EXPECT_TRUE(string_at(whole["choices"][i], "text").starts_with(prompts[i / 2]));
    if (i % 2 == 0) tokens += one["usage"]["prompt_tokens"].get<int>();
  }
  EXPECT_EQ(whole["usage"]["prompt_tokens"], tokens);
  body["stream"] = true;
  const std::vector<Json> chunks = events_of(post("/v1/completions", body)->body);
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(text_of(chunks, i).starts_with(prompts[static_cast<std::size_t>(i) / 2]));
  body["prompt"] = {"fits", std::string(40000, 'x')};
  EXPECT_EQ(post("/v1/completions", body)->status, 400) << "one that does not fit refuses all";
}

TEST_F(Conformance, AWordOfSeveralTokensIsBannedAndOnlyIt) {
  start();
  Json body = ask("Say the word 'mathematics' and the word 'mathematician'.", 24);
  body["logit_bias"] = {{"mathematics", false}};
  EXPECT_EQ(fold(text(body)).find("mathematics"), std::string::npos);
  body["logit_bias"] = {{"99999999", 1}};
  const auto outside = post("/v1/chat/completions", body);
  EXPECT_EQ(outside->status, 400);
  EXPECT_NE(outside->body.find("49152"), std::string::npos) << outside->body;
}

TEST_F(Conformance, ATokenCanBeForced) {
  start();
  const Json token = Json::parse(post("/tokenize", {{"content", " house"}})->body)["tokens"][0];
  Json body = ask("What is the sun?", 1);
  body["logit_bias"] = Json::array({Json::array({token, 100})});
  EXPECT_EQ(text(body), " house");
}

TEST_F(Conformance, LogprobsJoinToTheText) {
  start();
  Json body = ask("Greet me in Korean and with a smiley.", 10);
  body["logprobs"] = true;
  body["top_logprobs"] = 2;
  const Json choice = said(body)["choices"][0];
  std::string joined;
  for (const Json& row : choice["logprobs"]["content"]) {
    for (const Json& byte : row["bytes"]) joined += static_cast<char>(byte.get<int>());
    EXPECT_LE(row["logprob"].get<double>(), 0);
    ASSERT_EQ(row["top_logprobs"].size(), 2u);
    EXPECT_GE(row["top_logprobs"][0]["logprob"].get<double>(), row["top_logprobs"][1]["logprob"].get<double>());
  }
  EXPECT_TRUE(joined.starts_with(choice["message"]["content"].get<std::string>())) << joined;
  body["stream"] = true;
  std::size_t rows = 0;
  for (const Json& chunk : events_of(post("/v1/chat/completions", body)->body)) {
    const Json& logprobs = chunk["choices"][0]["logprobs"];
    if (logprobs.is_object()) rows += logprobs["content"].size();
  }
  EXPECT_EQ(rows, choice["logprobs"]["content"].size());
  Json older = goes_on("Once upon a time", 4);
  older["logprobs"] = 1;
  EXPECT_EQ(said(older, "/v1/completions")["choices"][0]["logprobs"]["tokens"].size(), 4u);
  EXPECT_FALSE(said(ask("hi", 2))["choices"][0]["logprobs"].is_object());
}

TEST_F(Conformance, APromptOneTokenBelowTheLimitIsTaken) {
  start();
  std::vector<Token> tokens(512, model_->tokenizer().encode(" word").front());
  const auto status = [&] { return post("/v1/completions", {{"prompt", tokens}, {"max_tokens", 1}})->status; };
  EXPECT_EQ(status(), 400);
  tokens.pop_back();
  EXPECT_EQ(status(), 200);
  EXPECT_EQ(post("/v1/completions", {{"prompt", {1, 99999999}}})->status, 400);
  const auto huge = post("/v1/chat/completions", ask(std::string(10 << 20, 'x')));
  EXPECT_EQ(huge->status, 400) << "ten megabytes in one message";
  EXPECT_LT(huge->body.size(), 1000u);
}

TEST_F(Conformance, FiguresHaveLlamaServersShape) {
  start(3);
  said(ask("hi", 3));
  const Json slots = Json::parse(client_->Get("/slots")->body);
  ASSERT_EQ(slots.size(), 3u);
  EXPECT_EQ(slots[2]["id"], 2);
  EXPECT_EQ(slots[0]["n_ctx"], 512);
  EXPECT_FALSE(slots[0].contains("prompt"));
  const Json props = Json::parse(client_->Get("/props")->body);
  EXPECT_EQ(props["total_slots"], 3);
  EXPECT_EQ(client_->Get("/props")->body.find(model_->path().parent_path().string()), std::string::npos);
  const std::string metrics = client_->Get("/metrics")->body;
  EXPECT_NE(metrics.find("# TYPE banchu:tokens_predicted_total counter\nbanchu:tokens_predicted_total 3\n"),
            std::string::npos)
      << metrics;
}

TEST_F(Conformance, TokensGoThereAndBack) {
  start();
  for (const std::string text : {"Hello, world!", "안녕, 세상아 👩‍👩‍👧", "<|im_start|>system", ""}) {
    const Json tokens = Json::parse(post("/tokenize", {{"content", text}})->body)["tokens"];
    EXPECT_EQ(Json::parse(post("/detokenize", {{"tokens", tokens}})->body)["content"], text);
  }
  EXPECT_EQ(post("/detokenize", {{"tokens", {-1}}})->status, 400);
  EXPECT_EQ(post("/detokenize", {{"tokens", "x"}})->status, 400);
}

TEST_F(Conformance, OllamasOwnRefusals) {
  start();
  const auto refused = [&](const std::string& path, const std::string& body) {
    const auto answer = client_->Post(path, body, "application/json");
    EXPECT_EQ(answer->status, 400) << body;
    return Json::parse(answer->body)["error"].get<std::string>();
  };
  EXPECT_EQ(refused("/api/chat", ""), "missing request body");
  refused("/api/chat", R"({"messages":[{"role":"user","content":"x"}],"options":{"temperature":"warm"}})");
  refused("/api/chat", R"({"messages":[{"role":"user","content":"x"}],"format":"xml"})");
  refused("/api/generate", R"({"prompt":"x","raw":true,"system":"y"})");
  std::string many;
  for (int i = 0; i < 600; ++i) many += "word ";
  EXPECT_NE(refused("/api/generate", Json({{"prompt", many}}).dump()).find("context"), std::string::npos);
}

}  // namespace
}  // namespace banchu
