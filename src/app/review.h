// What waits for the user's word: memories in review, and entries that are in review or were quarantined by a refused
// night. Kept: a memory may be taught, an entry is fresh again and may be taught. Struck: never.
#pragma once

#include <string>
#include <vector>

#include "bag/bag.h"
#include "base/result.h"
#include "journal/entry.h"
#include "ruminate/memory.h"

namespace banchu {

struct Waiting {
  std::vector<Memory> memories;
  std::vector<Entry> entries;
  bool empty() const { return memories.empty() && entries.empty(); }
};
Result<Waiting> find_waiting(Bag& bag);

enum class ReviewWord { keep, strike };

Status decide(Bag& bag, const Memory& memory, ReviewWord word);
Status decide(Bag& bag, const Entry& entry, ReviewWord word);

// `id` is the beginning of a memory's id or of a turn's. Answers "memory" or "entry". NotFound for neither.
Result<std::string> decide(Bag& bag, const std::string& id, ReviewWord word);

}  // namespace banchu
