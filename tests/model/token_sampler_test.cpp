// Penalties on a written vocabulary and written logits.
#include "model/token_sampler.h"

#include <gtest/gtest.h>

#include <cmath>

namespace banchu {
namespace {

class WrittenVocabulary final : public Tokenizer {
 public:
  std::vector<Token> encode(std::string_view) const override { return {}; }
  std::string decode(std::span<const Token>) const override { return ""; }
  const std::string& piece(Token token) const override { return pieces_[static_cast<std::size_t>(token)]; }
  bool ends_generation(Token) const override { return false; }
  std::size_t vocabulary_size() const override { return pieces_.size(); }

 private:
  std::vector<std::string> pieces_ = {".", "!", " rain", " snow", "。", "\xEB"};
};

constexpr Token kStop = 0, kBang = 1, kRain = 2, kSnow = 3, kWideStop = 4, kHalfSyllable = 5;

SamplingOptions greedy_with_penalties() {
  SamplingOptions options;
  options.temperature = 0;
  options.repetition_penalty = 1.5f;
  return options;
}

// What follows `said` when `first` is a little likelier than `second` and nothing else can come.
Token next(const std::vector<Token>& said, Token first, Token second) {
  const WrittenVocabulary vocabulary;
  TokenSampler sampler(greedy_with_penalties(), 1, vocabulary);
  sampler.restart(said);
  std::vector<float> logits(vocabulary.vocabulary_size(), -INFINITY);
  logits[static_cast<std::size_t>(first)] = 2.0f;
  logits[static_cast<std::size_t>(second)] = 1.9f;
  return sampler.sample(logits);
}

TEST(TokenSampler, PenalisesAWordThatTheReplyAlreadyHas) {
  EXPECT_EQ(next({}, kRain, kSnow), kRain);
  EXPECT_EQ(next({kRain, kStop}, kRain, kSnow), kSnow);
}

TEST(TokenSampler, LetsEverySentenceHaveItsFullStop) {
  EXPECT_EQ(next({kRain, kStop, kSnow}, kStop, kBang), kStop);
  EXPECT_EQ(next({kRain, kWideStop, kSnow}, kWideStop, kBang), kWideStop);
}

TEST(TokenSampler, PenalisesPunctuationThatFollowsItself) {
  EXPECT_EQ(next({kRain, kStop, kStop}, kStop, kBang), kBang);
  EXPECT_EQ(next({kStop, kRain, kStop}, kStop, kBang), kStop);
}

TEST(TokenSampler, TakesHalfACharacterForPartOfAWord) {
  EXPECT_EQ(next({kHalfSyllable, kStop}, kHalfSyllable, kSnow), kSnow);
}

}  // namespace
}  // namespace banchu
