#include <gtest/gtest.h>

#include "base/digest.h"
#include "ruminate/lesson.h"
#include "tests/ruminate/support.h"

namespace banchu::test {
namespace {

TEST(LessonBytes, ComeBackExactly) {
  ByteSession session;
  const auto lessons = lessons_of(chew_day(masked_evening(8)), session);
  ASSERT_TRUE(lessons.has_value());
  const std::string bytes = lessons_to_bytes(*lessons);
  const auto back = lessons_from_bytes(bytes);
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(lessons_to_bytes(*back), bytes);
  EXPECT_EQ(back->tests.size(), lessons->tests.size());
  EXPECT_EQ(back->count(RowKind::distill), lessons->count(RowKind::distill));
}

TEST(LessonBytes, ThatWereCutOrChangedAreCorruption) {
  Lessons lessons;
  lessons.train.rows().push_back({RowKind::sft, "c", {"m"}, {1, 2, 3}, {1, 2}, {}, 1});
  const std::string bytes = lessons_to_bytes(lessons);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    ASSERT_EQ(lessons_from_bytes(bytes.substr(0, cut)).error().code, Code::Corruption) << cut;
  }
  std::string changed = bytes;
  changed[30] = static_cast<char>(changed[30] ^ 1);
  EXPECT_EQ(lessons_from_bytes(changed).error().code, Code::Corruption);
  EXPECT_EQ(lessons_from_bytes("hello").error().code, Code::Corruption);
}

TEST(LessonBytes, WithATargetOutsideTheRowAreCorruptionEvenWhenTheDigestFits) {
  for (const std::vector<std::uint32_t>& targets : {std::vector<std::uint32_t>{3}, {0}, {2, 1}}) {
    Lessons lessons;
    lessons.train.rows().push_back({RowKind::sft, "c", {}, {1, 2, 3}, targets, {}, 1});
    EXPECT_EQ(lessons_from_bytes(lessons_to_bytes(lessons)).error().code, Code::Corruption);
  }
}

TEST(LessonBytes, KeepPairsAndTheTokenizer) {
  Lessons lessons;
  LessonRow pair{RowKind::preference, "c", {"m"}, {1, 2, 3}, {1, 2}, {}, 0.5f, {1, 5, 6, 7}, {2, 3}};
  lessons.train.rows().push_back(pair);
  lessons.tokenizer = "t";
  const Lessons back = lessons_from_bytes(lessons_to_bytes(lessons)).value();
  EXPECT_EQ("t", back.tokenizer);
  EXPECT_EQ(RowKind::preference, back.train.rows()[0].kind);
  EXPECT_EQ(pair.rejected, back.train.rows()[0].rejected);
  EXPECT_EQ(pair.rejected_targets, back.train.rows()[0].rejected_targets);
  lessons.train.rows()[0].rejected_targets = {2, 4};
  EXPECT_EQ(lessons_from_bytes(lessons_to_bytes(lessons)).error().code, Code::Corruption);
}

// As the first version wrote them: no pairs, no tokenizer.

TEST(LessonBytes, OfTheFirstVersionAreStillRead) {
  Lessons lessons;
  lessons.memories = {"m"};
  std::string bytes = lessons_to_bytes(lessons);
  bytes.resize(bytes.size() - 64 - 8);  // the digest, the empty tokenizer
  bytes.replace(bytes.find("lessons 2"), 9, "lessons 1");
  const auto back = lessons_from_bytes(bytes + sha256(bytes));
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(lessons.memories, back->memories);
}

TEST(LessonBytes, WithACountThatCannotBeTrueTakeNoMemory) {
  std::string bytes = "banchu lessons 1\n";
  bytes += std::string(8, '\x7f');
  EXPECT_EQ(lessons_from_bytes(bytes + sha256(bytes)).error().code, Code::Corruption);
}

}  // namespace
}  // namespace banchu::test
