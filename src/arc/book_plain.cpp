// Plain text and Markdown to blocks.
#include <algorithm>

#include "arc/book_block.h"
#include "base/text.h"

namespace banchu {
namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    lines.push_back(text.substr(0, end));
    const bool is_pair = text.substr(end, 2) == "\r\n";
    text.remove_prefix(std::min(end + (is_pair ? 2 : 1), text.size()));
  }
  return lines;
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\f\v\xC2\xA0\xE3\x80") == std::string_view::npos;
}

bool ends_a_sentence(std::string_view line) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  constexpr std::string_view kEnds[] = {".", "?", "!", "\"", "'", "”", "’", "…", "」", "』", ":", ")"};
  return std::ranges::any_of(kEnds, [&](std::string_view end) { return line.ends_with(end); });
}

// Hard-wrapped texts break lines in the middle of sentences; others give each paragraph a line of its own.
bool is_wrapped(const std::vector<std::string_view>& lines) {
  std::size_t written = 0, ended = 0;
  for (const std::string_view line : lines) {
    if (is_blank(line) || is_scene_break(line) || is_chapter_line(line, true)) continue;
    ++written;
    ended += ends_a_sentence(line) ? 1 : 0;
  }
  return written > 0 && ended * 5 < written * 3;
}

class PlainReader {
 public:
  explicit PlainReader(const std::vector<std::string_view>& lines) : lines_(lines), wrapped_(is_wrapped(lines)) {}

  std::vector<BookBlock> read() {
    for (std::size_t i = 0; i < lines_.size(); ++i) read_line(i);
    flush();
    return std::move(blocks_);
  }

 private:
  bool is_blank_at(std::size_t i) const { return i >= lines_.size() || is_blank(lines_[i]); }

  void read_line(std::size_t i) {
    const std::string_view line = lines_[i];
    if (is_blank(line)) return flush();
    const bool stands_alone = (i == 0 || is_blank_at(i - 1)) && is_blank_at(i + 1);
    if (is_scene_break(line)) return add(BookBlock::Kind::scene_break, "");
    if (is_chapter_line(line, stands_alone)) return add(BookBlock::Kind::heading, clean_line(line));
    if (!paragraph_.empty()) paragraph_ += ' ';
    paragraph_ += line;
    if (!wrapped_) flush();
  }

  void add(BookBlock::Kind kind, std::string text) {
    flush();
    blocks_.push_back({kind, std::move(text), 1});
  }

  void flush() {
    std::string text = clean_line(paragraph_);
    paragraph_.clear();
    if (!text.empty()) blocks_.push_back({BookBlock::Kind::paragraph, std::move(text), 0});
  }

  const std::vector<std::string_view>& lines_;
  bool wrapped_;
  std::string paragraph_;
  std::vector<BookBlock> blocks_;
};

// ---- Markdown: only what a novel uses ------------------------------------------------------------------------------

int heading_level(std::string_view line) {
  const std::size_t signs = std::min(line.find_first_not_of('#'), line.size());
  return signs >= 1 && signs <= 6 && signs < line.size() && line[signs] == ' ' ? static_cast<int>(signs) : 0;
}

// The words without their marks: emphasis, code ticks, links as their text, images left out.
std::string without_marks(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const std::size_t close = c == '[' ? line.find("](", i) : std::string_view::npos;
    const std::size_t end = close == std::string_view::npos ? close : line.find(')', close);
    if (c == '\\' && i + 1 < line.size()) {
      out += line[++i];
    } else if (c == '!' && i + 1 < line.size() && line[i + 1] == '[' && line.find("](", i) != std::string_view::npos) {
      const std::size_t last = line.find(')', line.find("](", i));
      if (last == std::string_view::npos) return out;
      i = last;
    } else if (end != std::string_view::npos) {
      out += line.substr(i + 1, close - i - 1);
      i = end;
    } else if (c != '*' && c != '`' &&
               !(c == '_' && (i == 0 || i + 1 == line.size() || line[i - 1] == ' ' || line[i + 1] == ' '))) {
      out += c;
    }
  }
  return out;
}

std::string_view without_prefix(std::string_view line) {
  while (line.starts_with(' ') || line.starts_with('\t')) line.remove_prefix(1);
  while (line.starts_with("> ") || line == ">") line.remove_prefix(std::min<std::size_t>(2, line.size()));
  return line;
}

class MarkdownReader {
 public:
  BookBlocks read(std::string_view text) {
    for (const std::string_view raw : lines_of(text)) read_line(without_prefix(raw));
    flush();
    return std::move(read_);
  }

 private:
  void read_line(std::string_view line) {
    if (line.starts_with("```") || line.starts_with("~~~")) is_code_ = !is_code_;
    if (is_code_ || line.starts_with("```") || line.starts_with("<!--")) return;
    const int level = heading_level(line);
    if (is_blank(line)) {
      flush();
    } else if (level > 0) {
      flush();
      std::string title = clean_line(without_marks(line.substr(static_cast<std::size_t>(level))));
      if (level == 1 && read_.title.empty() && read_.blocks.empty()) read_.title = title;
      read_.blocks.push_back({BookBlock::Kind::heading, std::move(title), level});
    } else if (is_scene_break(line)) {
      flush();
      read_.blocks.push_back({BookBlock::Kind::scene_break, "", 0});
    } else {
      paragraph_ += (paragraph_.empty() ? "" : " ") + without_marks(line);
    }
  }

  void flush() {
    std::string text = clean_line(paragraph_);
    paragraph_.clear();
    if (!text.empty()) read_.blocks.push_back({BookBlock::Kind::paragraph, std::move(text), 0});
  }

  BookBlocks read_;
  std::string paragraph_;
  bool is_code_ = false;
};

}  // namespace

std::string clean_line(std::string_view text) {
  std::string spaced;
  spaced.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool is_nbsp = c == 0xC2 && text.substr(i, 2) == "\xC2\xA0";
    const bool is_wide = c == 0xE3 && text.substr(i, 3) == "\xE3\x80\x80";
    const bool is_space = c <= 0x20 || c == 0x7F || is_nbsp || is_wide;
    if (!is_space) spaced += text[i];
    if (is_space && !spaced.empty() && spaced.back() != ' ') spaced += ' ';
    i += is_nbsp ? 1 : is_wide ? 2 : 0;
  }
  if (spaced.ends_with(' ')) spaced.pop_back();
  return nfc(spaced);
}

Result<BookBlocks> read_plain_text(std::string_view text) {
  return BookBlocks{"", PlainReader(lines_of(text)).read(), {}};
}

Result<BookBlocks> read_markdown(std::string_view text) { return MarkdownReader().read(text); }

}  // namespace banchu
