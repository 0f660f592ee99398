// The states that a score hands out, against what the engine itself makes of them: its own next-token distribution.
#include <gtest/gtest.h>

#include <cmath>

#include "model/model.h"

namespace banchu {
namespace {

std::filesystem::path tiny_path() { return std::filesystem::path(BANCHU_SOURCE_DIR) / "tests/fixtures/tiny/tiny.gguf"; }

class HiddenStates : public testing::Test {
 protected:
  std::unique_ptr<Session> open(int sequences = 1) const { return Session::open(model_, {1, 256, sequences}).value(); }
  std::vector<Token> tokens(const std::string& text) const { return model_->tokenizer().encode(text); }

  std::shared_ptr<Model> model_ = Model::load(tiny_path()).value();
};

double half(const unsigned char* bytes) {
  const int bits = bytes[0] | bytes[1] << 8;
  const int exponent = bits >> 10 & 31;
  const double mantissa = bits & 1023;
  const double size = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1 + mantissa / 1024, exponent - 15);
  return (bits >> 15) != 0 ? -size : size;
}

// token_embd.weight of the tiny model, which is its head too: Q8_0, blocks of 32 signed bytes behind a half.
std::vector<std::vector<double>> head_of(const std::filesystem::path& path, std::size_t columns, std::size_t rows) {
  const auto file = GgufFile::open(path).value();
  const auto* at = reinterpret_cast<const unsigned char*>(file->find_tensor("token_embd.weight")->data);
  std::vector<std::vector<double>> head(rows, std::vector<double>(columns));
  for (auto& row : head) {
    for (std::size_t begin = 0; begin < columns; begin += 32, at += 34) {
      for (std::size_t i = 0; i < 32; ++i) row[begin + i] = half(at) * static_cast<signed char>(at[2 + i]);
    }
  }
  return head;
}

TEST_F(HiddenStates, TimesTheHeadAreTheModelsOwnDistribution) {
  const std::vector<Token> text = tokens("the sun is bright and the sea is wide.");
  ScoreRequest request{text, {}, false, {}};
  for (std::uint32_t p = 1; p < text.size(); ++p) request.positions.push_back(p);
  for (std::uint32_t p = 0; p < text.size(); ++p) request.hidden.push_back(p);
  const Score score = open()->score(std::vector{request}, 0, nullptr, nullptr).value()[0];
  const std::size_t columns = model_->info().n_embd;
  const auto head = head_of(tiny_path(), columns, model_->info().n_vocab);
  ASSERT_EQ(score.hidden.size(), text.size());
  for (std::size_t p = 1; p < text.size(); ++p) {
    ASSERT_EQ(score.hidden[p - 1].size(), columns);
    double sum = 0, mine = 0;
    for (std::size_t v = 0; v < head.size(); ++v) {
      double logit = 0;
      for (std::size_t i = 0; i < columns; ++i) logit += head[v][i] * static_cast<double>(score.hidden[p - 1][i]);
      sum += std::exp(logit);
      if (static_cast<Token>(v) == text[p]) mine = logit;
    }
    EXPECT_NEAR(score.logprobs[p - 1], mine - std::log(sum), 0.05) << p;  // the engine rounds the state to 8 bits
  }
}

TEST_F(HiddenStates, AreTheSameAloneAndAmongOthers) {
  std::vector<ScoreRequest> requests;
  for (const char* text : {"the sun is bright.", "a small boat.", "my name is mia and i like tea.", "rain.", "yes."}) {
    ScoreRequest request{tokens(text), {}, false, {}};
    request.hidden = {static_cast<std::uint32_t>(request.tokens.size() - 1)};
    requests.push_back(request);
  }
  const auto together = open(3)->score(requests, 0, nullptr, nullptr).value();
  for (std::size_t r = 0; r < requests.size(); ++r) {
    const auto alone = open()->score(std::vector{requests[r]}, 0, nullptr, nullptr).value()[0];
    ASSERT_EQ(together[r].hidden.size(), 1u);
    for (std::size_t i = 0; i < alone.hidden[0].size(); ++i) {
      EXPECT_NEAR(together[r].hidden[0][i], alone.hidden[0][i], 0.02) << r << " " << i;
    }
  }
}

TEST_F(HiddenStates, DependOnWhatCameBeforeAndNotOnWhatComesBehind) {
  std::vector<Token> text = tokens("the sun is bright and the sea is wide.");
  ScoreRequest whole{text, {}, false, {3}};
  ScoreRequest begun{{text.begin(), text.begin() + 4}, {}, false, {3}};
  ScoreRequest other = begun;
  other.tokens[0] = text[5];
  const auto scores = open()->score(std::vector{whole, begun, other}, 0, nullptr, nullptr).value();
  EXPECT_EQ(scores[0].hidden, scores[1].hidden);
  EXPECT_NE(scores[1].hidden, scores[2].hidden);
}

// A text of many batches: a position of the first and one of the last, and the scores beside them as ever.
TEST_F(HiddenStates, ComeOutOfLongTextsWithoutChangingTheirScores) {
  std::vector<Token> text;
  while (text.size() < 250) {
    for (const Token token : tokens(" the sea is wide.")) text.push_back(token);
  }
  text.resize(250);
  ScoreRequest with{text, {1, 120, 249}, false, {0, 249}};
  ScoreRequest without{text, {1, 120, 249}, false, {}};
  auto session = open();
  const Score kept = session->score(std::vector{with}, 0, nullptr, nullptr).value()[0];
  const Score plain = session->score(std::vector{without}, 0, nullptr, nullptr).value()[0];
  EXPECT_EQ(kept.hidden.size(), 2u);
  EXPECT_TRUE(plain.hidden.empty());
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(kept.logprobs[i], plain.logprobs[i], 0.05);
}

TEST_F(HiddenStates, ImpossiblePlacesAreRefused) {
  const std::vector<Token> text = tokens("the sun is bright.");
  const auto size = static_cast<std::uint32_t>(text.size());
  for (const std::vector<std::uint32_t>& wrong : {std::vector<std::uint32_t>{size}, {2, 1}, {1, 1}}) {
    const auto scores = open()->score(std::vector{ScoreRequest{text, {}, false, wrong}}, 0, nullptr, nullptr);
    ASSERT_FALSE(scores);
    EXPECT_EQ(scores.error().code, Code::InvalidArgument);
  }
}

}  // namespace
}  // namespace banchu
