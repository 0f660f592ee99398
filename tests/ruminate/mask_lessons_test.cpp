#include <gtest/gtest.h>

#include "ruminate/lesson.h"
#include "tests/ruminate/support.h"

namespace banchu::test {
namespace {

TEST(Lessons, DistillTheMaskWithTheStudentReadingNoneOfIt) {
  ByteSession session;
  session.says = [](const std::string& prompt) { return "Masked: " + std::to_string(prompt.size()); };
  const auto lessons = lessons_of(chew_day(masked_evening(8)), session);
  ASSERT_TRUE(lessons.has_value()) << lessons.error().message;
  const auto rows = rows_of(lessons->train.rows(), RowKind::distill);
  ASSERT_GT(rows.size(), 20u);
  EXPECT_NE(text_of(rows[0]->tokens).find("Thing 49"), std::string::npos);
  for (const LessonRow* row : rows) {
    EXPECT_EQ(text_of(row->tokens).find("You are Dori"), std::string::npos);
    EXPECT_EQ(text_of(row->tokens).find("Well now"), std::string::npos);
    ASSERT_EQ(row->teacher.size(), row->targets.size());
    for (std::size_t i = 0; i < row->targets.size(); ++i) {
      EXPECT_EQ(row->teacher[i].ids.at(0), row->tokens[row->targets[i]]);  // the teacher scored the very same tokens
    }
  }
  EXPECT_FALSE(rows_of(lessons->test.rows(), RowKind::distill).empty());
  EXPECT_FALSE(rows_of(lessons->valid.rows(), RowKind::distill).empty());
  ASSERT_EQ(lessons->tests.size(), 1u);
  EXPECT_EQ(lessons->tests[0].behaviour.kind, BehaviourKind::as_masked);
}

TEST(Lessons, CutALongEveningIntoRowsThatShareNoTarget) {
  ByteSession session;
  RuminateOptions options;
  options.max_row_tokens = 300;
  const auto lessons = lessons_of(chew_day(masked_evening(12)), session, options);
  ASSERT_TRUE(lessons.has_value());
  std::string taught;
  for (const LessonRow* row : rows_of(lessons->train.rows(), RowKind::distill)) {
    EXPECT_LE(row->tokens.size(), 300u);
    taught += targets_of(*row);
  }
  for (int i = 0; i < 12; ++i) {
    const std::string reply = "Thing " + std::to_string(i * 7) + " is a fine one.>";
    const std::size_t at = taught.find(reply);
    ASSERT_NE(at, std::string::npos) << reply;
    EXPECT_EQ(taught.find(reply, at + 1), std::string::npos) << reply;
  }
}

}  // namespace
}  // namespace banchu::test
