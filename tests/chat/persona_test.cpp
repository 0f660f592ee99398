#include "chat/persona.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "chat/sampling_table.h"

namespace banchu {
namespace {

constexpr const char* kDori = R"(
name: dori
system: You are Dori.
few_shot:
  - {user: "Good evening!", reply: "Mm, a warm thought."}
sampling: {temperature: 0.7, top_p: 0.8, top_k: 40, min_p: 0.1, frequency_penalty: 0.1, presence_penalty: 0.2,
           repetition_penalty: 1.1, max_tokens: 64, seed: 7}
logit_bias: {"사유": 5, sorry: -100}
stop: ["지훈:", "<|eot_id|>"]
)";

Error error_of(const std::string& yaml) {
  const Result<Persona> persona = persona_from_yaml(yaml, "dori.yaml");
  return persona ? Error{Code::Internal, "it was accepted", ""} : persona.error();
}

TEST(Persona, ReadsEveryKey) {
  const Result<Persona> dori = persona_from_yaml(kDori, "dori.yaml");
  ASSERT_TRUE(dori) << dori.error().message;
  EXPECT_EQ(dori->name, "dori");
  EXPECT_EQ(dori->system, "You are Dori.");
  EXPECT_EQ(dori->few_shot,
            (std::vector<Message>{{Role::user, "Good evening!"}, {Role::assistant, "Mm, a warm thought."}}));
  EXPECT_FLOAT_EQ(dori->sampling.temperature, 0.7f);
  EXPECT_EQ(dori->sampling.top_k, 40);
  EXPECT_FLOAT_EQ(dori->sampling.repetition_penalty, 1.1f);
  EXPECT_EQ(dori->sampling.max_tokens, 64);
  EXPECT_EQ(dori->seed, 7u);
  ASSERT_EQ(dori->sampling.word_bias.size(), 2u);
  EXPECT_EQ(dori->sampling.word_bias[1].word, "sorry");
  EXPECT_FLOAT_EQ(dori->sampling.word_bias[1].bias, -100);
  EXPECT_EQ(dori->sampling.stop, (std::vector<std::string>{"지훈:", "<|eot_id|>"}));
}

TEST(Persona, KeepsTheDefaultsOfWhatItDoesNotName) {
  const Result<Persona> bare = persona_from_yaml("name: dori", "dori.yaml");
  ASSERT_TRUE(bare);
  EXPECT_FLOAT_EQ(bare->sampling.temperature, SamplingOptions().temperature);
  EXPECT_FALSE(bare->seed.has_value());
}

TEST(Persona, NamesTheNearestKeyForAnUnknownOne) {
  const Error top = error_of("sistem: You are Dori.");
  EXPECT_EQ(top.code, Code::InvalidArgument);
  EXPECT_NE(top.message.find("sistem"), std::string::npos);
  EXPECT_NE(top.hint.find("system"), std::string::npos);
  const Error knob = error_of("sampling: {temprature: 0.7}");
  EXPECT_NE(knob.message.find("temprature"), std::string::npos);
  EXPECT_NE(knob.hint.find("temperature"), std::string::npos);
}

TEST(Persona, SaysTheRangeOfAValueOutsideIt) {
  for (const auto& [yaml, range] :
       std::vector<std::pair<std::string, std::string>>{{"sampling: {temperature: 3.5}", "between 0 and 2"},
                                                        {"sampling: {temperature: .nan}", "between 0 and 2"},
                                                        {"sampling: {top_p: 1.1}", "between 0.01 and 1"},
                                                        {"sampling: {max_tokens: 0}", "between 1 and 32768"},
                                                        {"sampling: {top_k: 2.5}", "whole number"},
                                                        {"sampling: {presence_penalty: warm}", "between -2 and 2"},
                                                        {"logit_bias: {sorry: -101}", "between -100 and 100"}}) {
    const Error error = error_of(yaml);
    EXPECT_EQ(error.code, Code::InvalidArgument) << yaml;
    EXPECT_NE(error.hint.find(range), std::string::npos) << yaml << ": " << error.message << " / " << error.hint;
  }
}

TEST(Persona, RefusesWhatHasTheWrongShape) {
  for (const char* yaml : {"- a list", "name: 7", "few_shot: hello", "few_shot: [hello]", "few_shot: [{user: hello}]",
                           "few_shot: [{user: a, answer: b}]", "sampling: 7", "stop: [1]", "stop: ['']",
                           "logit_bias: [a]", "sampling: {seed: -1}", "name: \xff", "name: [", "name: a\nname: b"}) {
    EXPECT_EQ(error_of(yaml).code, Code::InvalidArgument) << yaml;
  }
}

TEST(Persona, ReadsBackWhatItWrites) {
  const Result<Persona> dori = persona_from_yaml(kDori, "dori.yaml");
  ASSERT_TRUE(dori);
  const std::string written = persona_to_yaml(*dori);
  const Result<Persona> again = persona_from_yaml(written, "again.yaml");
  ASSERT_TRUE(again) << again.error().message << "\n" << written;
  EXPECT_EQ(persona_to_yaml(*again), written);
  EXPECT_EQ(again->few_shot, dori->few_shot);
  EXPECT_FLOAT_EQ(again->sampling.min_p, dori->sampling.min_p);
}

TEST(Persona, SetsOneValueByItsName) {
  Persona persona;
  EXPECT_TRUE(set_persona_value(persona, "temperature", "0.3"));
  EXPECT_FLOAT_EQ(persona.sampling.temperature, 0.3f);
  EXPECT_TRUE(set_persona_value(persona, "logit_bias.sorry", "-100"));
  EXPECT_EQ(persona.sampling.word_bias.size(), 1u);
  EXPECT_TRUE(set_persona_value(persona, "logit_bias.sorry", "0"));
  EXPECT_TRUE(persona.sampling.word_bias.empty());
  const Status unknown = set_persona_value(persona, "temperatur", "0.3");
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().hint.find("temperature"), std::string::npos);
}

TEST(Persona, AnswersNotFoundForAMissingFile) {
  const Result<Persona> missing = load_persona("/nowhere/dori.yaml");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::NotFound);
}

TEST(SamplingTable, EveryDefaultLiesInItsRange) {
  const SamplingOptions defaults;
  for (const Knob& knob : knobs()) {
    EXPECT_GE(knob.get(defaults), knob.low) << knob.name;
    EXPECT_LE(knob.get(defaults), knob.high) << knob.name;
  }
}

TEST(Persona, SixtyFourExamplesAreTheMost) {
  const auto mask = [](int examples) {
    std::string yaml = "few_shot:\n";
    for (int i = 0; i < examples; ++i) yaml += "  - {user: a, reply: b}\n";
    return persona_from_yaml(yaml, "dori.yaml");
  };
  EXPECT_EQ(mask(64)->few_shot.size(), 128u);
  ASSERT_FALSE(mask(65));
  EXPECT_NE(mask(65).error().message.find("65"), std::string::npos);
}

}  // namespace
}  // namespace banchu
