// What every format is brought to before chapters are looked for: a run of headings, paragraphs and breaks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "arc/book.h"
#include "base/result.h"

namespace banchu {

struct BookBlock {
  enum class Kind { paragraph, heading, scene_break };
  Kind kind = Kind::paragraph;
  std::string text;
  int level = 0;  // of a heading, from 1
};

struct BookBlocks {
  std::string title;
  std::vector<BookBlock> blocks;
  std::vector<std::string> notes;
};

// Headings of the first three levels open a chapter, deeper ones a scene; a chapter without a word is dropped.
std::vector<BookChapter> chapters_of(const std::vector<BookBlock>& blocks);

// White space to single spaces, NFC, no control characters.
std::string clean_line(std::string_view text);
// "***", "* * *", "---", "◇", ...: nothing but such signs.
bool is_scene_break(std::string_view line);
// "Chapter VII. The Letter", "Prologue", "제3장 편지", "12화", and, standing alone, "3." and "IV".
bool is_chapter_line(std::string_view line, bool stands_alone);

Result<BookBlocks> read_plain_text(std::string_view text);
Result<BookBlocks> read_markdown(std::string_view text);
Result<BookBlocks> read_epub(std::string_view bytes, const std::string& name);
Result<BookBlocks> read_docx(std::string_view bytes, const std::string& name);

}  // namespace banchu
