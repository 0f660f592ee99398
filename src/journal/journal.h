// The door of the journal: every growth turn, append-only, on disk before the reply counts as done.
//
// On disk: tables of banchu.db (the truth, synced), then one line in memory_core/journal/YYYY-MM-DD.jsonl (a mirror,
// rebuilt from the database when it is behind). Threads: one at a time. Errors: those of bag/database.h;
// InvalidArgument (invalid UTF-8, a malformed JSONL line; says which line and adds nothing of that file).
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "bag/bag.h"
#include "journal/entry.h"

namespace banchu {

struct AddedConversation;  // jsonl.h

class Journal {
 public:
  explicit Journal(Bag& bag) : bag_(&bag) {}

  // Durable when it returns OK. AlreadyExists for a turn id that is there.
  Status append(const Turn& turn, EntrySource source = EntrySource::spoken, EntryMark mark = EntryMark::none);

  struct Added {
    int conversations = 0;
    int turns = 0;
    int already_there = 0;  // the same conversation (content and time) was added before
  };
  // One conversation a line: {"messages":[{"role","content"}...],"meta":{"time":RFC3339,"approved":bool}}.
  // A leading system message is the mask. All of the file or nothing, in one transaction.
  Result<Added> add_jsonl(const std::filesystem::path& file);
  // The same for conversations that were made from something else (jsonl.h).
  Result<Added> add(std::span<const AddedConversation> conversations);

  Status mark(const std::string& turn_id, EntryMark mark, const std::string& fixed_reply = "");

  // In order of time, then conversation, then index: the same for the same content, whatever the ids are.
  Result<std::vector<Entry>> entries();
  Result<std::vector<Entry>> entries_in_state(EntryState state);
  Result<Entry> find(const std::string& turn_id);  // also by an unambiguous prefix

  // Called inside the night's transactions.
  Status set_state(std::span<const std::string> turn_ids, EntryState state, const std::string& run);

  // Brings the mirror up to the database; answers how many lines were written.
  Result<int> repair_mirror();
  // All entries in the `journal add` format, one conversation a line.
  Result<std::string> export_jsonl();

 private:
  Bag* bag_;
};

}  // namespace banchu
