// Private to model/: text that is always valid UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace banchu {

// The same text; every byte that belongs to no character becomes U+FFFD.
std::string valid_utf8(std::string_view text);

}  // namespace banchu
