// Tables and folders as people really have them.
#include "exchange/first_data.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/file.h"
#include "exchange/csv.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;

// "안녕" and "반가워" in CP949, and "네".
const std::string kHelloCp949 = "\xBE\xC8\xB3\xE7";
const std::string kGladCp949 = "\xB9\xDD\xB0\xA1\xBF\xF6";
const std::string kYesCp949 = "\xB3\xD7";

class FirstDataOf : public testing::Test {
 protected:
  fs::path write(const std::string& name, const std::string& bytes) const {
    const fs::path path = folder_.path() / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  LessonSink sink() {
    return [this](const FirstLesson& lesson) {
      lessons_.push_back(lesson);
      return Status();
    };
  }
  Result<FirstData> table(const std::string& bytes) {
    lessons_.clear();
    return read_question_table(write("t.csv", bytes), sink(), nullptr);
  }
  TemporaryFolder folder_ = TemporaryFolder::create("banchu-first").value();
  std::vector<FirstLesson> lessons_;
};

TEST_F(FirstDataOf, ATableWithAnEnglishHeader) {
  const auto data = table("answer,question,note\r\n\"a, b\",Which letters?,x\r\nTwo,\"What is \"\"1+1\"\"?\",y\r\n");
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_TRUE(data->has_header);
  ASSERT_EQ(lessons_.size(), 2u);
  EXPECT_EQ(lessons_[0].question, "Which letters?");
  EXPECT_EQ(lessons_[0].answer, "a, b");
  EXPECT_EQ(lessons_[1].question, "What is \"1+1\"?");
  EXPECT_EQ(lessons_[1].where, "row 3");
  EXPECT_EQ(data->encoding, "UTF-8");
}

TEST_F(FirstDataOf, ATableWithAKoreanHeaderAndAByteOrderMark) {
  const auto data = table("\xEF\xBB\xBF질문;답변\n안녕, 뭐 해?;\"책을\n읽어요\"\n");
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_EQ(data->separator, ";");
  EXPECT_TRUE(data->has_header);
  ASSERT_EQ(lessons_.size(), 1u);
  EXPECT_EQ(lessons_[0].answer, "책을\n읽어요");
}

TEST_F(FirstDataOf, ATableWithoutAHeaderAndWithTabs) {
  const auto data = table("Hello\tHi, friend; well?\nBye\tSee you, soon\n");
  ASSERT_TRUE(data);
  EXPECT_EQ(data->separator, "tab");
  EXPECT_FALSE(data->has_header);
  EXPECT_EQ(data->rows, 2u);
  EXPECT_EQ(lessons_[0].question, "Hello");
}

TEST_F(FirstDataOf, AKoreanTableOfAnOldSpreadsheet) {
  std::string rows;
  for (int i = 0; i < 50; ++i) rows += kHelloCp949 + std::to_string(i) + "," + kGladCp949 + "\r\n";
  const auto data = table(rows);
  ASSERT_TRUE(data);
  EXPECT_EQ(data->encoding, "CP949");
  ASSERT_EQ(lessons_.size(), 50u);
  EXPECT_EQ(lessons_[7].question, "안녕7");
  EXPECT_EQ(lessons_[7].answer, "반가워");
}

TEST_F(FirstDataOf, RowsOfAnotherEncodingAreNamed) {
  std::string rows = "질문,답변\n";
  for (int i = 0; i < 20; ++i) rows += "물음" + std::to_string(i) + ",대답\n";
  rows += kHelloCp949 + "," + kGladCp949 + "\n";
  rows += "\xFF\xFF,broken\n";
  const auto data = table(rows);
  ASSERT_TRUE(data);
  EXPECT_EQ(data->encoding, "mixed");
  EXPECT_EQ(data->other_encoding, std::vector<std::string>{"row 22 is in CP949, unlike most"});
  EXPECT_EQ(lessons_.back().question, "안녕");
  EXPECT_EQ(data->left_out(SkipReason::encoding).where, std::vector<std::string>{"row 23"});
}

// Short CP949 words can be valid UTF-8 by accident: C2 A4, a syllable there, a currency sign here.
TEST_F(FirstDataOf, AShortKoreanRowIsNotTakenForUtf8) {
  std::string rows;
  for (int i = 0; i < 9; ++i) rows += kHelloCp949 + std::to_string(i) + "," + kGladCp949 + "\n";
  rows += "\xC2\xA4,\xC2\xA4\n";
  const auto data = table(rows);
  ASSERT_TRUE(data);
  EXPECT_EQ(data->encoding, "CP949");
  EXPECT_NE(lessons_.back().question, "\xC2\xA4");
}

TEST_F(FirstDataOf, WhatIsLeftOutIsCountedAndNamed) {
  const auto data =
      table("q,a\nx,y\n,y\nx,\xE3\x80\x80\nx,y\nonly one\nlong," + std::string(4001, 'z') + "\nlast,one\n");
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_EQ(data->rows, 7u);
  EXPECT_EQ(data->lessons, 2u);
  EXPECT_EQ(data->left_out(SkipReason::empty).where, (std::vector<std::string>{"row 3", "row 4"}));
  EXPECT_EQ(data->left_out(SkipReason::duplicate).where, std::vector<std::string>{"row 5"});
  EXPECT_EQ(data->left_out(SkipReason::columns).where, std::vector<std::string>{"row 6"});
  EXPECT_EQ(data->left_out(SkipReason::too_long).where, std::vector<std::string>{"row 7"});
}

TEST_F(FirstDataOf, ATableThatIsNoneIsRefused) {
  const std::vector<std::pair<std::string, std::string>> bad = {{"", "nothing"},
                                                                {"\n\n", "nothing"},
                                                                {"just text\nand more\n", "one column"},
                                                                {"a,b,c\n1,2,3\n", "3 columns"},
                                                                {"q,a\nx,\"never closed\nrow\nrow\n", "row 2"},
                                                                {std::string("\xFF\xFEq\0,\0a\0", 8), "UTF-16"},
                                                                {std::string("q,a\nx\0,y\n", 9), "UTF-16"}};
  for (const auto& [bytes, word] : bad) {
    const auto data = table(bytes);
    ASSERT_FALSE(data) << bytes;
    EXPECT_EQ(data.error().code, Code::InvalidArgument);
    EXPECT_NE(data.error().message.find(word), std::string::npos) << data.error().message;
  }
  EXPECT_EQ(read_question_table("/nowhere.csv", sink(), nullptr).error().code, Code::NotFound);
}

TEST_F(FirstDataOf, AMillionRowsTakeNoMoreMemoryThanTheirKeys) {
  const fs::path path = folder_.path() / "large.csv";
  {
    std::ofstream out(path, std::ios::binary);
    for (int i = 0; i < 1000000; ++i) out << "question " << i % 900000 << ",an answer\n";
  }
  const std::uint64_t before = peak_rss_bytes();
  std::uint64_t handed = 0;
  const LessonSink count = [&](const FirstLesson&) {
    ++handed;
    return Status();
  };
  const auto data = read_question_table(path, count, nullptr);
  ASSERT_TRUE(data);
  EXPECT_EQ(data->rows, 1000000u);
  EXPECT_EQ(handed, 900000u);
  EXPECT_EQ(data->left_out(SkipReason::duplicate).count, 100000u);
  EXPECT_EQ(data->left_out(SkipReason::duplicate).where.size(), kMostNamed);
#ifndef __SANITIZE_ADDRESS__  // which keeps what was freed
  EXPECT_LT(peak_rss_bytes() - before, 64u << 20);
#endif
}

TEST_F(FirstDataOf, ALineOfSeparatorsDoesNotFillTheMemory) {
  const auto data = table("q,a\n" + std::string(5 << 20, ',') + "\nx,y\n");
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_EQ(data->lessons, 1u);
  EXPECT_EQ(data->left_out(SkipReason::too_long).count, 1u);
}

TEST_F(FirstDataOf, TextsBecomePassagesInTheirOrder) {
  const std::string sentence = "The river turned slowly past the mill, and nobody spoke. ";
  std::string tale;
  while (tale.size() < 3000) tale += sentence;
  write("texts/b.txt", tale);
  write("texts/a.md", "# 봄\n\n봄이 왔습니다. 뜰에 꽃이 피었습니다.");
  write("texts/deep/c.txt", kHelloCp949 + " " + kYesCp949 + kYesCp949 + kYesCp949);
  write("texts/picture.png", "no text");
  write("texts/empty.txt", " \n");
  const auto data = read_text_folder(folder_.path() / "texts", sink(), nullptr);
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_EQ(data->rows, 4u);
  ASSERT_EQ(lessons_.size(), 5u);
  EXPECT_EQ(lessons_[0].question, "\"a\" 글을 들려주세요.");
  EXPECT_EQ(lessons_[1].question, "Tell me \"b\".");
  EXPECT_EQ(lessons_[2].where, "b.txt, passage 2");
  EXPECT_NE(lessons_[2].question.find("nobody spoke.\""), std::string::npos) << lessons_[2].question;
  EXPECT_TRUE(lessons_[1].answer.ends_with("spoke.")) << "cut at a sentence";
  EXPECT_EQ(lessons_[4].answer.substr(0, 6), "안녕");
  EXPECT_EQ(data->left_out(SkipReason::empty).where, std::vector<std::string>{"empty.txt"});
  std::string joined;
  for (int i = 1; i < 4; ++i) joined += lessons_[static_cast<std::size_t>(i)].answer + " ";
  EXPECT_EQ(joined, tale) << "nothing is lost between passages";
}

TEST_F(FirstDataOf, AFolderWithoutTextsIsSaid) {
  fs::create_directories(folder_.path() / "none");
  const auto data = read_text_folder(folder_.path() / "none", sink(), nullptr);
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().code, Code::NotFound);
}

TEST(Csv, EveryFieldComesOutAsItWentIn) {
  CsvReader reader = CsvReader::over("a,\"b\"\"c\",\n\n\"x\r\ny\",5\" wide,\"\"\r\nlast,row,", "t").value();
  CsvRecord record;
  ASSERT_TRUE(reader.next(record).value());
  EXPECT_EQ(record.fields, (std::vector<std::string>{"a", "b\"c", ""}));
  ASSERT_TRUE(reader.next(record).value());
  EXPECT_EQ(record.row, 3u);
  EXPECT_EQ(record.fields, (std::vector<std::string>{"x\r\ny", "5\" wide", ""}));
  ASSERT_TRUE(reader.next(record).value());
  EXPECT_EQ(record.fields, (std::vector<std::string>{"last", "row", ""}));
  EXPECT_FALSE(reader.next(record).value());
}

}  // namespace
}  // namespace banchu
