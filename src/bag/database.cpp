#include "bag/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include "bag/snapshot.h"
#include "bag/sqlite_error.h"
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
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyTimeout_ms);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
}

bool means_no_shared_memory(int result_code) {
  const int primary = result_code & 0xff;
  return primary == SQLITE_CANTOPEN || primary == SQLITE_PROTOCOL || primary == SQLITE_IOERR;
}

// A rollback journal. The file may still say "write-ahead log" (a bag carried here from a local disk); without
// shared memory SQLite can leave that mode only in a moment alone, which ends before this function does.
Status use_rollback_journal(sqlite3* handle) {
  BANCHU_TRY_STATUS(run_settings(handle, "PRAGMA locking_mode=EXCLUSIVE"));
  const Status changed = run_settings(handle, "PRAGMA journal_mode=TRUNCATE");
  BANCHU_TRY_STATUS(run_settings(handle, "PRAGMA locking_mode=NORMAL; SELECT count(*) FROM sqlite_schema"));
  return changed;
}

Status choose_journal(sqlite3* handle, const fs::path& path) {
  if (!is_network_volume(path.parent_path())) {
    const char* const use_wal = "PRAGMA journal_mode=WAL; SELECT count(*) FROM sqlite_schema";
    const int result_code = run_sql(handle, use_wal);
    if (result_code == SQLITE_OK) return {};
    if (!means_no_shared_memory(result_code)) return sqlite_error(handle, result_code, "opening " + path.string());
  }
  return use_rollback_journal(handle);
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
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
  const int result_code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  std::unique_ptr<Database> database(new Database(handle));
  if (result_code != SQLITE_OK) return sqlite_error(handle, result_code, "opening " + path.string());
  harden(handle);
  if (sqlite3_db_readonly(handle, "main") == 1) {
    return sqlite_error(nullptr, SQLITE_READONLY, "opening " + path.string());
  }
  BANCHU_TRY_STATUS(choose_journal(handle, path));
  BANCHU_TRY_STATUS(run_settings(handle, "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY"));
  return database;
}

// The copy's files are unlinked as soon as they are open: nothing of the bag stays behind, not even after a kill.
Result<std::unique_ptr<Database>> Database::open_snapshot(const fs::path& path) {
  BANCHU_TRY(const TemporaryFolder folder, TemporaryFolder::create("banchu-snapshot"));
  const fs::path copy = folder.path() / "banchu.db";
  BANCHU_TRY_STATUS(copy_database(path, copy));
  sqlite3* handle = nullptr;
  const int result_code = sqlite3_open_v2(copy.c_str(), &handle, SQLITE_OPEN_READONLY, nullptr);
  std::unique_ptr<Database> database(new Database(handle));
  if (result_code != SQLITE_OK) return sqlite_error(handle, result_code, "opening a copy of " + path.string());
  harden(handle);
  BANCHU_TRY_STATUS(run_settings(handle, "PRAGMA temp_store=MEMORY; SELECT count(*) FROM sqlite_schema"));
  return database;
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
