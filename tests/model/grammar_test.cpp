// Replies that keep to a form, tokens that are pushed, and what the model thought of its words.
#include "model/grammar.h"

#include "tests/model/model_fixture.h"

namespace banchu {
namespace {

class GrammarTest : public RealModelTest {
 protected:
  Completion reply(const CompletionRequest& request) const {
    return open(512)->complete(request, nullptr, nullptr).value();
  }
  CompletionRequest ask(const std::string& text) const {
    CompletionRequest request;
    request.prompt = prompt(text);
    request.sampling.temperature = 0;
    request.sampling.max_tokens = 16;
    return request;
  }
};

TEST(Grammar, ARuleThatIsMissingOrBeginsWithItselfIsRefused) {
  EXPECT_TRUE(check_grammar("root ::= \"yes\" | \"no\""));
  for (const char* bad : {"", "root", "answer ::= \"yes\"", "root ::= other", "root ::= root \"x\" | \"y\""}) {
    EXPECT_EQ(check_grammar(bad).error().code, Code::InvalidArgument) << bad;
  }
}

TEST_F(GrammarTest, TheReplyIsASentenceOfTheGrammar) {
  CompletionRequest request = ask("Tell me a long story.");
  request.sampling.grammar = "root ::= \"perhaps \" (\"today\" | \"tomorrow\") \".\"";
  const Completion said = reply(request);
  EXPECT_TRUE(said.text == "perhaps today." || said.text == "perhaps tomorrow.") << said.text;
  EXPECT_EQ(said.stop_reason, StopReason::end_of_turn);
}

TEST_F(GrammarTest, ABannedWordStaysBannedWithinAGrammar) {
  CompletionRequest request = ask("Yes or no?");
  request.sampling.grammar = "root ::= (\"yes\" | \"no\") \".\"";
  request.sampling.word_bias = {{"yes", -100}};
  EXPECT_EQ(reply(request).text, "no.");
  request.sampling.word_bias = {{"no", -100}};
  EXPECT_EQ(reply(request).text, "yes.");
}

TEST_F(GrammarTest, AGrammarThatCannotBeReadIsNoReply) {
  CompletionRequest request = ask("Hello");
  request.sampling.grammar = "root ::= other";
  EXPECT_EQ(open(512)->complete(request, nullptr, nullptr).error().code, Code::InvalidArgument);
}

TEST_F(GrammarTest, ATokensBiasBansAndForcesIt) {
  const Completion plain = reply(ask("What is the sun?"));
  CompletionRequest request = ask("What is the sun?");
  request.sampling.token_bias = {{plain.tokens[0], -100}};
  EXPECT_NE(reply(request).tokens[0], plain.tokens[0]);
  const Token wanted = model_->tokenizer().encode(" house").front();
  request.sampling.token_bias = {{wanted, 100}};
  EXPECT_EQ(reply(request).tokens[0], wanted);
}

TEST_F(GrammarTest, LogprobsAreWhatTheModelScores) {
  CompletionRequest request = ask("What is the sun?");
  request.sampling.max_tokens = 6;
  request.logprobs = 3;
  const Completion said = reply(request);
  ASSERT_EQ(said.logprobs.size(), said.tokens.size());
  ScoreRequest score{request.prompt, {}};
  for (const Token token : said.tokens) {
    score.positions.push_back(static_cast<std::uint32_t>(score.tokens.size()));
    score.tokens.push_back(token);
  }
  const auto scores = open(512)->score(std::vector<ScoreRequest>{score}, 3, nullptr, nullptr).value();
  for (std::size_t i = 0; i < said.tokens.size(); ++i) {
    EXPECT_EQ(said.logprobs[i].token, said.tokens[i]);
    EXPECT_NEAR(said.logprobs[i].logprob, scores[0].logprobs[i], 0.05);
    EXPECT_EQ(said.logprobs[i].top.ids.size(), 3u);
    EXPECT_GE(said.logprobs[i].top.logprobs[0], said.logprobs[i].top.logprobs[1]);
  }
}

}  // namespace
}  // namespace banchu
