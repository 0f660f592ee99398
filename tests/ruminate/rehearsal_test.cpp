#include <gtest/gtest.h>

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

}  // namespace
}  // namespace banchu::test
