#include "app/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/digest.h"
#include "base/text.h"

namespace banchu {
namespace {

bool wants_colour() {
  const char* refused = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return (refused == nullptr || *refused == '\0') && term != nullptr && std::string_view(term) != "dumb";
}

const char* escape(Style style) {
  switch (style) {
    case Style::bold:
      return "\x1b[1m";
    case Style::dim:
      return "\x1b[2m";
    case Style::green:
      return "\x1b[32m";
    case Style::yellow:
      return "\x1b[33m";
    case Style::red:
      return "\x1b[31m";
    case Style::cyan:
      return "\x1b[36m";
    case Style::plain:
      break;
  }
  return "";
}

// Stands for a colour until the text is shown. Nobody can write it who has not read this process's memory, so a colour
// of ours is never mistaken for an escape sequence in somebody's text.
const std::string& colour_mark() {
  static const std::string mark = "\x1b" + random_id();
  return mark;
}

std::string mark_of(Style style) { return colour_mark() + static_cast<char>('a' + static_cast<int>(style)); }

}  // namespace

Terminal::Terminal(std::FILE* stream)
    : stream_(stream), is_terminal_(isatty(fileno(stream)) == 1), has_colour_(is_terminal_ && wants_colour()) {}

std::size_t Terminal::columns() const {
  winsize size{};
  if (is_terminal_ && ioctl(fileno(stream_), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

std::string Terminal::paint(Style style, std::string_view text) const {
  if (!has_colour_ || style == Style::plain) return std::string(text);
  return mark_of(style) + std::string(text) + mark_of(Style::plain);
}

void Terminal::show(std::string_view text) const {
  const std::string& mark = colour_mark();
  std::string shown;
  for (std::size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark)) {
    shown += shown_text(text.substr(0, at));
    const auto style = static_cast<Style>(text[at + mark.size()] - 'a');
    shown += style == Style::plain ? "\x1b[0m" : escape(style);
    text.remove_prefix(at + mark.size() + 1);
  }
  write(shown + shown_text(text));
}

void Terminal::write(std::string_view text) const {
  const bool written = std::fwrite(text.data(), 1, text.size(), stream_) == text.size();
  if ((std::fflush(stream_) != 0 || !written) && error_ == 0) error_ = errno;
}

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  for (const char32_t c : code_points(text)) {
    const int width = ::wcwidth(static_cast<wchar_t>(c));
    columns += static_cast<std::size_t>(std::max(0, width));
  }
  return columns;
}

namespace {

// How many bytes of `word` fit into `columns`; at least one character.
std::size_t bytes_that_fit(std::string_view word, std::size_t columns) {
  std::size_t end = 0;
  while (end < word.size()) {
    std::size_t next = end + 1;
    while (next < word.size() && (static_cast<unsigned char>(word[next]) & 0xC0) == 0x80) ++next;
    if (end > 0 && display_width(word.substr(0, next)) > columns) break;
    end = next;
  }
  return end;
}

void wrap_line(std::string_view line, std::size_t columns, std::vector<std::string>& lines) {
  std::string current;
  while (!line.empty()) {
    const std::size_t space = line.find(' ');
    std::string_view word = line.substr(0, space);
    line.remove_prefix(std::min(line.size(), word.size() + 1));
    const std::size_t used = current.empty() ? 0 : display_width(current) + 1;
    if (!current.empty() && used + display_width(word) > columns) {
      lines.push_back(std::move(current));
      current.clear();
    }
    while (current.empty() && display_width(word) > columns) {
      const std::size_t fits = bytes_that_fit(word, columns);
      lines.emplace_back(word.substr(0, fits));
      word.remove_prefix(fits);
    }
    if (!current.empty()) current += ' ';
    current += word;
  }
  lines.push_back(std::move(current));
}

}  // namespace

std::vector<std::string> wrapped(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines;
  while (true) {
    const std::size_t end = text.find('\n');
    wrap_line(text.substr(0, end), std::max<std::size_t>(columns, 8), lines);
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

std::string pad_to(std::string_view text, std::size_t columns) {
  const std::size_t width = display_width(text);
  return std::string(text) + std::string(width < columns ? columns - width : 0, ' ');
}

}  // namespace banchu
