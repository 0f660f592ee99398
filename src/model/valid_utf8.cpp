#include "model/valid_utf8.h"

#include <algorithm>

#include "base/text.h"

namespace banchu {
namespace {

// The length of the character that begins at `at`, 0 when none does.
std::size_t character_bytes(std::string_view text, std::size_t at) {
  for (std::size_t size = 1; size <= 4 && at + size <= text.size(); ++size) {
    if (is_valid_utf8(text.substr(at, size))) return size;
  }
  return 0;
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  if (is_valid_utf8(text)) return std::string(text);
  std::string valid;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t size = character_bytes(text, at);
    valid += size == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(at, size);
    at += std::max<std::size_t>(size, 1);
  }
  return valid;
}

}  // namespace banchu
