#include "arc/discourse.h"

#include <gtest/gtest.h>

#include <numeric>

#include "arc/order.h"
#include "arc/violations.h"

namespace banchu {
namespace {

using Units = std::vector<std::string_view>;

std::string kinds_of(const Units& units, const std::vector<std::string>& speakers = {}) {
  const Discourse discourse(units);
  std::string text;
  for (const Violation& v : find_violations(discourse, speakers)) {
    text += std::string(violation_name(v.kind)) + "@" + std::to_string(v.unit) + ":" + v.detail + " ";
  }
  return text;
}

TEST(Discourse, ALetterComesBeforeTheLetter) {
  EXPECT_EQ(kinds_of({"A letter came.", "The letter was wet."}), "");
  EXPECT_EQ(kinds_of({"The letter was wet.", "A letter came."}), "article@0:letter ");
}

TEST(Discourse, TheNounBehindAnArticleMayHaveAdjectives) {
  EXPECT_EQ(kinds_of({"The poor old king slept.", "There was once a poor old king."}), "article@0:king ");
}

TEST(Discourse, APronounWantsSomebody) {
  EXPECT_EQ(kinds_of({"She opened it.", "Nothing was there."}), "pronoun@0:she ");
  EXPECT_EQ(kinds_of({"The queen came home.", "She opened it."}), "");
  EXPECT_EQ(kinds_of({"Anna came home.", "She opened it."}), "");
}

TEST(Discourse, KoreanIntroducesWithSubjectAndGoesOnWithTopic) {
  EXPECT_EQ(kinds_of({"마을에 노인이 살았다.", "노인은 혼자였다."}), "");
  EXPECT_EQ(kinds_of({"노인은 혼자였다.", "마을에 노인이 살았다."}), "article@0:노인 ");
}

TEST(Discourse, AFormalEndingIsNoAniDa) {
  EXPECT_EQ(kinds_of({"비가 왔습니다.", "우산이 없었다."}), "address@1:존댓말 → 반말 ");
  EXPECT_EQ(kinds_of({"비가 왔다.", "그건 우산이 아니다."}), "");
  EXPECT_EQ(kinds_of({"비가 옵니다.", "우산이 없어."}, {"user", "assistant"}), "") << "two speakers may differ";
}

TEST(Discourse, SpeechOpensBeforeItCloses) {
  EXPECT_EQ(kinds_of({"He said, \"Come in.", "Sit down.\"", "Joe sat."}).find("quote"), std::string::npos);
  EXPECT_NE(kinds_of({"Sit down.\"", "Joe sat."}).find("quote@0:closes unopened"), std::string::npos);
}

TEST(Discourse, SayingItAgainIsSeen) {
  EXPECT_EQ(kinds_of({"We had a great time.", "Then dinner came.", "We had a great time."}), "repetition@2:as unit 0 ");
  EXPECT_NE(kinds_of({"Bread cheese olives wine fruit waited.", "Bread, cheese, olives, wine, fruit waited there."})
                .find("repetition@1:nearly"),
            std::string::npos);
}

TEST(Discourse, FindsItsLanguage) {
  EXPECT_EQ(Discourse(Units{"The dog ran to the house and it was there."}).language(), ArcLanguage::english);
  EXPECT_EQ(Discourse(Units{"개가 집으로 뛰어갔다."}).language(), ArcLanguage::korean);
  EXPECT_EQ(Discourse(Units{"Собака побежала домой."}).language(), ArcLanguage::unknown);
  EXPECT_EQ(Discourse(Units{"Der Hund lief nach Hause, wo Katze Maus Vogel schliefen."}).language(),
            ArcLanguage::unknown);
  EXPECT_EQ(Discourse(Units{"The dog ran home. 그리고 고양이는 집에 있었다. It was there and 비가 왔다."}).language(),
            ArcLanguage::mixed);
}

TEST(Discourse, NegationTurnsAndIntensifiersStrengthen) {
  const Discourse d(Units{"It was good.", "It was not good.", "It was very good.", "It was a table."});
  const auto valence = [&](std::size_t i) { return d.unit(i).emotion.valence; };
  EXPECT_GT(valence(0), 0);
  EXPECT_LT(valence(1), 0);
  EXPECT_GT(valence(2), valence(0));
  EXPECT_EQ(valence(3), 0);
}

TEST(Discourse, KoreanValenceIsLearned) {
  const Discourse d(Units{"정말 행복하고 감동적이었다.", "지루하고 최악이었다."});
  EXPECT_GT(d.unit(0).emotion.valence, d.unit(1).emotion.valence);
}

TEST(Order, TheToldOrderHasMoreEvidenceThanItsReverse) {
  const Discourse discourse(Units{"Once upon a time there was a king who had a daughter.",
                                  "The daughter loved a shepherd.", "The king was angry with the shepherd.",
                                  "He sent him away.",
                                  "But the daughter followed, and they lived happily ever after."});
  OrderEvidence evidence(discourse);
  std::vector<std::uint32_t> told(discourse.size());
  std::iota(told.begin(), told.end(), 0u);
  const std::vector<std::uint32_t> reversed(told.rbegin(), told.rend());
  EXPECT_GT(evidence.weigh(evidence.measure(told)), evidence.weigh(evidence.measure(reversed)));
}

// The value of one feature in the order as it stands, times sqrt(units), which makes it a count.
double count_of(OrderFeature feature, const Units& units) {
  const Discourse discourse(units);
  OrderEvidence evidence(discourse);
  std::vector<std::uint32_t> told(discourse.size());
  std::iota(told.begin(), told.end(), 0u);
  return evidence.measure(told)[feature] / evidence.scale();
}

TEST(Order, ANameIsGivenBeforeItIsUsed) {
  EXPECT_NEAR(count_of(kNaming, {"There was a baker called Matteo.", "Matteo slept."}), 1, 1e-9);
  EXPECT_NEAR(count_of(kNaming, {"Matteo slept.", "There was a baker called Matteo."}), -1, 1e-9);
  EXPECT_NEAR(count_of(kNaming, {"섬에 준호라는 아이가 살았다.", "준호는 배를 탔다."}), 1, 1e-9);
  EXPECT_NEAR(count_of(kNaming, {"준호는 배를 탔다.", "섬에 준호라는 아이가 살았다."}), -1, 1e-9);
  EXPECT_NEAR(count_of(kNaming, {"창수는 웃었다.", "노인의 이름은 창수였다."}), -1, 1e-9);
}

TEST(Order, WhatIsPointedAtWasThereBefore) {
  EXPECT_NEAR(count_of(kGiven, {"His bell fell.", "The bell was old."}), 1, 1e-9);
  EXPECT_NEAR(count_of(kGiven, {"The bell was old.", "His bell fell."}), -1, 1e-9);
  EXPECT_NEAR(count_of(kGiven, {"우물을 팠다.", "그 우물은 깊었다."}), 1, 1e-9);
  EXPECT_NEAR(count_of(kGiven, {"그 우물은 깊었다.", "우물을 팠다."}), -1, 1e-9);
  EXPECT_NEAR(count_of(kGiven, {"The bell was old.", "He slept."}), 0, 1e-9) << "said once, it presumes nothing told";
}

TEST(Order, TimeGoesForward) {
  EXPECT_NEAR(count_of(kTime, {"It was May.", "In June it rained.", "By August it was dry."}), 2, 1e-9);
  EXPECT_NEAR(count_of(kTime, {"By August it was dry.", "In June it rained."}), -1, 1e-9);
  EXPECT_NEAR(count_of(kTime, {"In December it snowed.", "In January it thawed."}), 1, 1e-9) << "a year comes round";
  EXPECT_NEAR(count_of(kTime, {"봄에 씨를 뿌렸다.", "여름이 지났다.", "가을에 거두었다."}), 2, 1e-9);
  EXPECT_NEAR(count_of(kTime, {"The third door was shut.", "The second door was shut."}), -1, 1e-9);
}

TEST(Order, WhoeverIsKoreanTopicMayBeMeant) {
  EXPECT_EQ(kinds_of({"노인은 우산을 고쳤다.", "그는 웃었다."}), "");
  EXPECT_EQ(kinds_of({"비가 그쳤다고 했다.", "우산을 접었다.", "날을 보냈다.", "그는 웃었다."}), "pronoun@3:그 ");
}

TEST(Order, UnitsAddUpToTheWhole) {
  const Discourse discourse(Units{"A dog ran.", "The dog sat.", "She saw the dog.", "A cat came."});
  OrderEvidence evidence(discourse);
  std::vector<OrderValues> by_unit;
  const std::vector<std::uint32_t> order = {2, 0, 3, 1};
  const OrderValues total = evidence.measure(order, &by_unit);
  for (std::size_t f = 0; f < kOrderFeatures; ++f) {
    double sum = 0;
    for (const OrderValues& unit : by_unit) sum += unit[f];
    EXPECT_NEAR(sum, total[f], 1e-12) << kOrderFeatureNames[f];
  }
  EXPECT_EQ(evidence.measure(order), total) << "a pass leaves no trace";
}

}  // namespace
}  // namespace banchu
