// Dear reader, why so much care to copy a file?
//
// The sandbox promises to leave the bag byte for byte as it was. An ordinary SQLite reader of a database with a
// write-ahead log cannot: it creates the -shm file, or writes its mark into it. `immutable=1` writes nothing, but
// then a writer's checkpoint would change pages under our feet. So we read a copy.
//
// The copy is sound for these reasons. While we hold the SHARED lock nobody can get the EXCLUSIVE one: a rollback
// writer cannot touch the database file, and nobody can fold the log in and delete it. What remains is a checkpoint
// that moves pages from the log into the database while we read. Those pages are still in the log, and the log is
// copied after the database, so replaying the copied log mends whatever was torn. That fails only when the log was
// started afresh in between, and then its header (with its salts) has changed, and we begin again.
//
// The database file itself is read through SQLite's own handle: closing a descriptor of ours would drop the locks
// of every connection of this process (POSIX). The -wal and -journal files carry no locks and are read plainly.
#include "bag/snapshot.h"

#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <thread>
#include <vector>

#include "bag/handle.h"

namespace banchu {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kChunkBytes = 1 << 20;
constexpr std::size_t kWalHeaderBytes = 32;
constexpr int kAttempts = 250;
constexpr std::chrono::milliseconds kPause{20};

// The SHARED lock on an open database file, taken and dropped through SQLite.
class SharedLock {
 public:
  explicit SharedLock(sqlite3_file* file)
      : file_(file), result_code_(file->pMethods->xLock(file, SQLITE_LOCK_SHARED)) {}
  SharedLock(const SharedLock&) = delete;
  SharedLock& operator=(const SharedLock&) = delete;
  ~SharedLock() {
    if (result_code_ == SQLITE_OK) file_->pMethods->xUnlock(file_, SQLITE_LOCK_NONE);
  }
  int result_code() const { return result_code_; }

 private:
  sqlite3_file* file_;
  int result_code_;
};

Status copy_open_file(sqlite3* handle, sqlite3_file* file, const fs::path& target) {
  sqlite3_int64 size = 0;
  int result_code = file->pMethods->xFileSize(file, &size);
  if (result_code != SQLITE_OK) return sqlite_error(handle, result_code, "measuring the database");
  std::ofstream out(target, std::ios::binary | std::ios::trunc);
  std::vector<char> chunk(kChunkBytes);
  for (sqlite3_int64 at = 0; at < size && out; at += static_cast<sqlite3_int64>(kChunkBytes)) {
    const int bytes = static_cast<int>(std::min<sqlite3_int64>(size - at, static_cast<sqlite3_int64>(kChunkBytes)));
    result_code = file->pMethods->xRead(file, chunk.data(), bytes, at);
    if (result_code != SQLITE_OK && result_code != SQLITE_IOERR_SHORT_READ) {
      return sqlite_error(handle, result_code, "reading the database");
    }
    out.write(chunk.data(), bytes);
  }
  if (!out.flush()) return error_from_errno("cannot write a private copy of the database to", target.string());
  return {};
}

Status copy_companion(const fs::path& source, const fs::path& target) {
  std::error_code failure;
  fs::remove(target, failure);
  std::ifstream in(source, std::ios::binary);
  if (!in) return {};  // not there: nothing is pending
  std::ofstream out(target, std::ios::binary | std::ios::trunc);
  std::vector<char> chunk(kChunkBytes);
  while (in.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) || in.gcount() > 0) {
    out.write(chunk.data(), in.gcount());
  }
  if (in.bad()) return error_from_errno("cannot read", source.string());
  if (!out.flush()) return error_from_errno("cannot write a private copy of the database to", target.string());
  return {};
}

std::string wal_header(const fs::path& wal) {
  std::string header(kWalHeaderBytes, '\0');
  std::ifstream in(wal, std::ios::binary);
  in.read(header.data(), static_cast<std::streamsize>(header.size()));
  header.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return header;
}

fs::path beside(const fs::path& path, const char* suffix) { return path.string() + suffix; }

// One attempt. False: a writer was in the way.
Result<bool> try_copy(sqlite3* handle, sqlite3_file* file, const fs::path& source, const fs::path& target) {
  const SharedLock lock(file);
  if (lock.result_code() == SQLITE_BUSY) return false;
  if (lock.result_code() != SQLITE_OK) return sqlite_error(handle, lock.result_code(), "locking " + source.string());
  const std::string before = wal_header(beside(source, "-wal"));
  BANCHU_TRY_STATUS(copy_open_file(handle, file, target));
  BANCHU_TRY_STATUS(copy_companion(beside(source, "-wal"), beside(target, "-wal")));
  BANCHU_TRY_STATUS(copy_companion(beside(source, "-journal"), beside(target, "-journal")));
  return wal_header(beside(source, "-wal")) == before;
}

Status copy_when_quiet(const fs::path& source, const fs::path& target) {
  BANCHU_TRY(const SqliteHandle handle, open_sqlite(source, SQLITE_OPEN_READONLY));
  sqlite3_file* file = nullptr;
  sqlite3_file_control(handle.get(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  BANCHU_CHECK(file != nullptr && file->pMethods != nullptr, "SQLite gave no file for " + source.string());
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    BANCHU_TRY(const bool sound, try_copy(handle.get(), file, source, target));
    if (sound) return {};
    std::this_thread::sleep_for(kPause);
  }
  return make_error(Code::Busy, fmt::format("{} is being written without a pause", source.string()),
                    "try again when the other process is less busy");
}

}  // namespace

Status copy_database(const fs::path& database, const fs::path& target) {
  const fs::path source = fs::absolute(database);
  BANCHU_TRY_STATUS(copy_when_quiet(source, target));
  // Replays the log or the hot journal into the copy and leaves it without either.
  BANCHU_TRY(const SqliteHandle copy, open_sqlite(target, SQLITE_OPEN_READWRITE));
  const int result_code =
      sqlite3_exec(copy.get(), "PRAGMA synchronous=OFF; PRAGMA journal_mode=DELETE", nullptr, nullptr, nullptr);
  if (result_code != SQLITE_OK) return sqlite_error(copy.get(), result_code, "reading " + source.string());
  return {};
}

}  // namespace banchu
