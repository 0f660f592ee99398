#include "bag/sqlite_error.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>

namespace banchu {
namespace {

struct Meaning {
  Code code;
  const char* hint;
};

constexpr Meaning kNoSpace = {Code::NoSpace, "free some space on the disk of the bag and try again"};

Meaning meaning_of_constraint(int extended) {
  switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return {Code::AlreadyExists, ""};
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return {Code::FailedPrecondition, ""};
    default:
      return {Code::InvalidArgument, ""};
  }
}

// A full disk, an exhausted quota and a file-size limit reach us as different SQLite codes; errno tells.
bool is_out_of_space(sqlite3* database) {
  const int number = database != nullptr ? sqlite3_system_errno(database) : 0;
  return number == ENOSPC || number == EDQUOT || number == EFBIG;
}

Meaning meaning_of(sqlite3* database, int result_code) {
  switch (result_code & 0xff) {
    case SQLITE_FULL:
      return kNoSpace;
    case SQLITE_IOERR:
      if (is_out_of_space(database)) return kNoSpace;
      return {Code::Internal, "the disk answered with an error; look at its health"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {Code::FailedPrecondition, "the bag cannot be written; check who owns it and its permissions"};
    case SQLITE_CANTOPEN:
      if (is_out_of_space(database)) return kNoSpace;
      return {Code::FailedPrecondition, "check who owns the bag's folder and its permissions"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {Code::Corruption, "put back a copy of the bag; `banchu bag verify --full` says what is damaged"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return {Code::Busy, "another process is writing to the bag; try again"};
    case SQLITE_CONSTRAINT:
      return meaning_of_constraint(result_code);
    case SQLITE_TOOBIG:
      return {Code::InvalidArgument, "it is too large for the bag"};
    default:
      return {Code::Internal, ""};
  }
}

}  // namespace

Error sqlite_error(sqlite3* database, int result_code, const std::string& doing) {
  const Meaning meaning = meaning_of(database, result_code);
  const char* detail = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(result_code);
  return make_error(meaning.code, fmt::format("{} (SQLite {}): {}", detail, result_code, doing), meaning.hint);
}

}  // namespace banchu
