#include "journal/mirror.h"

#include <fmt/format.h>

#include <fstream>
#include <set>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "journal/rows.h"

namespace banchu {
namespace fs = std::filesystem;
namespace {

constexpr Time kDay_s = 24 * 3600;

fs::path file_of_day(Bag& bag, Time time) { return bag.journal_folder() / (format_day(time) + ".jsonl"); }

// A writer killed in the middle of a line leaves a tail without a newline, onto which nothing may be appended.
bool ends_in_a_newline(const fs::path& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file || file.tellg() == std::streampos(0)) return true;
  file.seekg(-1, std::ios::end);
  return file.get() == '\n';
}

Result<std::vector<Entry>> entries_of_day(Database& database, Time time) {
  const Time midnight = time - time % kDay_s;
  BANCHU_TRY(Statement query,
             database.prepare(
                 fmt::format("SELECT {} FROM turns WHERE time >= ?1 AND time < ?2 ORDER BY rowid", kEntryColumns)));
  return read_entries(query.bind(midnight).bind(midnight + kDay_s));
}

Status note_mirrored_day(Database& database, Time time) {
  const Time midnight = time - time % kDay_s;
  BANCHU_TRY(Statement update,
             database.prepare("UPDATE turns SET mirrored = 1 WHERE mirrored = 0 AND time >= ?1 AND time < ?2"));
  return update.bind(midnight).bind(midnight + kDay_s).run();
}

// The lines of a file with their newlines; a cut last line keeps its shape and so equals no real line.
Result<std::multiset<std::string>> lines_of(const fs::path& path) {
  std::multiset<std::string> lines;
  Result<std::string> bytes = read_file(path, ~0ULL);
  if (!bytes && bytes.error().code == Code::NotFound) return lines;
  if (!bytes) return bytes.error();
  for (std::size_t begin = 0; begin < bytes->size();) {
    const std::size_t end = std::min(bytes->find('\n', begin), bytes->size() - 1) + 1;
    lines.insert(bytes->substr(begin, end - begin));
    begin = end;
  }
  return lines;
}

Result<int> write_day(Bag& bag, Time time) {
  BANCHU_TRY(const std::vector<Entry> entries, entries_of_day(bag.database(), time));
  const fs::path path = file_of_day(bag, time);
  BANCHU_TRY(const std::multiset<std::string> there, lines_of(path));
  std::string bytes;
  std::multiset<std::string> wanted;
  int missing = 0;
  for (const Entry& entry : entries) {
    std::string line = mirror_line(entry);
    missing += there.contains(line) ? 0 : 1;
    bytes += line;
    wanted.insert(std::move(line));
  }
  if (there != wanted) BANCHU_TRY_STATUS(write_file_atomic(path, bytes));
  BANCHU_TRY_STATUS(note_mirrored_day(bag.database(), time));
  return missing;
}

Result<std::vector<Time>> days_with_turns(Database& database) {
  BANCHU_TRY(Statement query, database.prepare("SELECT DISTINCT time / 86400 FROM turns ORDER BY 1"));
  std::vector<Time> days;
  while (true) {
    BANCHU_TRY(const bool row, query.step());
    if (!row) return days;
    days.push_back(query.integer(0) * kDay_s);
  }
}

Status append_line(Bag& bag, const std::string& turn_id) {
  BANCHU_TRY(Statement query,
             bag.database().prepare(fmt::format("SELECT {} FROM turns WHERE id = ?1 AND mirrored = 0", kEntryColumns)));
  BANCHU_TRY(const bool behind, query.bind(turn_id).step());
  if (!behind) return {};
  BANCHU_TRY(const Entry entry, read_entry(query));
  const fs::path path = file_of_day(bag, entry.turn.time);
  if (!ends_in_a_newline(path)) {
    BANCHU_TRY([[maybe_unused]] const int lines, write_day(bag, entry.turn.time));
    return {};
  }
  BANCHU_TRY_STATUS(append_file_synced(path, mirror_line(entry)));
  BANCHU_TRY(Statement update, bag.database().prepare("UPDATE turns SET mirrored = 1 WHERE id = ?1"));
  return update.bind(turn_id).run();
}

}  // namespace

std::string mirror_line(const Entry& entry) {
  const Turn& turn = entry.turn;
  std::vector<Message> messages;
  if (!turn.mask.empty()) messages.push_back({Role::system, turn.mask});
  messages.push_back({Role::user, turn.user});
  messages.push_back({Role::assistant, turn.reply});
  Json meta = {{"time", format_time(turn.time)},
               {"approved", entry.mark == EntryMark::kept},
               {"id", turn.id},
               {"conversation", turn.conversation},
               {"index", turn.index},
               {"self", turn.self},
               {"source", name_of(entry.source)},
               {"mark", name_of(entry.mark)}};
  if (!entry.fixed_reply.empty()) meta["fixed_reply"] = entry.fixed_reply;
  if (!turn.few_shot.empty()) meta["few_shot"] = messages_to_json(turn.few_shot);
  return to_line({{"messages", messages_to_json(messages)}, {"meta", meta}}) + "\n";
}

Status mirror_turn(Bag& bag, const std::string& turn_id) {
  return bag.database().transaction([&] { return append_line(bag, turn_id); });
}

Result<int> mirror_day(Bag& bag, Time any_time_of_the_day) {
  int missing = 0;
  BANCHU_TRY_STATUS(bag.database().transaction([&]() -> Status {
    BANCHU_TRY(missing, write_day(bag, any_time_of_the_day));
    return {};
  }));
  return missing;
}

Result<int> mirror_every_day(Bag& bag) {
  BANCHU_TRY(const std::vector<Time> days, days_with_turns(bag.database()));
  int missing = 0;
  for (const Time day : days) {
    BANCHU_TRY(const int lines, mirror_day(bag, day));
    missing += lines;
  }
  return missing;
}

}  // namespace banchu
