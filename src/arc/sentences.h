// Private to arc/: from bytes to sentences. Pure functions.
//
// A sentence ends at . ! ? … 。 and the closing marks behind it, unless an abbreviation, an initial or a number holds
// the dot, or speech goes on ("Stop!" said he). An empty line always ends one; a single line break does unless the
// line was hard-wrapped. What no mark ends is cut after kLongestSentenceBytes, at a space.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace banchu {

inline constexpr std::size_t kLongestSentenceBytes = 2400;

// NFC; broken bytes become U+FFFD, other control characters spaces, CR LF becomes LF. `broken` counts the bytes.
std::string clean_text(std::string_view text, std::size_t& broken);

// Sentences of clean text, trimmed, none empty; line breaks inside become spaces.
std::vector<std::string> sentences_of(std::string_view text);

}  // namespace banchu
