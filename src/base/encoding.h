// Which encoding a plain text is in: a byte order mark decides, then UTF-8 where it is UTF-8, then CP949 (Windows
// Korean, which holds EUC-KR).
//
// Pure. Errors: InvalidArgument (none of them), Unsupported (no text: zero bytes).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace banchu {

// Plain bytes to UTF-8; says in `notes` when it was not UTF-8. A few damaged bytes in UTF-8 become U+FFFD.
Result<std::string> decode_text(std::string_view bytes, const std::string& name, std::vector<std::string>& notes);

// Nothing when a byte does not belong to CP949.
std::optional<std::string> from_cp949(std::string_view bytes);

}  // namespace banchu
