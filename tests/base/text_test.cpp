#include "base/text.h"

#include <gtest/gtest.h>

namespace banchu {
namespace {

TEST(Text, FoldsCaseSpaceAndComposition) {
  EXPECT_EQ(fold("  Mm,\ta  WARM\nthought "), "mm, a warm thought");
  EXPECT_EQ(fold("\xE1\x84\x80\xE1\x85\xA1"), "가");  // two jamo compose to one syllable
}

TEST(Text, RefusesInvalidUtf8AndNamesTheByte) {
  EXPECT_TRUE(is_valid_utf8("사유"));
  const Status bad = check_utf8("ab\xFF", "the message");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::InvalidArgument);
  EXPECT_NE(bad.error().message.find("byte 2"), std::string::npos);
}

TEST(Text, SeesHowMuchOfACharacterIsMissing) {
  const std::string syllable = "사";
  EXPECT_EQ(incomplete_utf8_tail("a" + syllable), 0u);
  EXPECT_EQ(incomplete_utf8_tail("a" + syllable.substr(0, 2)), 2u);
  EXPECT_EQ(incomplete_utf8_tail("a" + syllable.substr(0, 1)), 1u);
}

TEST(Text, SplitsWordsAndDropsPunctuation) {
  EXPECT_EQ(words("Don't stop: 3 cats!"), (std::vector<std::string>{"don't", "stop", "3", "cats"}));
}

TEST(Text, ShortensByCharactersNotBytes) { EXPECT_EQ(shorten("사유하는 힘", 2), "사유..."); }

TEST(Text, PlainLinesAreWhatAFileOfAnotherSystemMeans) {
  EXPECT_EQ(plain_lines("\xEF\xBB\xBFone\r\ntwo\r\n\r\n"), "one\ntwo");
  EXPECT_EQ(plain_lines("a\rb"), "a\rb");
  EXPECT_EQ(plain_lines("  a  "), "  a  ");
  EXPECT_EQ(plain_lines("\r\n"), "");
  EXPECT_EQ(plain_lines(""), "");
}

}  // namespace
}  // namespace banchu
