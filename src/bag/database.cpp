#include "bag/database.h"

#include "bag/handle.h"
#include "bag/snapshot.h"
#include "bag/volume.h"
#include "base/file.h"

namespace banchu {
namespace fs = std::filesystem;
namespace {

constexpr int kBusyTimeout_ms = 5000;

int run_sql(sqlite3* handle, const char* sql) { return sqlite3_exec(handle, sql, nullptr, nullptr, nullptr); }

Status run_settings(sqlite3* handle, const char* sql) {
  const int result_code = run_sql(handle, sql);
  if (result_code != SQLITE_OK) return sqlite_error(handle, result_code, sql);
  return {};
}

// For every connection: nothing in a bag from elsewhere may run code of its own choosing.
void harden(sqlite3* handle) {
  sqlite3_busy_timeout(handle, kBusyTimeout_ms);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
}

bool means_no_shared_memory(int result_code) {
  const int primary = result_code & 0xff;
  return primary == SQLITE_CANTOPEN || primary == SQLITE_PROTOCOL || primary == SQLITE_IOERR ||
         primary == SQLITE_READONLY;
}

Result<SqliteHandle> open_hardened(const fs::path& path, int flags) {
  BANCHU_TRY(SqliteHandle handle, open_sqlite(path, flags));
  harden(handle.get());
  if ((flags & SQLITE_OPEN_READWRITE) != 0 && sqlite3_db_readonly(handle.get(), "main") == 1) {
    return sqlite_error(nullptr, SQLITE_READONLY, "opening " + path.string());
  }
  return handle;
}

// A rollback journal. The file may still say "write-ahead log" (a bag carried here from a local disk). Without shared
// memory SQLite leaves that mode only when it is alone, so for this one moment a connection of its own locks the file
// exclusively; it is closed before the one that works is opened.
Result<SqliteHandle> open_with_rollback_journal(const fs::path& path, int flags) {
  {
    BANCHU_TRY(const SqliteHandle alone, open_hardened(path, flags));
    BANCHU_TRY_STATUS(run_settings(alone.get(), "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=TRUNCATE"));
  }
  BANCHU_TRY(SqliteHandle handle, open_hardened(path, flags));
  BANCHU_TRY_STATUS(run_settings(handle.get(), "PRAGMA journal_mode=TRUNCATE; SELECT count(*) FROM sqlite_schema"));
  return handle;
}

Result<SqliteHandle> open_with_journal(const fs::path& path, int flags) {
  if (is_network_volume(path.parent_path())) return open_with_rollback_journal(path, flags);
  BANCHU_TRY(SqliteHandle handle, open_hardened(path, flags));
  // The write lock lives in shared memory: getting it shows that the log can really be used.
  const int result_code = run_sql(handle.get(), "PRAGMA journal_mode=WAL; BEGIN IMMEDIATE; ROLLBACK");
  if (result_code == SQLITE_OK) return handle;
  Error failure = sqlite_error(handle.get(), result_code, "opening " + path.string());
  if (failure.code == Code::NoSpace || !means_no_shared_memory(result_code)) return failure;
  handle.reset();
  return open_with_rollback_journal(path, flags);
}

// SQLite would take an empty file for a new database and throw away the log beside it.
Status check_not_cut_to_nothing(const fs::path& path) {
  std::error_code failure;
  const std::uintmax_t bytes = fs::file_size(path, failure);
  if (failure == std::errc::no_such_file_or_directory) {
    return make_error(Code::NotFound, "there is no " + path.string());
  }
  if (failure) return make_error(Code::FailedPrecondition, path.string() + ": " + failure.message());
  if (bytes == 0) {
    return make_error(Code::Corruption, path.string() + " is empty", "put back a copy of the bag");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const fs::path& path, Access access) {
  if (access != Access::create) BANCHU_TRY_STATUS(check_not_cut_to_nothing(path));
  if (access == Access::read_only) return open_snapshot(path);
  return open_writable(path, access == Access::create);
}

Result<std::unique_ptr<Database>> Database::open_writable(const fs::path& path, bool create) {
  const int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
  BANCHU_TRY(SqliteHandle handle, open_with_journal(path, flags));
  BANCHU_TRY_STATUS(
      run_settings(handle.get(), "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY"));
  return std::unique_ptr<Database>(new Database(handle.release()));
}

// The copy's files are unlinked as soon as they are open: nothing of the bag stays behind, not even after a kill.
Result<std::unique_ptr<Database>> Database::open_snapshot(const fs::path& path) {
  BANCHU_TRY(const TemporaryFolder folder, TemporaryFolder::create("banchu-snapshot"));
  const fs::path copy = folder.path() / "banchu.db";
  BANCHU_TRY_STATUS(copy_database(path, copy));
  BANCHU_TRY(SqliteHandle handle, open_hardened(copy, SQLITE_OPEN_READONLY));
  BANCHU_TRY_STATUS(run_settings(handle.get(), "PRAGMA temp_store=MEMORY; SELECT count(*) FROM sqlite_schema"));
  return std::unique_ptr<Database>(new Database(handle.release()));
}

Result<std::unique_ptr<Database>> Database::open_in_memory() {
  BANCHU_TRY(SqliteHandle handle, open_hardened(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  return std::unique_ptr<Database>(new Database(handle.release()));
}

Database::~Database() { sqlite3_close_v2(handle_); }

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int result_code = sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (result_code != SQLITE_OK) return sqlite_error(handle_, result_code, std::string(sql));
  BANCHU_CHECK(statement != nullptr, "an empty statement");
  return Statement(handle_, statement);
}

Status Database::execute(std::string_view sql) {
  const std::string owned(sql);
  return run_settings(handle_, owned.c_str());
}

Status Database::guarded(const std::function<Status()>& body) {
  if (guard_) BANCHU_TRY_STATUS(guard_());
  return body();
}

Status Database::transaction(const std::function<Status()>& body) {
  if (sqlite3_get_autocommit(handle_) == 0) return savepoint(body);
  BANCHU_TRY_STATUS(execute("BEGIN IMMEDIATE"));
  Status done = guarded(body);
  if (done) done = execute("COMMIT");
  // After some errors (a full disk) SQLite has rolled back by itself.
  if (!done && sqlite3_get_autocommit(handle_) == 0) run_sql(handle_, "ROLLBACK");
  return done;
}

Status Database::savepoint(const std::function<Status()>& body) {
  BANCHU_TRY_STATUS(execute("SAVEPOINT inner"));
  const Status done = body();
  if (sqlite3_get_autocommit(handle_) != 0) {
    if (!done) return done;
    return make_error(Code::Internal, "the transaction around this one was rolled back");
  }
  if (!done) run_sql(handle_, "ROLLBACK TO inner");
  const Status released = execute("RELEASE inner");
  return done ? released : done;
}

Status Database::integrity_check(bool quick) {
  BANCHU_TRY(Statement check, prepare(quick ? "PRAGMA quick_check(1)" : "PRAGMA integrity_check(1)"));
  BANCHU_TRY(const bool row, check.step());
  const std::string finding = row ? check.text(0) : "no answer";
  if (finding == "ok") return {};
  return make_error(Code::Corruption, "SQLite found: " + finding, "put back a copy of the bag");
}

Result<std::string> Database::journal_mode() {
  BANCHU_TRY(Statement mode, prepare("PRAGMA journal_mode"));
  BANCHU_TRY(const bool row, mode.step());
  return row ? mode.text(0) : std::string();
}

}  // namespace banchu
