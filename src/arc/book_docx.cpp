// DOCX (ECMA-376, WordprocessingML): word/document.xml holds the paragraphs, word/styles.xml says which are headings.
#include <map>

#include "arc/book_archive.h"
#include "arc/book_block.h"
#include "arc/book_xml.h"
#include "base/text.h"

namespace banchu {
namespace {

constexpr int kTitleLevel = 0;

// "heading 2" -> 2, "Title" -> 0 (the book's title), anything else -> -1. Korean Word names its styles in English
// inside.
int level_of_style(const std::string& name) {
  const std::string folded = fold(name);
  if (folded == "title" || folded == "제목") return kTitleLevel;
  for (const std::string_view prefix : {"heading ", "heading", "제목 "}) {
    if (!folded.starts_with(prefix) || folded.size() != prefix.size() + 1) continue;
    const char digit = folded.back();
    if (digit >= '1' && digit <= '9') return digit - '0';
  }
  return -1;
}

// The number of each style that is a heading; without styles.xml the ids speak for themselves.
Result<std::map<std::string, int>> heading_styles(const BookArchive& archive, const std::string& name) {
  std::map<std::string, int> levels;
  if (!archive.has("word/styles.xml")) return levels;
  BANCHU_TRY(const std::string bytes, archive.read("word/styles.xml"));
  BANCHU_TRY(const auto document, parse_xml(bytes, name + ": word/styles.xml"));
  std::string id;
  walk_xml(
      *document,
      [&](const pugi::xml_node& node) {
        if (local_name(node) == "style") id = local_attribute(node, "styleId").value();
        if (local_name(node) != "name" || id.empty()) return true;
        const int level = level_of_style(local_attribute(node, "val").value());
        if (level >= 0) levels[id] = level;
        return true;
      },
      [](const pugi::xml_node&) {});
  return levels;
}

class DocumentReader {
 public:
  DocumentReader(const std::map<std::string, int>& levels, BookBlocks& read) : levels_(levels), read_(read) {}

  bool enter(const pugi::xml_node& node) {
    const std::string_view name = local_name(node);
    if (name == "p") level_ = -1;
    if (name == "pStyle") level_ = level_of(local_attribute(node, "val").value());
    if (name == "t") text_ += node.child_value();
    if (name == "tab" || name == "br" || name == "cr") text_ += ' ';
    // Deleted text and field codes are no text; a drawing's text box repeats itself in its fall-back.
    return name != "t" && name != "del" && name != "instrText" && name != "Fallback";
  }

  void leave(const pugi::xml_node& node) {
    if (local_name(node) != "p") return;
    const std::string text = clean_line(text_);
    text_.clear();
    if (text.empty()) return;
    if (level_ == kTitleLevel && read_.title.empty()) {
      read_.title = text;
    } else if (level_ > 0) {
      read_.blocks.push_back({BookBlock::Kind::heading, text, level_});
    } else if (is_scene_break(text)) {
      read_.blocks.push_back({BookBlock::Kind::scene_break, "", 0});
    } else {
      const bool is_heading = is_chapter_line(text, true);
      read_.blocks.push_back({is_heading ? BookBlock::Kind::heading : BookBlock::Kind::paragraph, text, 1});
    }
  }

 private:
  int level_of(const std::string& id) const {
    const auto known = levels_.find(id);
    return known == levels_.end() ? level_of_style(id) : known->second;
  }

  const std::map<std::string, int>& levels_;
  BookBlocks& read_;
  std::string text_;
  int level_ = -1;
};

}  // namespace

Result<BookBlocks> read_docx(std::string_view bytes, const std::string& name) {
  BANCHU_TRY(const BookArchive archive, BookArchive::open(bytes, name));
  using Levels = std::map<std::string, int>;
  BANCHU_TRY(const Levels levels, heading_styles(archive, name));
  BANCHU_TRY(const std::string document_bytes, archive.read("word/document.xml"));
  BANCHU_TRY(const auto document, parse_xml(document_bytes, name + ": word/document.xml"));
  BookBlocks read;
  DocumentReader reader(levels, read);
  walk_xml(
      *document, [&](const pugi::xml_node& node) { return reader.enter(node); },
      [&](const pugi::xml_node& node) { reader.leave(node); });
  return read;
}

}  // namespace banchu
