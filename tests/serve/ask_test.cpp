#include "serve/ask.h"

#include <gtest/gtest.h>

#include "serve/bias_field.h"
#include "serve/fields.h"

namespace banchu {
namespace {

Result<Ask> chat(const std::string& body) {
  BANCHU_TRY(const Json json, object_of(body));
  return openai_chat_ask(json, {}, 8);
}

std::string refused(const std::string& body) {
  const Result<Ask> ask = chat(body);
  return ask ? "taken" : ask.error().message;
}

std::string with(const std::string& field) { return R"({"messages":[{"role":"user","content":"hi"}],)" + field + "}"; }

TEST(Ask, ABodyThatIsNoObjectIsRefused) {
  for (const char* body : {"", "  ", "{", "not json", "\"text\"", "[]", "7", "null"}) EXPECT_FALSE(chat(body)) << body;
  EXPECT_FALSE(chat(std::string(100000, '[')));
}

TEST(Ask, MessagesMustBeMessages) {
  EXPECT_EQ(refused("{}"), "'messages' is required");
  EXPECT_EQ(refused(R"({"messages":null})"), "'messages' is required");
  for (const char* messages :
       {"\"x\"", "[]", "[123]", "[{}]", R"([{"role":123,"content":"x"}])", R"([{"role":"user","content":123}])",
        R"([{"role":"user"}])", R"([{"role":"robot","content":"x"}])",
        R"([{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}])",
        R"([{"role":"user","content":"x"},{"role":"assistant","content":"a"},{"role":"assistant","content":"b"}])"}) {
    EXPECT_NE(refused(std::string("{\"messages\":") + messages + "}"), "taken") << messages;
  }
}

TEST(Ask, TextPartsAreOneText) {
  const auto ask =
      chat(R"({"messages":[{"role":"user","content":[{"type":"text","text":"안녕 "},{"type":"text","text":"hi"}]}]})");
  ASSERT_TRUE(ask);
  EXPECT_EQ(ask->messages[0].content, "안녕 hi");
}

TEST(Ask, NumbersOutOfRangeNameTheirField) {
  for (const char* field :
       {"\"temperature\":-1", "\"temperature\":1e309", "\"top_p\":1.5", "\"min_p\":-1", "\"n\":0", "\"n\":9",
        "\"max_tokens\":-2", "\"max_tokens\":\"10\"", "\"seed\":9223372036854775808", "\"top_k\":1.5",
        "\"seed\":-9223372036854775809", "\"frequency_penalty\":3", "\"stream\":\"yes\"", "\"stop\":[1]"}) {
    const std::string message = refused(with(field));
    EXPECT_NE(message, "taken") << field;
  }
}

TEST(Ask, NullIsAbsentAndUnknownFieldsAreLeftAlone) {
  EXPECT_EQ(refused(with(R"("temperature":null,"stop":null,"n":null,"user":"me","future_field":{"a":1})")), "taken");
}

TEST(Ask, StopIsAStringOrAListAndEmptyOnesAreIgnored) {
  EXPECT_EQ(chat(with(R"("stop":"끝")"))->sampling.stop, chat(with(R"("stop":["","끝"])"))->sampling.stop);
}

TEST(Ask, BiasTakesWordsAndNamesEveryBadKey) {
  const auto ask = chat(with(R"("logit_bias":{"sorry":-100,"together":5})"));
  ASSERT_TRUE(ask);
  ASSERT_EQ(ask->sampling.word_bias.size(), 2u);
  EXPECT_EQ(chat(with(R"("logit_bias":[["죄송합니다",false]])"))->sampling.word_bias[0].bias, -100);
  const std::string message = refused(with(R"("logit_bias":{"":1,"good":1,"bad":"x"})"));
  EXPECT_NE(message.find("\"\""), std::string::npos);
  EXPECT_NE(message.find("\"bad\""), std::string::npos);
  EXPECT_EQ(message.find("good"), std::string::npos);
  for (const char* bad : {R"("logit_bias":3)", R"("logit_bias":[3])", R"("logit_bias":[[-1,2]])",
                          R"("logit_bias":[[1.5,2]])", R"("logit_bias":{"a":true})"}) {
    EXPECT_NE(refused(with(bad)), "taken") << bad;
  }
}

TEST(Ask, BiasTakesTokenIdsAndTheVocabularyJudgesThem) {
  const auto ask = chat(with(R"("logit_bias":{"12":-100,"word":1})"));
  ASSERT_TRUE(ask);
  ASSERT_EQ(ask->sampling.token_bias.size(), 1u);
  EXPECT_EQ(ask->sampling.token_bias[0].token, 12);
  EXPECT_TRUE(check_token_biases(ask->sampling, 13));
  const Status outside = check_token_biases(ask->sampling, 12);
  ASSERT_FALSE(outside);
  EXPECT_NE(outside.error().message.find("12"), std::string::npos);
  EXPECT_EQ(chat(with(R"("logit_bias":[[7,false],["7",3]])"))->sampling.token_bias[0].bias, -100);
}

TEST(Ask, LogprobsNeedTheirSwitch) {
  EXPECT_EQ(chat(with(R"("logprobs":true)"))->logprobs, 0);
  EXPECT_EQ(chat(with(R"("logprobs":true,"top_logprobs":20)"))->logprobs, 20);
  EXPECT_EQ(chat(with(R"("logprobs":false)"))->logprobs, -1);
  EXPECT_NE(refused(with(R"("top_logprobs":2)")), "taken");
  EXPECT_NE(refused(with(R"("logprobs":true,"top_logprobs":21)")), "taken");
}

TEST(Ask, ToolsAreRefusedUnlessNoneMayBeCalled) {
  const std::string tools = R"("tools":[{"type":"function","function":{"name":"f"}}])";
  EXPECT_NE(refused(with(tools)), "taken");
  EXPECT_EQ(refused(with(tools + R"(,"tool_choice":"none")")), "taken");
  EXPECT_EQ(refused(with(R"("tools":[])")), "taken");
}

TEST(Ask, ACompletionTakesTextsOrTheirTokens) {
  const auto ask = [](const char* prompt) {
    return openai_completion_ask(Json::parse(std::string("{\"prompt\":") + prompt + "}"), {}, 8);
  };
  EXPECT_EQ(ask("\"Once\"")->raw[0].text, "Once");
  EXPECT_EQ(ask("[\"Once\"]")->raw[0].text, "Once");
  EXPECT_EQ(ask("[1,2]")->raw[0].tokens, (std::vector<Token>{1, 2}));
  EXPECT_EQ(ask("[[1,2]]")->raw[0].tokens, (std::vector<Token>{1, 2}));
  EXPECT_EQ(ask("[\"a\",[3],\"b\"]")->raw[2].text, "b");
  for (const char* bad : {"null", "[]", "[[]]", "7", "[-1]", "[1.5]", "{}", "[\"a\",7]"}) EXPECT_FALSE(ask(bad)) << bad;
  std::string many = "[\"x\"";
  for (int i = 0; i < 40; ++i) many += ",\"x\"";
  EXPECT_FALSE(ask((many + "]").c_str()));
}

TEST(Ask, AGrammarOfTheClientIsCheckedFirst) {
  const auto with_grammar = [](const std::string& gbnf, const std::string& more = "") {
    return refused(with("\"grammar\":" + Json(gbnf).dump() + more));
  };
  EXPECT_EQ(with_grammar("root ::= \"yes\" | \"no\""), "taken");
  EXPECT_EQ(with_grammar(""), "taken");
  EXPECT_NE(with_grammar("answer ::= \"yes\""), "taken") << "no root";
  EXPECT_NE(with_grammar("root ::= root \"a\""), "taken") << "it begins with itself";
  EXPECT_NE(with_grammar("root ::= " + std::string(50000, '(') + "\"a\"" + std::string(50000, ')')), "taken");
  EXPECT_NE(with_grammar("root ::= \"" + std::string(70000, 'a') + "\""), "taken");
  EXPECT_NE(with_grammar("root ::= [a-z]", R"(,"response_format":{"type":"json_object"})"), "taken");
  EXPECT_NE(refused(with(R"("grammar":7)")), "taken");
}

TEST(Ask, HowLongAModelIsKeptIsReadThoughItStays) {
  const auto kept = [](const char* value) {
    const std::string body = R"({"messages":[{"role":"user","content":"hi"}],"keep_alive":)" + std::string(value) + "}";
    return ollama_chat_ask(Json::parse(body), {}).has_value();
  };
  for (const char* good : {"0", "-1", "300", "\"5m\"", "\"1h30m\"", "\"-1s\"", "\"1.5h\"", "null"})
    EXPECT_TRUE(kept(good)) << good;
  for (const char* bad : {"true", "\"\"", "\"soon\"", "\"5 minutes\"", "[]"}) EXPECT_FALSE(kept(bad)) << bad;
}

TEST(Ask, OllamaKeepsTheSamplerInOptionsAndStreamsByDefault) {
  const Json body = Json::parse(
      R"({"model":"banchu","messages":[{"role":"user","content":"hi"}],"options":{"num_predict":10,"temperature":0}})");
  const Ask ask = ollama_chat_ask(body, {}).value();
  EXPECT_TRUE(ask.stream);
  EXPECT_EQ(ask.sampling.max_tokens, 10);
  EXPECT_EQ(ask.sampling.temperature, 0);
  EXPECT_FALSE(ollama_chat_ask(Json::parse(R"({"options":{"temperature":"warm"}})"), {}));
  EXPECT_FALSE(ollama_generate_ask(Json::parse(R"({"prompt":"x","raw":true,"system":"y"})"), {}));
}

}  // namespace
}  // namespace banchu
