#include "base/text.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>

namespace banchu {
namespace {

std::string map_utf8(std::string_view text, int options) {
  utf8proc_uint8_t* out = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &out, static_cast<utf8proc_option_t>(options));
  if (size < 0) return std::string(text);
  std::string mapped(reinterpret_cast<const char*>(out), static_cast<std::size_t>(size));
  std::free(out);
  return mapped;
}

// Reads one character at `at`; returns its length in bytes, or 0 when the bytes there are no character.
std::size_t read_character(std::string_view text, std::size_t at, char32_t& character) {
  utf8proc_int32_t point = 0;
  const utf8proc_ssize_t used = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at,
                                                 static_cast<utf8proc_ssize_t>(text.size() - at), &point);
  if (used <= 0) return 0;
  character = static_cast<char32_t>(point);
  return static_cast<std::size_t>(used);
}

bool is_space(char32_t c) {
  const utf8proc_category_t category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return c == ' ' || (c >= '\t' && c <= '\r') || category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
         category == UTF8PROC_CATEGORY_ZP;
}

// Letters and symbols that no font draws: Hangul fillers, the empty Braille cell, variation selectors.
bool is_blank_letter(char32_t c) {
  return c == 0x115F || c == 0x1160 || c == 0x3164 || c == 0xFFA0 || c == 0x2800 || c == 0x034F ||
         (c >= 0xFE00 && c <= 0xFE0F);
}

bool is_invisible(char32_t c) {
  const utf8proc_category_t category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return is_space(c) || is_blank_letter(c) || category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_CC;
}

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

bool overrides_direction(char32_t c) { return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069); }

// `character`: the bytes of `c`. U+2400 and the following are the pictures of the control characters.
void append_shown(std::string_view character, char32_t c, std::string& shown) {
  if (c == '\n' || c == '\t') {
    shown += character;
  } else if (c < 0x20 || c == 0x7F) {
    shown += "\xE2\x90";
    shown += static_cast<char>(0x80 + (c == 0x7F ? 0x21 : c));
  } else if ((c >= 0x80 && c < 0xA0) || overrides_direction(c)) {
    shown += kReplacement;
  } else {
    shown += character;
  }
}

// The first byte that is not part of a valid character, or text.size().
std::size_t first_bad_byte(std::string_view text) {
  std::size_t at = 0;
  char32_t ignored = 0;
  while (at < text.size()) {
    const std::size_t used = read_character(text, at, ignored);
    if (used == 0) break;
    at += used;
  }
  return at;
}

}  // namespace

bool is_valid_utf8(std::string_view text) { return first_bad_byte(text) == text.size(); }

Status check_utf8(std::string_view text, const std::string& what) {
  const std::size_t bad = first_bad_byte(text);
  if (bad == text.size()) return {};
  return make_error(Code::InvalidArgument, fmt::format("{} is not valid UTF-8 (byte {})", what, bad),
                    "save it as UTF-8 and try again");
}

std::string nfc(std::string_view text) { return map_utf8(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE); }

std::string fold(std::string_view text) {
  const std::string folded = map_utf8(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
  std::string out;
  bool pending_space = false;
  std::size_t at = 0;
  while (at < folded.size()) {
    char32_t c = 0;
    const std::size_t used = read_character(folded, at, c);
    if (used == 0) break;
    if (is_space(c)) {
      pending_space = !out.empty();
    } else {
      if (pending_space) out += ' ';
      pending_space = false;
      out.append(folded, at, used);
    }
    at += used;
  }
  return out;
}

std::string plain_lines(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::size_t last = text.find_last_not_of("\r\n");
  text = text.substr(0, last == std::string_view::npos ? 0 : last + 1);
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') plain += text[i];
  }
  return plain;
}

std::string trim(std::string_view text) {
  const char* const white = " \t\r\n\v\f";
  const std::size_t begin = text.find_first_not_of(white);
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(white) - begin + 1));
}

bool says_nothing(std::string_view text) {
  const std::vector<char32_t> points = code_points(text);
  return std::all_of(points.begin(), points.end(), is_invisible);
}

std::string shown_text(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    char32_t c = 0;
    const std::size_t used = read_character(text, at, c);
    const bool ends_line = c == '\r' && at + 1 < text.size() && text[at + 1] == '\n';
    if (used == 0) {
      shown += kReplacement;
    } else if (!ends_line) {
      append_shown(text.substr(at, used), c, shown);
    }
    at += std::max<std::size_t>(used, 1);
  }
  return shown;
}

std::vector<std::string> words(std::string_view text) {
  const std::string folded = fold(text);
  std::vector<std::string> found;
  std::string word;
  std::size_t at = 0;
  while (at < folded.size()) {
    char32_t c = 0;
    const std::size_t used = read_character(folded, at, c);
    if (used == 0) break;
    if (is_word_character(c) || (c == '\'' && !word.empty())) {
      word.append(folded, at, used);
    } else if (!word.empty()) {
      found.push_back(std::move(word));
      word.clear();
    }
    at += used;
  }
  if (!word.empty()) found.push_back(std::move(word));
  return found;
}

std::vector<char32_t> code_points(std::string_view text) {
  std::vector<char32_t> points;
  std::size_t at = 0;
  while (at < text.size()) {
    char32_t c = 0;
    const std::size_t used = read_character(text, at, c);
    if (used == 0) break;
    points.push_back(c);
    at += used;
  }
  return points;
}

bool is_hangul(char32_t c) {
  return (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0x1100 && c <= 0x11FF) || (c >= 0x3130 && c <= 0x318F);
}

bool is_word_character(char32_t c) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ND:
      return true;
    default:
      return false;
  }
}

bool is_punctuation(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    char32_t c = 0;
    const std::size_t used = read_character(text, at, c);
    if (used == 0) return false;
    const int category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
    const bool is_mark = category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
    const bool is_space = category == UTF8PROC_CATEGORY_ZS || c == '\n' || c == '\r' || c == '\t';
    if (!is_mark && !is_space) return false;
    at += used;
  }
  return at > 0;
}

std::size_t incomplete_utf8_tail(std::string_view text) {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;  // a continuation byte: look further back
    const std::size_t need = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return need > back ? back : 0;
  }
  return 0;
}

std::string shorten(std::string_view text, std::size_t max_characters) {
  std::size_t at = 0;
  for (std::size_t count = 0; at < text.size(); ++count) {
    if (count == max_characters) return std::string(text.substr(0, at)) + "...";
    char32_t ignored = 0;
    const std::size_t used = read_character(text, at, ignored);
    if (used == 0) break;
    at += used;
  }
  return std::string(text.substr(0, at));
}

}  // namespace banchu
