// Private to arc/: what is known about an English word: its role, its valence, the form in which it is compared.
#pragma once

#include <string>
#include <string_view>

#include "arc/vocabulary.h"

namespace banchu {

// Fills roles and valence (of `word.text`); answers the stem: without 's and the plural's s.
std::string learn_english(VocabularyWord& word);

}  // namespace banchu
