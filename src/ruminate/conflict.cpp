#include "ruminate/conflict.h"

#include <algorithm>

#include "base/text.h"
#include "ruminate/claim.h"

namespace banchu {
namespace {

bool is_taught_or_waiting(const Memory& memory) {
  return memory.state == MemoryState::active || memory.state == MemoryState::engraved;
}

bool contradict(const Memory& a, const Memory& b) {
  if (a.id == b.id) return false;
  const std::string slot = slot_of(a);
  return !slot.empty() && slot == slot_of(b);
}

// `older` stays on record, points at what replaced it, and its answer is one that must not come any more.
void supersede(Memory& older, Memory& newer) {
  older.state = MemoryState::superseded;
  older.superseded_by = newer.id;
  const bool tells_apart = fold(older.behaviour.expected) != fold(newer.behaviour.expected);
  if (tells_apart) newer.behaviour.not_expected = older.behaviour.expected;
}

void settle_among_themselves(std::vector<Memory>& memories) {
  for (std::size_t i = 0; i < memories.size(); ++i) {
    for (std::size_t j = i + 1; j < memories.size(); ++j) {
      if (!is_taught_or_waiting(memories[i]) || !is_taught_or_waiting(memories[j])) continue;
      if (contradict(memories[i], memories[j])) supersede(memories[i], memories[j]);
    }
  }
}

// Seen again: what was known keeps its state and its history and is stronger now. The user's "never" stays.
void recall(Memory& memory, const Memory& known, Time at) {
  std::vector<std::string> turns = known.turns;
  for (const std::string& turn : memory.turns) {
    if (std::find(turns.begin(), turns.end(), turn) == turns.end()) turns.push_back(turn);
  }
  const bool stays = known.state == MemoryState::struck || known.state == MemoryState::engraved;
  memory.state = stays ? known.state : memory.state;
  memory.run = stays ? known.run : "";
  memory.turns = std::move(turns);
  memory.created = std::min(known.created, memory.created);
  memory.strength = known.strength + 1;
  memory.recalled = at;
  memory.importance = std::max(known.importance, memory.importance);
  if (memory.behaviour.not_expected.empty()) memory.behaviour.not_expected = known.behaviour.not_expected;
}

const Memory* find_by_id(const std::vector<Memory>& memories, const std::string& id) {
  const auto found = std::find_if(memories.begin(), memories.end(), [&](const Memory& m) { return m.id == id; });
  return found == memories.end() ? nullptr : &*found;
}

// Facts that still wait to be taught come along tonight; what lies in the weights is probed every night and does not
// fade out of sight, and what waits for the user's word waits; the rest is archived when its retention has fallen below
// the threshold.
bool comes_along(Memory& old, const RuminateOptions& options, Time at) {
  if (old.state != MemoryState::active) return false;
  if (retention(old, at) < options.archive_below) {
    old.state = MemoryState::archived;
    return true;
  }
  return old.state == MemoryState::active && old.behaviour.kind == BehaviourKind::answers;
}

}  // namespace

void meet_the_known(std::vector<Memory>& memories, const std::vector<Memory>& known, const RuminateOptions& options,
                    Time at) {
  settle_among_themselves(memories);
  for (Memory& memory : memories) {
    const bool superseded = memory.state == MemoryState::superseded;
    if (const Memory* old = find_by_id(known, memory.id)) recall(memory, *old, at);
    if (superseded) memory.state = MemoryState::superseded;
  }
  std::vector<Memory> along;
  for (Memory old : known) {
    if (find_by_id(memories, old.id) != nullptr) continue;
    bool changed = false;
    for (Memory& memory : memories) {
      if (!is_taught_or_waiting(old) || !is_taught_or_waiting(memory) || !contradict(old, memory)) continue;
      supersede(old, memory);
      changed = true;
    }
    if (changed || comes_along(old, options, at)) along.push_back(std::move(old));
  }
  for (Memory& old : along) memories.push_back(std::move(old));
}

std::vector<Memory> meet_one(Memory memory, const std::vector<Memory>& known, Time at) {
  if (const Memory* old = find_by_id(known, memory.id)) recall(memory, *old, at);
  std::vector<Memory> changed;
  for (Memory old : known) {
    if (old.id == memory.id || !is_taught_or_waiting(old) || !contradict(old, memory)) continue;
    supersede(old, memory);
    changed.push_back(std::move(old));
  }
  changed.insert(changed.begin(), std::move(memory));
  return changed;
}

}  // namespace banchu
