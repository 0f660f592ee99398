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

TEST(Text, SaysNothingWhenNobodyCouldSeeAnyOfIt) {
  for (const char* text : {"", " \t\r\n", "\u3000", "\u00A0\u202F", "\u200B\u200D\uFEFF\u2060", "\u3164", "\x01\x1b",
                           "\u00AD\u180E", "\uFE0F", "\u2028\u2029"}) {
    EXPECT_TRUE(says_nothing(text)) << text;
  }
  for (const char* text : {"a", "\u3000가", ".", "❤️", "ㅋ", "\u200Bx"}) EXPECT_FALSE(says_nothing(text)) << text;
}

TEST(Text, ShowsNoControlCharacterAndNoOverride) {
  EXPECT_EQ(shown_text("사유 a\tb\nc 👩‍👧"), "사유 a\tb\nc 👩‍👧");
  EXPECT_EQ(shown_text("a\r\nb\rc"), "a\nb␍c");
  EXPECT_EQ(shown_text("\x1b[31mred\x1b]0;title\x07"), "␛[31mred␛]0;title␇");
  EXPECT_EQ(shown_text("a\u009b2Jb\x7f"), "a\uFFFD2Jb␡");
  EXPECT_EQ(shown_text("a\u202Eb\u2066c"), "a\uFFFDb\uFFFDc");
  EXPECT_EQ(shown_text(std::string_view("a\x9b\0b", 4)), "a\uFFFD␀b");
  for (const char32_t c : code_points(shown_text("\x01\x1f\u0080\u009f\u202a\u2069"))) EXPECT_GE(c, 0x2400u);
}

}  // namespace
}  // namespace banchu
