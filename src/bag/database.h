// SQLite behind a Result. The only header through which rooms speak SQL; sqlite3.h stays in bag/.
//
// Threads: one thread at a time for one Database; several processes may hold the same file open, each in short
// transactions (busy timeout 5 s, then Busy). Errors: Busy, NoSpace, Corruption, FailedPrecondition (read-only),
// AlreadyExists (a UNIQUE constraint), Internal.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace banchu {

// One prepared statement: bind in order, then step() through the rows.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  ~Statement();

  // Binds the next parameter (the first call binds ?1). Text and blobs are copied.
  Statement& bind(std::int64_t value);
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
  sqlite3* database_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
  int next_parameter_ = 1;
};

class Database {
 public:
  enum class Access { read_only, read_write, create };
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& path, Access access);
  ~Database();
  Database(const Database&) = delete;

  Result<Statement> prepare(std::string_view sql);  // a bug in the SQL is a broken invariant
  Status execute(std::string_view sql);             // one or several statements, no parameters

  // BEGIN IMMEDIATE, body, COMMIT; any error rolls back and is returned.
  Status transaction(const std::function<Status()>& body);

  // SQLite's own integrity check; Corruption names the first finding.
  Status integrity_check(bool quick);

 private:
  explicit Database(sqlite3* handle) : handle_(handle) {}
  sqlite3* handle_ = nullptr;
};

}  // namespace banchu
