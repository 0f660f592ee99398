#include "app/review.h"

#include <fmt/format.h>

#include "journal/journal.h"
#include "ruminate/ruminate.h"

namespace banchu {

Result<Waiting> find_waiting(Bag& bag) {
  Waiting waiting;
  BANCHU_TRY(std::vector<Memory> memories, MemoryStore(bag).list());
  for (Memory& memory : memories) {
    if (memory.state == MemoryState::review) waiting.memories.push_back(std::move(memory));
  }
  BANCHU_TRY(std::vector<Entry> entries, Journal(bag).entries());
  for (Entry& entry : entries) {
    const bool is_aside = entry.state == EntryState::review || entry.state == EntryState::quarantined;
    if (is_aside && entry.mark != EntryMark::struck) waiting.entries.push_back(std::move(entry));
  }
  return waiting;
}

Status decide(Bag& bag, const Memory& memory, ReviewWord word) {
  Memory changed = memory;
  if (word == ReviewWord::strike) {
    changed.state = MemoryState::struck;
  } else {
    if (memory.state != MemoryState::engraved) changed.state = MemoryState::active;
    if (memory.provenance == Provenance::self_said) changed.provenance = Provenance::confirmed;
  }
  return MemoryStore(bag).put(changed);
}

Status decide(Bag& bag, const Entry& entry, ReviewWord word) {
  return bag.database().transaction([&]() -> Status {
    Journal journal(bag);
    const std::vector<std::string> ids = {entry.turn.id};
    if (word == ReviewWord::strike) return journal.mark(entry.turn.id, EntryMark::struck);
    if (entry.mark != EntryMark::fixed) BANCHU_TRY_STATUS(journal.mark(entry.turn.id, EntryMark::kept));
    if (entry.state == EntryState::used) return {};
    return journal.set_state(ids, EntryState::fresh, "");
  });
}

Result<std::string> decide(Bag& bag, const std::string& id, ReviewWord word) {
  const Result<Memory> memory = MemoryStore(bag).find(id);
  if (memory) {
    BANCHU_TRY_STATUS(decide(bag, *memory, word));
    return std::string("memory");
  }
  if (memory.error().code != Code::NotFound) return memory.error();
  const Result<Entry> entry = Journal(bag).find(id);
  if (!entry && entry.error().code != Code::NotFound) return entry.error();
  if (!entry) {
    return make_error(Code::NotFound, fmt::format("neither a memory nor a turn begins with \"{}\"", id),
                      "`banchu memory list` and `banchu journal show` name them");
  }
  BANCHU_TRY_STATUS(decide(bag, *entry, word));
  return std::string("entry");
}

}  // namespace banchu
