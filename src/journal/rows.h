// Entries as rows of the table `turns`. Pure but for the statement they are read from.
#pragma once

#include <string>
#include <vector>

#include "bag/database.h"
#include "base/json.h"
#include "journal/entry.h"

namespace banchu {

// The columns that read_entry expects, in its order.
inline constexpr const char* kEntryColumns =
    "id, conversation, position, time, mask, few_shot, user, reply, self, source, mark, fixed_reply, state, run";

Result<Entry> read_entry(const Statement& row);  // Corruption for a word that no version of banchu wrote
Result<std::vector<Entry>> read_entries(Statement& query);
Status insert_entry(Database& database, const Entry& entry);

Json messages_to_json(const std::vector<Message>& messages);  // [{"role","content"}...]
Result<std::vector<Message>> messages_from_json(const Json& json, const std::string& what);

}  // namespace banchu
