// What SQLite's result codes mean in banchu's words.
#pragma once

#include <string>

#include "base/error.h"

struct sqlite3;

namespace banchu {

// The error for `result_code` on `database` (may be null) while `doing` ("opening /a/banchu.db", a statement).
Error sqlite_error(sqlite3* database, int result_code, const std::string& doing);

}  // namespace banchu
