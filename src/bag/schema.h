// The tables of banchu.db, one migration a format version. Times are Unix seconds; JSON columns hold base/json.h lines.
#pragma once

#include <span>

namespace banchu {

// migrations()[i] brings version i to version i + 1; run in one transaction with the new PRAGMA user_version.
std::span<const char* const> migrations();

}  // namespace banchu
