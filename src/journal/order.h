// The order of the journal: by time, then by what a conversation says, then by the turn's place in it.
#pragma once

#include <vector>

#include "journal/entry.h"

namespace banchu {

// The same for the same content whatever the ids are: random ids decide only between conversations that say the same.
void sort_entries(std::vector<Entry>& entries);

}  // namespace banchu
