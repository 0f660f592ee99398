// The tables of banchu.db, one migration a format version. Times are Unix seconds; JSON columns hold base/json.h lines.
#pragma once

#include <span>

#include "bag/database.h"
#include "base/result.h"

namespace banchu {

// "bnch": says that a SQLite file is ours (PRAGMA application_id).
inline constexpr int kApplicationId = 0x626e6368;

// migrations()[i] brings version i to version i + 1; run in one transaction with the new PRAGMA user_version.
std::span<const char* const> migrations();

// The format version of an open database. Corruption for a database that is not ours, Unsupported for a newer one.
Result<int> format_version(Database& database);

// Brings `database` from `version` up to the newest, one transaction a step.
Status migrate(Database& database, int version);

}  // namespace banchu
