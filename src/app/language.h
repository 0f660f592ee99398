// The language of the program's own voice: English, or Korean (존댓말). What it says in Korean stands in catalogue.h.
#pragma once

#include <string_view>

namespace banchu {

enum class Language { en, ko };

// --lang when given ("" otherwise), else LC_ALL, LC_MESSAGES, LANG: Korean where they begin with "ko".
Language language_from(std::string_view lang_option);

}  // namespace banchu
