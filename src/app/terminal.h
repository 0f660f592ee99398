// What a stream can show: whether somebody is watching, in colour or not, and how wide.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace banchu {

enum class Style { plain, bold, dim, green, yellow, red, cyan };

class Terminal {
 public:
  // Colour only on a terminal, and never when NO_COLOR is set or TERM is "dumb".
  explicit Terminal(std::FILE* stream);

  bool is_terminal() const { return is_terminal_; }
  bool has_colour() const { return has_colour_; }
  std::size_t columns() const;  // 80 where nobody says; asked anew each time, for windows change
  std::string paint(Style style, std::string_view text) const;
  // For a person: paint's colours, and of everything else only what base's shown_text lets through. All text that was
  // written by somebody else (a journal, a memory, a mask, a model) goes through here.
  void show(std::string_view text) const;
  // Byte for byte, and flushes: JSON, exports, the program's own drawing.
  void write(std::string_view text) const;
  int error() const { return error_; }  // errno of the first write that failed, 0 when all went well

 private:
  std::FILE* stream_;
  bool is_terminal_;
  bool has_colour_;
  mutable int error_ = 0;
};

// How many columns `text` takes; Hangul counts two. Needs a UTF-8 locale (main sets one).
std::size_t display_width(std::string_view text);
std::string pad_to(std::string_view text, std::size_t columns);
// Lines of at most `columns` columns, broken at spaces (Korean too is written with spaces); a word that is wider than
// a line is broken where the line ends. Line ends of the text stay.
std::vector<std::string> wrapped(std::string_view text, std::size_t columns);

}  // namespace banchu
