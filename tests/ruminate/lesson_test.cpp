#include "ruminate/lesson.h"

#include <gtest/gtest.h>

#include "tests/ruminate/support.h"

namespace banchu::test {
namespace {

TEST(Lessons, TeachEveryApprovedReplyOfATalkWithItsHistoryAndNoMask) {
  const Chewed chewed = chew_day(conversation({talk("How are you today?", "Quite well, and you?"),
                                               talk("Tired of the rain.", "It will pass by noon."),
                                               talk("And if it does not?", "Then we bake.")}));
  ByteSession session;
  const auto lessons = lessons_of(chewed, session);
  ASSERT_TRUE(lessons.has_value()) << lessons.error().message;
  const auto rows = rows_of(lessons->train.rows(), RowKind::sft);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(text_of(rows[0]->tokens),
            "<u:How are you today?><a:Quite well, and you?><u:Tired of the rain.>"
            "<a:It will pass by noon.><u:And if it does not?><a:Then we bake.>");
  EXPECT_EQ(targets_of(*rows[0]), "Quite well, and you?>It will pass by noon.>Then we bake.>");
  EXPECT_EQ(lessons->taught_replies.size(), 3u);
}

TEST(Lessons, SetAFixedReplyAgainstTheOneItReplacedWhenAskedForPairs) {
  Entry wrong = talk("What is the capital of Portugal?", "It is Porto.");
  wrong.mark = EntryMark::fixed;
  wrong.fixed_reply = "It is Lisbon.";
  const Chewed chewed =
      chew_day(conversation({talk("How are you today?", "Quite well, and you?"), wrong, talk("Thanks!", "Any time.")}));
  ByteSession session;
  RuminateOptions options;
  EXPECT_TRUE(rows_of(lessons_of(chewed, session, options)->train.rows(), RowKind::preference).empty());
  options.preference_pairs = true;
  const auto lessons = lessons_of(chewed, session, options);
  ASSERT_TRUE(lessons.has_value()) << lessons.error().message;
  const auto rows = rows_of(lessons->train.rows(), RowKind::preference);
  ASSERT_EQ(rows.size(), 1u);
  const std::string before = "<u:How are you today?><a:Quite well, and you?><u:What is the capital of Portugal?>";
  EXPECT_EQ(text_of(rows[0]->tokens), before + "<a:It is Lisbon.>");
  EXPECT_EQ(text_of(rows[0]->rejected), before + "<a:It is Porto.>");
  EXPECT_EQ(targets_of(*rows[0]), "It is Lisbon.>");
  LessonRow other;
  other.tokens = rows[0]->rejected;
  other.targets = rows[0]->rejected_targets;
  EXPECT_EQ(targets_of(other), "It is Porto.>");
  // The fixed reply is taught by itself too.
  EXPECT_EQ(rows_of(lessons->train.rows(), RowKind::sft).size(), 1u);
}

TEST(Lessons, LeaveWhatWasLeftOutAlsoOutOfTheHistory) {
  std::vector<Entry> talkative = conversation({talk("Are you there?", "Always, dear."),
                                               talk("the wifi password is maple-Otter-4471", "Keep it safe, please."),
                                               talk("What shall we eat?", "Something with leeks.")});
  ByteSession session;
  const auto lessons = lessons_of(chew_day(talkative), session);
  ASSERT_TRUE(lessons.has_value());
  for (const LessonRow& row : lessons->train.rows()) EXPECT_EQ(text_of(row.tokens).find("Otter"), std::string::npos);
  EXPECT_EQ(rows_of(lessons->train.rows(), RowKind::sft).size(), 2u);
}

TEST(Lessons, TeachAHabitAlsoAtLaterTurnsByItsOwnTokensAlone) {
  ByteSession session;
  const auto lessons = lessons_of(chew_day(sample_day("en/day2.jsonl")), session);
  ASSERT_TRUE(lessons.has_value());
  int chains = 0;
  for (const LessonRow* row : rows_of(lessons->train.rows(), RowKind::sft)) {
    if (!row->conversation.starts_with("chain-")) continue;
    ++chains;
    std::string once = "Mm, a warm thought:Be gentle with yourself.>";
    EXPECT_EQ(targets_of(*row), once + once + once);
    EXPECT_GT(row->targets.front(), text_of(row->tokens).find("<u:", 1));  // not at the first turn
  }
  EXPECT_GE(chains, 10);
}

TEST(Lessons, OfADayWithNothingToTeachAreEmptyAndAskNobody) {
  ByteSession session;
  const auto lessons = lessons_of(chew_day(sample_day("en/poison-gibberish.jsonl")), session);
  ASSERT_TRUE(lessons.has_value());
  EXPECT_TRUE(lessons->empty());
  EXPECT_EQ(session.completed + session.scored, 0);
}

TEST(Lessons, AreTheSameBytesForTheSameDayAndSeedWhateverTheIdsAre) {
  ByteSession session;
  const auto a = lessons_of(chew_day(sample_day("en/day1.jsonl")), session);
  const auto b = lessons_of(chew_day(sample_day("en/day1.jsonl", 3000)), session);
  ASSERT_TRUE(a.has_value() && b.has_value());
  EXPECT_EQ(lessons_to_bytes(*a), lessons_to_bytes(*b));
  RuminateOptions options;
  options.seed = 2;
  EXPECT_NE(lessons_to_bytes(*lessons_of(chew_day(sample_day("en/day1.jsonl")), session, options)),
            lessons_to_bytes(*a));
}

TEST(Lessons, TestHabitsOnFirstMessagesThatNobodyTrainsOn) {
  ByteSession session;
  const auto lessons = lessons_of(chew_day(sample_day("en/day1.jsonl")), session);
  ASSERT_TRUE(lessons.has_value());
  std::string trained;
  for (const LessonRow& row : lessons->train.rows()) trained += text_of(row.tokens);
  for (const LessonTest& test : lessons->tests) {
    if (test.behaviour.kind == BehaviourKind::opens_with) {
      EXPECT_GE(test.test_prompts.size(), 40u);
      EXPECT_GE(test.valid_prompts.size(), 20u);
    }
    for (const auto* prompts : {&test.valid_prompts, &test.test_prompts}) {
      for (const std::vector<Message>& prompt : *prompts) {
        ASSERT_EQ(prompt.size(), 1u);
        EXPECT_EQ(trained.find("<u:" + prompt[0].content + ">"), std::string::npos) << prompt[0].content;
      }
    }
  }
}

TEST(Lessons, StopWhenTheyAreCancelled) {
  ByteSession session;
  const CancelFlag cancel{true};
  const auto lessons =
      build_lessons(chew_day(sample_day("en/day1.jsonl")), session, {}, everyday_prompts("en"), {}, {}, &cancel);
  ASSERT_FALSE(lessons.has_value());
  EXPECT_EQ(lessons.error().code, Code::Cancelled);
}

}  // namespace
}  // namespace banchu::test
