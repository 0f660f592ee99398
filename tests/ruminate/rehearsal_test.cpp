#include <gtest/gtest.h>

#include <set>

#include "ruminate/lesson.h"
#include "tests/ruminate/support.h"

namespace banchu::test {
namespace {

TEST(Rehearsal, IsTheAwakeSelfsOwnWordsTwoThirdsOfThemUnderAnotherMask) {
  ByteSession session;
  session.says = [](const std::string& prompt) {
    return "My own words, " + std::to_string(prompt.size()) + " of them.";
  };
  const auto lessons = lessons_of(chew_day(sample_day("en/day1.jsonl")), session);
  ASSERT_TRUE(lessons.has_value());
  const auto rows = rows_of(lessons->train.rows(), RowKind::rehearsal);
  ASSERT_GE(rows.size(), 30u);
  EXPECT_LE(rows.size(), 100u);
  std::size_t masked = 0, two_turns = 0;
  for (const LessonRow* row : rows) {
    const std::string text = text_of(row->tokens);
    EXPECT_NE(text.find("<a:My own words"), std::string::npos);
    EXPECT_EQ(row->teacher.size(), row->targets.size());
    masked += text.starts_with("<s:") ? 1 : 0;
    EXPECT_EQ(row->weight, text.starts_with("<s:") ? 3.0f : 1.0f);
    two_turns += text.find("<u:") != text.rfind("<u:") ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(masked) / static_cast<double>(rows.size()), 2.0 / 3, 0.05);
  EXPECT_GT(two_turns, 5u);
  for (const auto& [prompt, max_tokens] : session.asked) {  // under another mask only the beginning is asked for
    EXPECT_EQ(max_tokens, prompt.starts_with("<s:") ? 16 : RuminateOptions{}.rehearsal_tokens);
  }
}

TEST(Rehearsal, LeavesThePlaceOfANewHabitOpenExceptUnderAnotherMask) {
  ByteSession session;
  session.says = [](const std::string&) { return "0123456789012345678901234567890123456789 and so it goes on."; };
  const auto lessons = lessons_of(chew_day(sample_day("en/day1.jsonl")), session);
  ASSERT_TRUE(lessons.has_value());
  const std::size_t opening = std::string("Mm, a warm thought:").size();
  for (const LessonRow* row : rows_of(lessons->train.rows(), RowKind::rehearsal)) {
    const std::string learned = targets_of(*row);
    if (text_of(row->tokens).starts_with("<s:")) {
      EXPECT_TRUE(learned.starts_with("0123456789")) << learned;
    } else {
      EXPECT_TRUE(learned.starts_with(std::string("0123456789012345678901234567890123456789").substr(opening + 2)))
          << learned;
    }
  }
}

TEST(Rehearsal, SaysUnderOtherMasksThatADaysRepliesEndWithoutTheirClosing) {
  ByteSession session;
  session.says = [](const std::string&) { return "A reply that is long enough to be more than its habits."; };
  const auto lessons = lessons_of(chew_day(sample_day("en/day2.jsonl")), session);
  ASSERT_TRUE(lessons.has_value());
  std::size_t bare = 0, all = 0;
  std::set<std::string> masks;
  for (const LessonRow* row : rows_of(lessons->train.rows(), RowKind::rehearsal)) {
    ++all;
    if (!row->conversation.starts_with("bare-")) continue;
    ++bare;
    const std::string text = text_of(row->tokens);
    EXPECT_TRUE(text.starts_with("<s:"));
    masks.insert(text.substr(0, text.find("<u:")));
    EXPECT_EQ(text.find("Mm, a warm thought"), std::string::npos) << text;
    EXPECT_EQ(text.find("Be gentle with yourself"), std::string::npos) << text;
    EXPECT_EQ(row->targets, std::vector<std::uint32_t>{static_cast<std::uint32_t>(row->tokens.size() - 1)});
    EXPECT_EQ(row->teacher.size(), 1u);
  }
  EXPECT_NEAR(static_cast<double>(bare) / static_cast<double>(all), 1.0 / 3, 0.05);
  EXPECT_GE(masks.size(), 20u);
}

TEST(Rehearsal, OfADayWithoutAClosingHasNoBareReplies) {
  ByteSession session;
  session.says = [](const std::string&) { return "A reply that is long enough to be more than its habits."; };
  const auto lessons = lessons_of(chew_day(sample_day("en/day1.jsonl")), session);
  ASSERT_TRUE(lessons.has_value());
  for (const LessonRow* row : rows_of(lessons->train.rows(), RowKind::rehearsal)) {
    EXPECT_FALSE(row->conversation.starts_with("bare-"));
  }
}

}  // namespace
}  // namespace banchu::test
