#include "arc/book.h"

#include <gtest/gtest.h>

#include "arc/book_archive.h"
#include "arc/book_block.h"
#include "base/text.h"
#include "tests/arc/book_maker.h"

namespace banchu {
namespace {

// "title: scenes of paragraphs" for short comparisons: "One[2,1] Two[3]".
std::string outline(const Book& book) {
  std::string out;
  for (const BookChapter& chapter : book.chapters) {
    out += (out.empty() ? "" : " ") + chapter.title + "[";
    for (std::size_t i = 0; i < chapter.scenes.size(); ++i)
      out += (i == 0 ? "" : ",") + std::to_string(chapter.scenes[i].paragraphs.size());
    out += "]";
  }
  return out;
}

std::string outline_of(const std::string& bytes, const std::string& name) {
  const Result<Book> book = parse_book(bytes, name);
  return book ? outline(*book) : "error: " + book.error().message;
}

Error error_of(const std::string& bytes, const std::string& name) {
  const Result<Book> book = parse_book(bytes, name);
  return book ? make_error(Code::Internal, "no error: " + outline(*book)) : book.error();
}

TEST(BookText, ChaptersAndScenesAreFound) {
  EXPECT_EQ(outline_of("Chapter 1\n\nIt rained.\nShe came home.\n\n* * *\n\nIt was dry.\n\nCHAPTER II. The Key\n\nA "
                       "key lay there.\n\nEpilogue\n\nAll slept.\n",
                       "novel.txt"),
            "Chapter 1[2,1] CHAPTER II. The Key[1] Epilogue[1]");
  EXPECT_EQ(outline_of("프롤로그\n바람이 불었다.\n제1장 편지\n편지가 왔다.\n◇\n그는 울었다.\n2화\n비가 그쳤다.\n",
                       "소설.txt"),
            "프롤로그[1] 제1장 편지[1,1] 2화[1]");
}

TEST(BookText, ASentenceThatLooksLikeAHeadingIsNone) {
  EXPECT_FALSE(is_chapter_line("Part of the road was gone.", true));
  EXPECT_FALSE(is_chapter_line("Chapter and verse were quoted.", true));
  EXPECT_FALSE(is_chapter_line("3장 남았다.", true));
  EXPECT_FALSE(is_chapter_line("이 장은 오일장이다.", true));
  EXPECT_FALSE(is_chapter_line("12", false));
  EXPECT_FALSE(is_chapter_line("Book one was on the table.", false));
  EXPECT_TRUE(is_chapter_line("12", true));
  EXPECT_TRUE(is_chapter_line("IV.", true));
  EXPECT_TRUE(is_chapter_line("Part Two", true));
  EXPECT_TRUE(is_chapter_line("제 십이 장", false));
  EXPECT_TRUE(is_chapter_line("제3장 봄", false));
}

TEST(BookText, AHardWrappedTextIsJoinedIntoParagraphs) {
  const auto book = parse_book(
      "The old man walked down to the\nharbour because he wanted to see\nthe boats come in.\n\n"
      "There was a boy on the pier who\nwaved at him and then ran away.\n",
      "wrapped.txt");
  ASSERT_TRUE(book);
  ASSERT_EQ(outline(*book), "[2]");
  EXPECT_EQ(book->chapters[0].scenes[0].paragraphs[0],
            "The old man walked down to the harbour because he wanted to see the boats come in.");
}

TEST(BookText, ATableOfContentsIsNoChapter) {
  EXPECT_EQ(outline_of("Chapter 1\n\nChapter 2\n\nChapter 1\n\nRain.\n\nChapter 2\n\nSun.\n", "toc.txt"),
            "Chapter 1[1] Chapter 2[1]");
}

TEST(BookText, Cp949IsReadAsKorean) {
  const auto book = parse_book(
      "\xC1\xA6"
      "1\xC0\xE5\n\xB9\xD9\xB6\xF7\xC0\xCC \xBA\xD2\xBE\xFA\xB4\xD9.\n",
      "old.txt");
  ASSERT_TRUE(book) << book.error().message;
  EXPECT_EQ(book->chapters[0].title, "제1장");
  EXPECT_EQ(book->chapters[0].scenes[0].paragraphs[0], "바람이 불었다.");
  EXPECT_EQ(book->notes, (std::vector<std::string>{"read as CP949"}));
}

TEST(BookText, Utf16WithAMarkIsRead) {
  const std::string utf16 = {'\xFF', '\xFE', '\x14', '\xBC', '\xE4', '\xB2', '.', '\0'};
  const auto book = parse_book(utf16, "u.txt");
  ASSERT_TRUE(book) << book.error().message;
  EXPECT_EQ(book->chapters[0].scenes[0].paragraphs[0], "바다.");
}

TEST(BookText, OneScratchInALongTextIsRepairedAndSaid) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "바람이 불었다.\n";
  text.insert(21, "\xFF");
  const auto book = parse_book(text, "scratched.txt");
  ASSERT_TRUE(book) << book.error().message;
  EXPECT_NE(book->notes[0].find("1 damaged"), std::string::npos);
  EXPECT_TRUE(is_valid_utf8(book->chapters[0].scenes[0].paragraphs[1]));
}

TEST(BookText, DecomposedHangulIsComposed) {
  const auto book = parse_book("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB.\n", "nfd.txt");
  ASSERT_TRUE(book);
  EXPECT_EQ(book->chapters[0].scenes[0].paragraphs[0], "한.");
}

TEST(BookMarkdown, HeadingsAreChaptersAndMarksAreGone) {
  const auto book = parse_book(
      "# 나의 책\n\n## One\n\nHe said *no* and [left](http://x).\nIt was `cold`.\n\n---\n\n![a](b)\n"
      "> Snow_fall.\n\n```\ncode\n```\n\n## Two\n\nSpring.\n",
      "book.md");
  ASSERT_TRUE(book) << book.error().message;
  EXPECT_EQ(book->title, "나의 책");
  EXPECT_EQ(outline(*book), "One[1,1] Two[1]");
  EXPECT_EQ(book->chapters[0].scenes[0].paragraphs[0], "He said no and left. It was cold.");
  EXPECT_EQ(book->chapters[0].scenes[1].paragraphs[0], "Snow_fall.");
}

TEST(BookEpub, IsReadInTheOrderOfItsSpine) {
  const auto book =
      parse_book(make_epub({"<h1>첫째</h1><p>비가&nbsp;왔다.<br/>바람도 불었다.</p><hr/><p>그쳤<b>다</b>.</p>",
                            "<div><p>No heading here.</p></div>",
                            "<h2>Last</h2><script>bad()</script><p>The <i>end</i> &amp; "
                            "after.</p>"}),
                 "book.epub");
  ASSERT_TRUE(book) << book.error().message;
  EXPECT_EQ(book->title, "바다의 책");
  EXPECT_EQ(book->format, "epub");
  EXPECT_EQ(outline(*book), "첫째[1,1] [1] Last[1]");
  EXPECT_EQ(book->chapters[0].scenes[0].paragraphs[0], "비가 왔다. 바람도 불었다.");
  EXPECT_EQ(book->chapters[0].scenes[1].paragraphs[0], "그쳤다.");
  EXPECT_EQ(book->chapters[2].scenes[0].paragraphs[0], "The end & after.");
}

TEST(BookDocx, StylesSayWhatIsAHeading) {
  const std::string body =
      R"(<w:p><w:pPr><w:pStyle w:val="a3"/></w:pPr><w:r><w:t>제목</w:t></w:r></w:p>)"
      R"(<w:p><w:pPr><w:pStyle w:val="1"/></w:pPr><w:r><w:t>First</w:t></w:r></w:p>)"
      R"(<w:p><w:r><w:t xml:space="preserve">It </w:t></w:r><w:r><w:t>rained.</w:t></w:r></w:p>)"
      R"(<w:p><w:r><w:t>* * *</w:t></w:r></w:p>)"
      R"(<w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:r><w:t>Sun.</w:t></w:r></w:p>)"
      R"(<w:p><w:r><w:t>제2장</w:t></w:r></w:p><w:p><w:r><w:t>Snow.</w:t></w:r></w:p>)";
  const auto book = parse_book(make_docx(body), "book.docx");
  ASSERT_TRUE(book) << book.error().message;
  EXPECT_EQ(book->title, "제목");
  EXPECT_EQ(outline(*book), "First[1,1] 제2장[1]");
  EXPECT_EQ(book->chapters[0].scenes[0].paragraphs[0], "It rained.");
  EXPECT_EQ(book->chapters[0].scenes[1].paragraphs[0], "Sun.");
}

TEST(HostileBooks, AZipBombIsRefused) {
  Members members = epub_members({"<p>x</p>"});
  members[2].second = "<p>" + std::string(70u << 20, ' ') + "</p>";
  const std::string bomb = make_zip(members);
  EXPECT_LT(bomb.size(), 1u << 20);
  const Error error = error_of(bomb, "bomb.epub");
  EXPECT_EQ(error.code, Code::InvalidArgument);
  EXPECT_NE(error.message.find("unpacks to more than"), std::string::npos) << error.message;
}

TEST(HostileBooks, BrokenXmlIsNamedWithItsPlace) {
  const Error error = error_of(make_epub({"<p>never <b>closed</p>"}), "broken.epub");
  EXPECT_EQ(error.code, Code::InvalidArgument);
  EXPECT_NE(error.message.find("page 0.xhtml is broken XML at byte"), std::string::npos) << error.message;
}

TEST(HostileBooks, APathThatLeavesTheArchiveIsRefused) {
  Members members = epub_members({"<p>x</p>"});
  for (auto& [name, bytes] : members) {
    const std::size_t at = bytes.find("text/page%200.xhtml");
    if (at != std::string::npos) bytes.replace(at, 19, "../../../etc/passwd");
  }
  const Error error = error_of(make_zip(members), "leaves.epub");
  EXPECT_EQ(error.code, Code::InvalidArgument);
  EXPECT_NE(error.message.find("outside of its archive"), std::string::npos) << error.message;
  EXPECT_FALSE(member_path("a/b.opf", "/etc/passwd"));
  EXPECT_FALSE(member_path("a/b.opf", "..%2F..%2Fx"));
  EXPECT_FALSE(member_path("a/b.opf", "file:///etc/passwd"));
  EXPECT_FALSE(member_path("a/b.opf", "..\\..\\x"));
  EXPECT_EQ(*member_path("a/b.opf", "../c/./d%20e.xhtml#part"), "c/d e.xhtml");
}

TEST(HostileBooks, EntitiesAreNotExpanded) {
  const std::string page = "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><html><p>&b; end.</p></html>";
  Members members = epub_members({"x"});
  members[2].second = page;
  const auto book = parse_book(make_zip(members), "laugh.epub");
  ASSERT_TRUE(book) << book.error().message;
  EXPECT_EQ(book->chapters[0].scenes[0].paragraphs[0], "&b; end.");
}

TEST(HostileBooks, DeepXmlNeedsNoStack) {
  std::string page;
  for (int i = 0; i < 200000; ++i) page += "<b>";
  page += "deep.";
  for (int i = 0; i < 200000; ++i) page += "</b>";
  EXPECT_EQ(outline_of(make_epub({"<p>" + page + "</p>"}), "deep.epub"), "[1]");
}

TEST(HostileBooks, ATruncatedArchiveIsAnError) {
  const std::string whole = make_epub({"<h1>A</h1><p>Some text that is here.</p>"});
  for (std::size_t size = 4; size < whole.size(); size += 7) {
    const auto book = parse_book(whole.substr(0, size), "cut.epub");
    ASSERT_FALSE(book) << size;
    EXPECT_FALSE(book.error().message.empty());
  }
}

TEST(HostileBooks, FlippedBytesNeverCrash) {
  const std::string whole = make_epub({"<h1>A</h1><p>Some text that is here.</p>"});
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x55);
    (void)parse_book(flipped, "flipped.epub").has_value();
  }
}

TEST(HostileBooks, WhatIsNoBookSaysWhatToDo) {
  EXPECT_EQ(error_of("%PDF-1.7 ...", "a.pdf").code, Code::Unsupported);
  EXPECT_EQ(error_of("\xD0\xCF\x11\xE0\xA1", "a.hwp").code, Code::Unsupported);
  EXPECT_EQ(error_of("{\\rtf1 x}", "a.rtf").code, Code::Unsupported);
  EXPECT_EQ(error_of(std::string("a\0b", 3), "a.bin").code, Code::Unsupported);
  EXPECT_EQ(error_of(make_zip({{"a.txt", "x"}}), "a.zip").code, Code::Unsupported);
  EXPECT_EQ(error_of("", "empty.txt").code, Code::InvalidArgument);
  EXPECT_EQ(error_of(" \n\n ***\n", "blank.txt").code, Code::InvalidArgument);
  EXPECT_EQ(error_of("\xC7\xD1\xFF\xFF\xB1\xDB", "bad.txt").code, Code::InvalidArgument);
}

TEST(HostileBooks, AProtectedEpubIsSaidToBeProtected) {
  Members members = epub_members({"<p>x</p>"});
  members.emplace_back("META-INF/encryption.xml", R"(<e><CipherReference URI="OEBPS/text/page 0.xhtml"/></e>)");
  EXPECT_EQ(error_of(make_zip(members), "drm.epub").code, Code::Unsupported);
}

TEST(HostileBooks, ANovelInOneLineIsOneParagraph) {
  std::string novel;
  while (novel.size() < (8u << 20)) novel += "He walked on. 그는 계속 걸었다. ";
  EXPECT_EQ(outline_of(novel, "line.txt"), "[1]");
}

TEST(HostileBooks, HeadingsAloneAreNoText) {
  std::string text;
  for (int i = 0; i < 200000; ++i) text += "제1장\n";
  EXPECT_EQ(error_of(text, "empty.txt").code, Code::InvalidArgument);
}

}  // namespace
}  // namespace banchu
