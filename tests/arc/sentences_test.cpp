#include "arc/sentences.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace banchu {
namespace {

using Sentences = std::vector<std::string>;

TEST(Sentences, EndAtMarksAndKeepTheirClosers) {
  EXPECT_EQ(sentences_of("It rained. \"Did it?\" It did!"), (Sentences{"It rained.", "\"Did it?\"", "It did!"}));
  EXPECT_EQ(sentences_of("비가 왔다. 그래서 집에 있었다."), (Sentences{"비가 왔다.", "그래서 집에 있었다."}));
}

TEST(Sentences, AreNotEndedByAbbreviationsInitialsAndNumbers) {
  EXPECT_EQ(sentences_of("Mr. Hale paid 3.50 to J. Smith. He left."),
            (Sentences{"Mr. Hale paid 3.50 to J. Smith.", "He left."}));
}

TEST(Sentences, SpeechGoesOnWhereTheNarratorDoes) {
  EXPECT_EQ(sentences_of("\"Stop!\" said he. \"Why?\" she asked."),
            (Sentences{"\"Stop!\" said he.", "\"Why?\" she asked."}));
}

TEST(Sentences, TokenisedLowerCaseTextIsStillText) {
  EXPECT_EQ(sentences_of("tony lived here . [MALE] was glad . he slept ."),
            (Sentences{"tony lived here .", "[MALE] was glad .", "he slept ."}));
}

TEST(Sentences, WrappedLinesAreOneAndEmptyLinesAreTwo) {
  EXPECT_EQ(sentences_of("The road went on over the hills and very far away\nto the sea."),
            (Sentences{"The road went on over the hills and very far away to the sea."}));
  EXPECT_EQ(sentences_of("Chapter One\n\nIt rained"), (Sentences{"Chapter One", "It rained"}));
}

TEST(Sentences, ANovelInOneLineWithoutAMarkIsCutAtSpaces) {
  std::string novel;
  for (int i = 0; i < 5000; ++i) novel += "word ";
  const Sentences cut = sentences_of(novel);
  EXPECT_GT(cut.size(), 5u);
  for (const std::string& sentence : cut) {
    EXPECT_LE(sentence.size(), kLongestSentenceBytes);
    EXPECT_EQ(sentence.size() % 5, 4u) << "cut inside a word";
  }
  std::string hangul;
  for (int i = 0; i < 5000; ++i) hangul += "가";
  for (const std::string& sentence : sentences_of(hangul)) EXPECT_TRUE(is_valid_utf8(sentence));
}

TEST(Sentences, BrokenBytesAreReplacedAndCounted) {
  std::size_t broken = 0;
  const std::string clean = clean_text("ab\xFFцd\xED\xA0\x80 \xE0\x80\xAF end\xEA\xB0", broken);
  EXPECT_TRUE(is_valid_utf8(clean));
  EXPECT_EQ(broken, 9u);
  EXPECT_TRUE(clean.starts_with("ab\xEF\xBF\xBDц"));
  EXPECT_EQ(clean_text("\xEF\xBB\xBF"
                       "a\r\nb\rc\x01",
                       broken = 0),
            "a\nb\nc ");
  EXPECT_EQ(broken, 0u);
}

TEST(Sentences, KoreanWrittenInJamoIsTheSameText) {
  std::size_t broken = 0;
  EXPECT_EQ(clean_text("\xE1\x84\x80\xE1\x85\xA1", broken), "가");
}

}  // namespace
}  // namespace banchu
