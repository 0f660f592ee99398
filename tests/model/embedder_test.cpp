#include "model/embedder.h"

#include <cmath>
#include <numeric>

#include "tests/model/model_fixture.h"

namespace banchu {
namespace {

double product(const std::vector<float>& a, const std::vector<float>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

class EmbedderTest : public RealModelTest {
 protected:
  void SetUp() override {
    RealModelTest::SetUp();
    if (model_ == nullptr) return;
    embedder_ = Embedder::open(model_, 1).value();
  }
  std::vector<float> embed(const std::string& text) const {
    return embedder_->embed(model_->tokenizer().encode(text)).value();
  }
  std::unique_ptr<Embedder> embedder_;
};

TEST_F(EmbedderTest, VectorsHaveLengthOneAndDoNotDependOnWhatCameBefore) {
  const std::vector<float> first = embed("The cat sleeps on the sofa.");
  EXPECT_EQ(first.size(), model_->info().n_embd);
  EXPECT_NEAR(product(first, first), 1, 1e-5);
  embed("Interest rates rose by half a point.");
  EXPECT_EQ(embed("The cat sleeps on the sofa."), first);
}

TEST_F(EmbedderTest, WhatMeansTheSameLiesNearer) {
  const std::vector<float> cat = embed("The cat sleeps on the sofa.");
  EXPECT_GT(product(cat, embed("A kitten is lying on the couch.")),
            product(cat, embed("Interest rates rose in March.")));
}

TEST_F(EmbedderTest, NothingAndTooMuchAreRefused) {
  EXPECT_EQ(embedder_->embed({}).error().code, Code::InvalidArgument);
  const std::vector<Token> many(static_cast<std::size_t>(embedder_->most_tokens()) + 1, 42);
  EXPECT_EQ(embedder_->embed(many).error().code, Code::InvalidArgument);
  EXPECT_TRUE(embedder_->embed(std::span(many).first(many.size() - 1)));
}

}  // namespace
}  // namespace banchu
