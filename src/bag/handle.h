// An open SQLite connection that closes itself. Only for this room: the others speak through bag/database.h.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>

#include "bag/sqlite_error.h"
#include "base/result.h"

namespace banchu {

struct CloseSqlite {
  void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};
using SqliteHandle = std::unique_ptr<sqlite3, CloseSqlite>;

// Opens with sqlite3_open_v2's `flags` and extended result codes; reads nothing yet.
inline Result<SqliteHandle> open_sqlite(const std::filesystem::path& path, int flags) {
  sqlite3* raw = nullptr;
  const int result_code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  SqliteHandle handle(raw);
  if (result_code != SQLITE_OK) return sqlite_error(raw, result_code, "opening " + path.string());
  sqlite3_extended_result_codes(raw, 1);
  return handle;
}

}  // namespace banchu
