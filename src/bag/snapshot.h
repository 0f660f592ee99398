// A private copy of a SQLite database as it is at this moment, made without writing one byte near the original.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace banchu {

// Copies `database` (with its -wal and -journal) to `target` so that the copy holds exactly what was committed, also
// while another process writes. Takes only SQLite's SHARED lock and no part of the -shm file: readers of a live
// write-ahead log would leave their marks there. `target` is then an ordinary database without a log.
// Errors: Busy (a writer that does not pause), Corruption, FailedPrecondition, NoSpace (where `target` lies).
Status copy_database(const std::filesystem::path& database, const std::filesystem::path& target);

}  // namespace banchu
