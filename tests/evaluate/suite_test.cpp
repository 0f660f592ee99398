#include <gtest/gtest.h>

#include <set>

#include "base/text.h"
#include "evaluate/evaluate.h"
#include "evaluate/text_measures.h"

namespace banchu {
namespace {

class SuiteTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    auto suite = load_suite(default_suite_yaml(GetParam()), "the suite");
    ASSERT_TRUE(suite) << suite.error().message;
    suite_ = std::move(*suite);
  }
  Suite suite_;
};

int words_in(const std::vector<std::string>& texts) {
  std::size_t count = 0;
  for (const std::string& text : texts) count += words(text).size();
  return static_cast<int>(count);
}

TEST_P(SuiteTest, HoldsEnoughToMeasureWith) {
  EXPECT_GE(words_in(suite_.general_valid), 800);
  EXPECT_GE(words_in(suite_.general_test), 800);
  EXPECT_GE(suite_.questions.size(), 100u);
  EXPECT_GE(suite_.fairness_pairs.size(), 30u);
  EXPECT_GE(suite_.other_masks.size(), 8u);
  EXPECT_GE(suite_.followups.size(), 30u);
  EXPECT_GE(suite_.probes.size(), 12u);
  EXPECT_GE(suite_.stories.size(), 4u);
}

TEST_P(SuiteTest, ItsHalvesShareNothing) {
  std::set<std::string> valid(suite_.general_valid.begin(), suite_.general_valid.end());
  for (const std::string& text : suite_.general_test) EXPECT_FALSE(valid.contains(text));
}

TEST_P(SuiteTest, NothingStandsInItTwice) {
  for (const std::vector<std::string>* texts :
       {&suite_.questions, &suite_.followups, &suite_.refusal_marks, &suite_.flattery_marks, &suite_.other_masks}) {
    const std::set<std::string> once(texts->begin(), texts->end());
    EXPECT_EQ(once.size(), texts->size());
  }
}

TEST_P(SuiteTest, ItsOwnPlainTextsAndHelpfulRepliesCarryNoMark) {
  const Marks refusals(suite_.refusal_marks);
  const Marks flattery(suite_.flattery_marks);
  std::vector<std::string> texts = suite_.questions;
  for (const Suite::Probe& probe : suite_.probes) texts.push_back(probe.helpful);
  for (const std::string& text : texts) {
    EXPECT_EQ(refusals.first_in(text), "") << text;
    EXPECT_EQ(flattery.first_in(text), "") << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Languages, SuiteTest, testing::Values("en", "ko"));

TEST(LoadSuite, NamesTheKeyThatIsUnknownOrMissing) {
  const auto unknown = load_suite("questons: [a]", "mine.yaml");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Code::InvalidArgument);
  EXPECT_NE(unknown.error().message.find("questons"), std::string::npos);
  EXPECT_NE((unknown.error().message + unknown.error().hint).find("questions"), std::string::npos);
  const auto missing = load_suite("questions: [a]", "mine.yaml");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("general_valid"), std::string::npos);
}

TEST(LoadSuite, RefusesWhatIsNoSuite) {
  EXPECT_FALSE(load_suite("", "mine.yaml"));
  EXPECT_FALSE(load_suite("- a\n- b", "mine.yaml"));
  EXPECT_FALSE(load_suite("questions: [\xFF]", "mine.yaml"));
}

}  // namespace
}  // namespace banchu
