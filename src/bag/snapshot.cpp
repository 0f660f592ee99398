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
// started afresh in between. A living writer is kept from that by a reader's lock in the -shm file, which is opened
// read-only for it (a lock changes no byte). Where there is no such file yet, the log's header tells: a fresh start
// changes its salts, and then we begin again.
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

// A reader's lock on the shared memory of the log: while it is held, no writer starts the log afresh. Reads and locks
// through SQLite, so that the locks of other connections of this process survive its end.
class ReaderLock {
 public:
  explicit ReaderLock(sqlite3_file* file) : file_(file) {
    void volatile* region = nullptr;
    if (file->pMethods->iVersion < 2) return;
    const int mapped = file->pMethods->xShmMap(file, 0, kShmRegionBytes, 0, &region);
    // SQLITE_READONLY: mapped, for reading only, as it was opened. Otherwise: no living writer, or none with a log.
    if (mapped != SQLITE_OK && mapped != SQLITE_READONLY) return;
    is_mapped_ = true;
    result_code_ = file->pMethods->xShmLock(file, kFirstReaderSlot, 1, SQLITE_SHM_LOCK | SQLITE_SHM_SHARED);
    is_locked_ = result_code_ == SQLITE_OK;
  }
  ReaderLock(const ReaderLock&) = delete;
  ReaderLock& operator=(const ReaderLock&) = delete;
  ~ReaderLock() {
    if (is_locked_) file_->pMethods->xShmLock(file_, kFirstReaderSlot, 1, SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED);
    if (is_mapped_) file_->pMethods->xShmUnmap(file_, 0);
  }
  bool is_refused() const { return result_code_ != SQLITE_OK; }

 private:
  // From SQLite's file format (the wal-index): regions of 32 KiB; lock 3 is reader 0, which needs no log; lock 4 is
  // the first of those that a writer must have all to itself before it starts the log afresh.
  static constexpr int kShmRegionBytes = 32768;
  static constexpr int kFirstReaderSlot = 4;
  sqlite3_file* file_;
  bool is_mapped_ = false;
  bool is_locked_ = false;
  int result_code_ = SQLITE_OK;
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

// The characters that mean something in a URI, written as SQLite expects them.
std::string uri_path(const fs::path& path) {
  std::string escaped;
  for (const char c : path.string()) {
    if (c == '%' || c == '?' || c == '#') {
      escaped += fmt::format("%{:02X}", static_cast<unsigned>(c));
    } else {
      escaped += c;
    }
  }
  return escaped;
}

// One attempt. False: a writer was in the way.
Result<bool> try_copy(sqlite3* handle, sqlite3_file* file, const fs::path& source, const fs::path& target) {
  const SharedLock lock(file);
  if (lock.result_code() == SQLITE_BUSY) return false;
  if (lock.result_code() != SQLITE_OK) return sqlite_error(handle, lock.result_code(), "locking " + source.string());
  const ReaderLock no_fresh_start(file);
  if (no_fresh_start.is_refused()) return false;
  const std::string before = wal_header(beside(source, "-wal"));
  BANCHU_TRY_STATUS(copy_open_file(handle, file, target));
  BANCHU_TRY_STATUS(copy_companion(beside(source, "-wal"), beside(target, "-wal")));
  BANCHU_TRY_STATUS(copy_companion(beside(source, "-journal"), beside(target, "-journal")));
  return wal_header(beside(source, "-wal")) == before;
}

Status copy_when_quiet(const fs::path& source, const fs::path& target) {
  const std::string uri = "file:" + uri_path(source) + "?readonly_shm=1";
  BANCHU_TRY(const SqliteHandle handle, open_sqlite(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI));
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
