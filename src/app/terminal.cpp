#include "app/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

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
  return escape(style) + std::string(text) + "\x1b[0m";
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

std::string pad_to(std::string_view text, std::size_t columns) {
  const std::size_t width = display_width(text);
  return std::string(text) + std::string(width < columns ? columns - width : 0, ' ');
}

}  // namespace banchu
