// Text: UTF-8 that is checked at the door, and the few questions about characters that rooms ask. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace banchu {

bool is_valid_utf8(std::string_view text);
// Errors: InvalidArgument, naming `what` and the first bad byte.
Status check_utf8(std::string_view text, const std::string& what);

// Unicode NFC (utf8proc): the composed form, so that the same Korean syllable is always the same bytes.
std::string nfc(std::string_view text);
// NFC, full case folding, runs of white space as one space, trimmed: the form in which texts are compared.
std::string fold(std::string_view text);
// What a text file or a pipe says: without a byte order mark, CR LF as LF, without line ends at its end.
std::string plain_lines(std::string_view text);
std::string trim(std::string_view text);
// Whether nobody could see anything of it: white space of any script (U+3000, NBSP), characters without a width,
// controls, Hangul fillers.
bool says_nothing(std::string_view text);
// What may be shown on a terminal: every control character but line end and tab, every direction override and every
// broken byte is replaced by a picture of it or U+FFFD, so that no text can move the cursor, colour the screen, name
// the window or show itself in another order than it has. CR LF becomes LF.
std::string shown_text(std::string_view text);

// Words of fold(text): runs of letters, digits and apostrophes; punctuation is dropped.
std::vector<std::string> words(std::string_view text);

// The code points of valid UTF-8 text.
std::vector<char32_t> code_points(std::string_view text);
bool is_hangul(char32_t c);          // a syllable or a jamo
bool is_word_character(char32_t c);  // a letter or a digit of any script
// Valid UTF-8 of punctuation marks and white space only (not "").
bool is_punctuation(std::string_view text);

// How many bytes at the end of `text` are the beginning of a character that is not complete yet (0 to 3).
std::size_t incomplete_utf8_tail(std::string_view text);

// At most `max_characters` code points, with "..." behind it when something was cut.
std::string shorten(std::string_view text, std::size_t max_characters);

}  // namespace banchu
