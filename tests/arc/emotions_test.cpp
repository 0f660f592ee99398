#include "arc/emotions.h"

#include <gtest/gtest.h>

namespace banchu {
namespace {

std::string top_of(std::string_view unit) {
  const EmotionShares shares = classify_emotions(unit);
  std::size_t best = 0;
  for (std::size_t e = 1; e < kEmotions; ++e) {
    if (shares.probability[e] > shares.probability[best]) best = e;
  }
  return kEmotionNames[best];
}

TEST(Emotions, PlainCasesInBothLanguages) {
  EXPECT_EQ(top_of("I love this, thank you so much!"), "joy");
  EXPECT_EQ(top_of("I was so scared and terrified"), "fear");
  EXPECT_EQ(top_of("너무 재밌고 행복했어요 최고"), "joy");
}

TEST(Emotions, LabelsAreTheProbabilitiesAboveTheirThresholds) {
  const EmotionShares sad = classify_emotions("This is so sad, I am sorry for your loss");
  EXPECT_TRUE(sad.label[5]);
  for (const double p : sad.probability) {
    EXPECT_GT(p, 0);
    EXPECT_LT(p, 1);
  }
}

TEST(Emotions, NothingIsNothing) {
  const EmotionShares none = classify_emotions("...");
  for (std::size_t e = 0; e < kEmotions; ++e) EXPECT_FALSE(none.label[e]);
}

}  // namespace
}  // namespace banchu
