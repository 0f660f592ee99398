#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "ruminate/claim.h"
#include "ruminate/conflict.h"
#include "ruminate/memory_json.h"
#include "ruminate/ruminate.h"

namespace banchu {
namespace {

constexpr std::size_t kLongestText = 500;  // characters
constexpr double kToldImportance = 0.9;

Result<Memory> memory_from_row(const Statement& row) {
  BANCHU_TRY(const Json json, parse_json(row.text(0), "a memory in the bag"));
  return memory_from_json(json);
}

// The user's own words became a fact with questions when a rule understands them; else one that waits in review, since
// nothing could be asked to see whether it is known.
Result<Memory> memory_of_words(const std::string& text, Time at) {
  const std::vector<Claim> claims = claims_of(text);
  if (!claims.empty()) {
    Memory memory = memory_of(claims.front(), at);
    memory.importance = kToldImportance;
    return memory;
  }
  Memory memory;
  memory.text = text;
  memory.id = memory_id(memory.kind, memory.text);
  memory.state = MemoryState::review;
  memory.importance = kToldImportance;
  memory.created = memory.recalled = at;
  return memory;
}

}  // namespace

Result<std::vector<Memory>> MemoryStore::list() {
  BANCHU_TRY(Statement rows, bag_->database().prepare("SELECT body FROM memories ORDER BY created, id"));
  std::vector<Memory> memories;
  while (true) {
    BANCHU_TRY(const bool more, rows.step());
    if (!more) return memories;
    BANCHU_TRY(Memory memory, memory_from_row(rows));
    memories.push_back(std::move(memory));
  }
}

Result<Memory> MemoryStore::find(const std::string& id) {
  BANCHU_TRY(Statement rows,
             bag_->database().prepare("SELECT body FROM memories WHERE substr(id, 1, ?1) = ?2 ORDER BY id"));
  rows.bind(static_cast<std::int64_t>(id.size())).bind(std::string_view(id));
  std::vector<Memory> found;
  while (true) {
    BANCHU_TRY(const bool more, rows.step());
    if (!more) break;
    BANCHU_TRY(Memory memory, memory_from_row(rows));
    found.push_back(std::move(memory));
  }
  if (found.empty() || id.empty()) {
    return make_error(Code::NotFound, fmt::format("there is no memory \"{}\"", id), "`banchu memory list` shows them");
  }
  if (found.size() > 1) {
    return make_error(Code::InvalidArgument, fmt::format("\"{}\" begins {} memories", id, found.size()),
                      "give more of its digits");
  }
  return std::move(found.front());
}

Status MemoryStore::put(const Memory& memory) {
  BANCHU_TRY(Statement insert, bag_->database().prepare("INSERT INTO memories(id, state, run, created, body) "
                                                        "VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(id) DO UPDATE SET "
                                                        "state = ?2, run = ?3, created = ?4, body = ?5"));
  const std::string body = to_line(memory_to_json(memory));
  insert.bind(std::string_view(memory.id))
      .bind(std::string_view(name_of(memory.state)))
      .bind(std::string_view(memory.run));
  insert.bind(memory.created).bind(std::string_view(body));
  return insert.run();
}

Status MemoryStore::set_state(const std::string& id, MemoryState state, const std::string& run) {
  BANCHU_TRY(Memory memory, find(id));
  memory.state = state;
  if (!run.empty()) memory.run = run;
  return put(memory);
}

Result<Memory> MemoryStore::add(const std::string& text, Time at) {
  BANCHU_TRY_STATUS(check_utf8(text, "the memory"));
  const std::string told = trim(nfc(text));
  if (told.empty() || code_points(told).size() > kLongestText) {
    return make_error(Code::InvalidArgument, fmt::format("a memory has 1 to {} characters", kLongestText));
  }
  BANCHU_TRY(Memory memory, memory_of_words(told, at));
  BANCHU_TRY(const std::vector<Memory> known, list());
  const std::vector<Memory> changed = meet_one(std::move(memory), known, at);
  const auto put_all = [&]() -> Status {
    for (const Memory& one : changed) BANCHU_TRY_STATUS(put(one));
    return {};
  };
  BANCHU_TRY_STATUS(bag_->database().transaction(put_all));
  return changed.front();
}

}  // namespace banchu
