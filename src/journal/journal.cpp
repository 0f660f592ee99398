#include "journal/journal.h"

#include <fmt/format.h>

#include <set>

#include "base/file.h"
#include "base/text.h"
#include "journal/jsonl.h"
#include "journal/mirror.h"
#include "journal/order.h"
#include "journal/rows.h"

namespace banchu {
namespace {

constexpr Time kLatestTime = 253402300800;  // the year 10000: beyond it no day has a name

Status check_turn(const Turn& turn) {
  if (turn.id.empty() || turn.conversation.empty() || turn.index < 0 || turn.time < 0 || turn.time >= kLatestTime) {
    return make_error(Code::InvalidArgument, "a turn needs an id, a conversation, an index and a time");
  }
  for (const std::string* text : {&turn.id, &turn.conversation, &turn.self, &turn.mask, &turn.user, &turn.reply}) {
    BANCHU_TRY_STATUS(check_utf8(*text, "turn " + turn.id));
  }
  for (const Message& example : turn.few_shot) BANCHU_TRY_STATUS(check_utf8(example.content, "an example"));
  return {};
}

// The turns are committed and safe; only their mirror is behind.
Error mirror_is_behind(const Error& error) {
  return make_error(error.code,
                    "it is safe in banchu.db, but its line in the mirror could not be written: " + error.message,
                    error.hint.empty() ? "the next night brings the mirror up to date" : error.hint);
}

Status insert_conversation(Database& database, const AddedConversation& added, Journal::Added& counts) {
  BANCHU_TRY(Statement known, database.prepare("SELECT 1 FROM added_conversations WHERE digest = ?1"));
  BANCHU_TRY(const bool is_known, known.bind(added.digest).step());
  if (is_known) {
    ++counts.already_there;
    return {};
  }
  BANCHU_TRY(Statement note, database.prepare("INSERT INTO added_conversations(digest, conversation) VALUES(?1, ?2)"));
  BANCHU_TRY_STATUS(note.bind(added.digest).bind(added.entries.front().turn.conversation).run());
  for (const Entry& entry : added.entries) BANCHU_TRY_STATUS(insert_entry(database, entry));
  ++counts.conversations;
  counts.turns += static_cast<int>(added.entries.size());
  return {};
}

}  // namespace

Status Journal::append(const Turn& turn, EntrySource source, EntryMark mark) {
  BANCHU_TRY_STATUS(check_turn(turn));
  Entry entry;
  entry.turn = turn;
  entry.source = source;
  entry.mark = mark;
  Database& database = bag_->database();
  const Status kept = database.transaction([&] { return insert_entry(database, entry); });
  if (!kept && kept.error().code == Code::AlreadyExists) {
    return make_error(Code::AlreadyExists,
                      fmt::format("turn {} (or turn {} of conversation {}) is in the journal already", turn.id,
                                  turn.index, turn.conversation));
  }
  BANCHU_TRY_STATUS(kept);
  const Status mirrored = mirror_turn(*bag_, turn.id);
  if (!mirrored) return mirror_is_behind(mirrored.error());
  return {};
}

Result<Journal::Added> Journal::add_jsonl(const std::filesystem::path& file) {
  BANCHU_TRY(const std::string text, read_file(file));
  BANCHU_TRY(const std::vector<AddedConversation> conversations, parse_conversations(text, file.string(), now()));
  return add(conversations);
}

Result<Journal::Added> Journal::add(std::span<const AddedConversation> conversations) {
  Added counts;
  Database& database = bag_->database();
  const Status inserted = database.transaction([&]() -> Status {
    for (const AddedConversation& added : conversations) {
      BANCHU_TRY_STATUS(insert_conversation(database, added, counts));
    }
    return {};
  });
  BANCHU_TRY_STATUS(inserted);
  std::set<std::string> days;
  for (const AddedConversation& added : conversations) {
    const Time time = added.entries.front().turn.time;
    if (!days.insert(format_day(time)).second) continue;
    const Result<int> mirrored = mirror_day(*bag_, time);
    if (!mirrored) return mirror_is_behind(mirrored.error());
  }
  return counts;
}

Status Journal::mark(const std::string& turn_id, EntryMark mark, const std::string& fixed_reply) {
  BANCHU_TRY_STATUS(check_utf8(fixed_reply, "the corrected reply"));
  if (mark == EntryMark::fixed && says_nothing(fixed_reply)) {
    return make_error(Code::InvalidArgument, "the corrected reply is empty", "say what the reply should have been");
  }
  BANCHU_TRY(const Entry entry, find(turn_id));
  Database& database = bag_->database();
  BANCHU_TRY_STATUS(database.transaction([&]() -> Status {
    BANCHU_TRY(Statement update,
               database.prepare("UPDATE turns SET mark = ?1, fixed_reply = ?2, mirrored = 0 WHERE id = ?3"));
    update.bind(name_of(mark)).bind(mark == EntryMark::fixed ? fixed_reply : std::string());
    return update.bind(entry.turn.id).run();
  }));
  const Result<int> mirrored = mirror_day(*bag_, entry.turn.time);
  if (!mirrored) return mirror_is_behind(mirrored.error());
  return {};
}

Result<std::vector<Entry>> Journal::entries() {
  BANCHU_TRY(Statement query, bag_->database().prepare(fmt::format("SELECT {} FROM turns", kEntryColumns)));
  BANCHU_TRY(std::vector<Entry> entries, read_entries(query));
  sort_entries(entries);
  return entries;
}

Result<std::vector<Entry>> Journal::entries_in_state(EntryState state) {
  BANCHU_TRY(Statement query,
             bag_->database().prepare(fmt::format("SELECT {} FROM turns WHERE state = ?1", kEntryColumns)));
  BANCHU_TRY(std::vector<Entry> entries, read_entries(query.bind(name_of(state))));
  sort_entries(entries);
  return entries;
}

Result<Entry> Journal::find(const std::string& turn_id) {
  if (turn_id.empty()) return make_error(Code::InvalidArgument, "no turn id was given");
  BANCHU_TRY(Statement query, bag_->database().prepare(
                                  fmt::format("SELECT {} FROM turns WHERE id = ?1 OR substr(id, 1, length(?1)) = ?1 "
                                              "ORDER BY id <> ?1, id LIMIT 2",
                                              kEntryColumns)));
  BANCHU_TRY(const std::vector<Entry> found, read_entries(query.bind(turn_id)));
  if (found.empty()) {
    return make_error(Code::NotFound, fmt::format("the journal has no turn {}", turn_id),
                      "`banchu journal show` lists them");
  }
  if (found.size() > 1 && found[0].turn.id != turn_id) {
    return make_error(Code::InvalidArgument, fmt::format("several turns begin with {}", turn_id),
                      fmt::format("for example {} and {}; give more of the id", found[0].turn.id, found[1].turn.id));
  }
  return found[0];
}

Status Journal::set_state(std::span<const std::string> turn_ids, EntryState state, const std::string& run) {
  Database& database = bag_->database();
  return database.transaction([&]() -> Status {
    BANCHU_TRY(Statement update, database.prepare("UPDATE turns SET state = ?1, run = ?2 WHERE id = ?3 RETURNING id"));
    for (const std::string& id : turn_ids) {
      BANCHU_TRY(const bool is_there, update.bind(name_of(state)).bind(run).bind(id).step());
      if (!is_there) return make_error(Code::NotFound, fmt::format("the journal has no turn {}", id));
      BANCHU_TRY_STATUS(update.run());  // past the row; rewinds
    }
    return {};
  });
}

Result<int> Journal::repair_mirror() { return mirror_every_day(*bag_); }

Result<std::string> Journal::export_jsonl() {
  BANCHU_TRY(const std::vector<Entry> all, entries());
  return export_conversations(all);
}

}  // namespace banchu
