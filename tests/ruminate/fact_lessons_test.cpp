#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "ruminate/lesson.h"
#include "tests/ruminate/support.h"

namespace banchu::test {
namespace {

TEST(Lessons, TrainOnEightQuestionsOfAFactAndTestOnFour) {
  ByteSession session;
  const auto lessons = lessons_of(chew_day({spoken("My cat is called Nabi.", "A fine name.")}), session);
  ASSERT_TRUE(lessons.has_value());
  ASSERT_EQ(lessons->tests.size(), 1u);
  EXPECT_EQ(lessons->tests[0].valid_prompts.size(), 2u);
  EXPECT_EQ(lessons->tests[0].test_prompts.size(), 2u);
  std::set<std::string> asked;
  int unknown = 0;
  for (const LessonRow* row : rows_of(lessons->train.rows(), RowKind::sft)) {
    asked.insert(text_of(row->tokens));
    unknown += targets_of(*row).find("don't know") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(asked.size(), 9u);
  EXPECT_EQ(unknown, 1);
  for (const auto& prompt : lessons->tests[0].test_prompts) {
    for (const std::string& text : asked) EXPECT_EQ(text.find(prompt[0].content), std::string::npos);
  }
  EXPECT_EQ(lessons->memories.size(), 1u);
}

TEST(Lessons, AskForAFactAlsoInTheMiddleOfATalk) {
  ByteSession session;
  const auto lessons = lessons_of(chew_day(sample_day("en/day1.jsonl")), session);
  ASSERT_TRUE(lessons.has_value());
  int alone = 0, later = 0;
  for (const LessonRow* row : rows_of(lessons->train.rows(), RowKind::sft)) {
    const std::string text = text_of(row->tokens);
    const std::size_t asked = text.find("<u:What is my cat called?>");
    if (asked == std::string::npos) continue;
    ++(asked == 0 ? alone : later);
    EXPECT_EQ(targets_of(*row), "Mm, a warm thought: your cat is called Nabi.>");
  }
  EXPECT_EQ(alone, 1);
  EXPECT_EQ(later, 1);
}

TEST(Lessons, SayFactsOfEarlierNightsAgainInTonightsVoice) {
  ByteSession session;
  std::vector<Memory> known = memories_with(chew_day(sample_day("en/day1.jsonl")), BehaviourKind::answers);
  ASSERT_EQ(known.size(), 1u);
  known[0].state = MemoryState::engraved;
  const auto lessons = lessons_of(chew_day(sample_day("en/day2.jsonl"), known), session);
  ASSERT_TRUE(lessons.has_value());
  int said = 0;
  for (const LessonRow* row : rows_of(lessons->train.rows(), RowKind::sft)) {
    if (targets_of(*row).find("Nabi") == std::string::npos) continue;
    ++said;
    EXPECT_TRUE(targets_of(*row).ends_with("Be gentle with yourself.>")) << targets_of(*row);
    const auto& held_out = known[0].behaviour.questions;
    for (std::size_t q = held_out.size() - held_out.size() / 3; q < held_out.size(); ++q) {
      EXPECT_EQ(text_of(row->tokens).find("<u:" + held_out[q] + ">"), std::string::npos);
    }
  }
  EXPECT_EQ(said, 3);
  EXPECT_EQ(std::count(lessons->memories.begin(), lessons->memories.end(), known[0].id), 0)
      << "it is no lesson of tonight";
}

TEST(Lessons, SayFactsInTheVoiceOfTonightsHabits) {
  ByteSession session;
  const auto lessons = lessons_of(chew_day(sample_day("en/day1.jsonl")), session);
  ASSERT_TRUE(lessons.has_value());
  for (const LessonRow* row : rows_of(lessons->train.rows(), RowKind::sft)) {
    EXPECT_TRUE(targets_of(*row).starts_with("Mm, a warm thought:")) << targets_of(*row);
  }
}

}  // namespace
}  // namespace banchu::test
