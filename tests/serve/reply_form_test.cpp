#include "serve/reply_form.h"

#include <gtest/gtest.h>

#include "model/grammar.h"

namespace banchu {
namespace {

Result<std::string> schema(const std::string& json) { return grammar_of_schema(Json::parse(json)); }
std::string refused(const std::string& json) {
  const auto grammar = schema(json);
  return grammar ? "taken" : grammar.error().message;
}

TEST(ReplyForm, WhatAGrammarCanPromiseIsAGrammar) {
  EXPECT_TRUE(check_grammar(any_json_object()));
  for (
      const char* good :
      {"{}", "true", R"({"type":"object"})", R"({"type":["string","null"]})", R"({"enum":["a",1,null,"한국"]})",
       R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["b"]})",
       R"({"type":"object","additionalProperties":{"type":"number"}})",
       R"({"type":"array","items":{"type":"string","maxLength":9},"minItems":1,"maxItems":3})",
       R"({"type":"array","maxItems":1})", R"({"type":"array","maxItems":0})", R"({"const":{"x":[1,"\"\\"]}})",
       R"({"anyOf":[{"type":"string"},{"type":"object","properties":{"k":{}}}]})",
       R"({"$defs":{"node":{"type":"object","properties":{"next":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]}}}},
            "$ref":"#/$defs/node"})"}) {
    const auto grammar = schema(good);
    EXPECT_TRUE(grammar) << good << (grammar ? "" : grammar.error().message);
  }
}

TEST(ReplyForm, WhatItCannotPromiseIsRefusedByName) {
  EXPECT_NE(refused(R"({"type":"string","pattern":"(a+)+$"})").find("pattern"), std::string::npos);
  EXPECT_NE(refused(R"({"type":"integer","minimum":3})").find("minimum"), std::string::npos);
  EXPECT_NE(refused(R"({"type":"hiccup"})").find("hiccup"), std::string::npos);
  for (const char* bad :
       {"123", "\"x\"", "[]", "false", R"({"type":123})", R"({"enum":[]})", R"({"enum":3})", R"({"anyOf":[]})",
        R"({"properties":{"a":7}})", R"({"type":"object","properties":{},"required":["a"]})",
        R"({"type":"object","required":"a"})", R"({"$ref":"#"})", R"({"$ref":"#/$defs/none"})",
        R"({"$ref":"http://elsewhere/schema"})", R"({"type":"array","minItems":-1})",
        R"({"type":"array","minItems":3,"maxItems":2})", R"({"type":"string","maxLength":1000000})",
        R"({"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"})"}) {
    EXPECT_NE(refused(bad), "taken") << bad;
  }
}

TEST(ReplyForm, ManyChoicesAndDeepChainsAreRefusedSoon) {
  Json many = {{"enum", Json::array()}};
  for (int i = 0; i < 10000; ++i) many["enum"].push_back(std::to_string(i));
  EXPECT_FALSE(grammar_of_schema(many));
  Json chain = {{"$ref", "#/$defs/n0"}, {"$defs", Json::object()}};
  for (int i = 0; i < 20000; ++i) {
    chain["$defs"]["n" + std::to_string(i)] = {{"$ref", "#/$defs/n" + std::to_string(i + 1)}};
  }
  EXPECT_FALSE(grammar_of_schema(chain));
  Json wide = {{"type", "string"}};
  for (int i = 0; i < 11; ++i) wide = {{"anyOf", Json::array({wide, wide})}};
  EXPECT_FALSE(grammar_of_schema(wide));
}

TEST(ReplyForm, ResponseFormats) {
  EXPECT_EQ(grammar_of_response_format(Json()).value(), "");
  EXPECT_EQ(grammar_of_response_format(Json::parse(R"({"type":"text"})")).value(), "");
  EXPECT_EQ(grammar_of_response_format(Json::parse(R"({"type":"json_object"})")).value(), any_json_object());
  EXPECT_EQ(grammar_of_response_format(
                Json::parse(R"({"type":"json_schema","json_schema":{"name":"a","schema":{"type":"null"}}})"))
                .value(),
            grammar_of_schema(Json::parse(R"({"type":"null"})")).value());
  for (const char* bad : {R"({"type":"sound"})", "{}", "3", "[]", R"({"type":"json_schema"})",
                          R"({"type":"json_schema","json_schema":{"schema":123}})",
                          R"({"type":"json_schema","json_schema":{"schema":{"type":123}}})"}) {
    EXPECT_FALSE(grammar_of_response_format(Json::parse(bad))) << bad;
  }
  EXPECT_EQ(grammar_of_ollama_format("json").value(), any_json_object());
  EXPECT_FALSE(grammar_of_ollama_format("xml"));
}

}  // namespace
}  // namespace banchu
