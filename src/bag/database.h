// SQLite behind a Result. The only header through which rooms speak SQL; sqlite3.h stays in bag/.
//
// Threads: one thread at a time for one Database; several processes may hold the same file open, each in short
// transactions (busy timeout 5 s, then Busy). Errors: Busy, NoSpace, Corruption, FailedPrecondition (read-only, a
// foreign key), AlreadyExists (a UNIQUE constraint), InvalidArgument (another constraint, a text over 1 GB), Internal.
// On disk: `path`, and beside it -wal and -shm (local disks) or -journal (volumes without shared memory). No code may
// open these files by itself: closing any descriptor of them would drop SQLite's locks for the whole process.
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace banchu {

// One prepared statement: bind in order, then step() through the rows. When the last row was passed (or run()
// returned) it is rewound and may be bound again. Lives at most as long as its Database.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  ~Statement();

  // Binds the next parameter (the first call binds ?1). Text and blobs are copied.
  Statement& bind(std::int64_t value);
  template <std::integral T>
  Statement& bind(T value) {
    return bind(static_cast<std::int64_t>(value));
  }
  Statement& bind(double value);
  Statement& bind(std::string_view text);
  Statement& bind_blob(std::string_view bytes);
  Statement& bind_null();

  Result<bool> step();  // true: a row is there; false: done
  Status run();         // for statements without rows

  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;  // "" for NULL
  std::string blob(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  Statement(sqlite3* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}
  Statement& bound(int result_code);
  void rewind();
  sqlite3* database_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
  int next_parameter_ = 1;
  int bind_result_ = 0;  // the first failed bind; step() reports it
};

class Database {
 public:
  enum class Access { read_only, read_write, create };
  // read_only opens a private snapshot (bag/snapshot.h): nothing beside or in `path` is touched, and what other
  // processes write later is not seen. NotFound when there is no file (but for create).
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& path, Access access);
  // This process's own, without a file; gone when it closes. For searching (FTS5).
  static Result<std::unique_ptr<Database>> open_in_memory();
  ~Database();
  Database(const Database&) = delete;

  Result<Statement> prepare(std::string_view sql);  // Internal for SQL that does not fit the tables
  Status execute(std::string_view sql);             // one or several statements, no parameters

  // BEGIN IMMEDIATE, body, COMMIT; any error rolls back and is returned. Inside another transaction: a savepoint.
  Status transaction(const std::function<Status()>& body);

  // Asked first in every outermost transaction; its error is the transaction's. The bag fences with it.
  void set_transaction_guard(std::function<Status()> guard) { guard_ = std::move(guard); }

  // SQLite's word: "wal", or "truncate" where shared memory does not work.
  Result<std::string> journal_mode();

  // SQLite's own integrity check; Corruption names the first finding.
  Status integrity_check(bool quick);

 private:
  explicit Database(sqlite3* handle) : handle_(handle) {}
  static Result<std::unique_ptr<Database>> open_writable(const std::filesystem::path& path, bool create);
  static Result<std::unique_ptr<Database>> open_snapshot(const std::filesystem::path& path);
  Status savepoint(const std::function<Status()>& body);
  Status guarded(const std::function<Status()>& body);

  sqlite3* handle_ = nullptr;
  std::function<Status()> guard_;
};

}  // namespace banchu
