// Journal entries and memories in words and as JSON, the same in every verb that shows them.
#pragma once

#include <cstddef>
#include <string>

#include "app/language.h"
#include "base/json.h"
#include "journal/entry.h"
#include "ruminate/memory.h"

namespace banchu {

inline constexpr std::size_t kShownIdDigits = 8;

std::string entry_facts(const Entry& entry, Language language);  // "spoken · kept · used"
Json entry_as_json(const Entry& entry);
Json memory_as_json(const Memory& memory);

}  // namespace banchu
