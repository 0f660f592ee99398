#include <sqlite3.h>

#include <utility>

#include "bag/database.h"
#include "bag/sqlite_error.h"

namespace banchu {

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      statement_(std::exchange(other.statement_, nullptr)),
      next_parameter_(other.next_parameter_),
      bind_result_(other.bind_result_) {}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::bound(int result_code) {
  BANCHU_CHECK(result_code != SQLITE_RANGE, std::string("too many parameters for ") + sqlite3_sql(statement_));
  if (bind_result_ == SQLITE_OK) bind_result_ = result_code;
  return *this;
}

Statement& Statement::bind(std::int64_t value) {
  return bound(sqlite3_bind_int64(statement_, next_parameter_++, value));
}

Statement& Statement::bind(double value) { return bound(sqlite3_bind_double(statement_, next_parameter_++, value)); }

Statement& Statement::bind(std::string_view text) {
  const char* data = text.data() != nullptr ? text.data() : "";  // a null pointer would bind NULL
  return bound(sqlite3_bind_text64(statement_, next_parameter_++, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

Statement& Statement::bind_blob(std::string_view bytes) {
  const char* data = bytes.data() != nullptr ? bytes.data() : "";
  return bound(sqlite3_bind_blob64(statement_, next_parameter_++, data, bytes.size(), SQLITE_TRANSIENT));
}

Statement& Statement::bind_null() { return bound(sqlite3_bind_null(statement_, next_parameter_++)); }

void Statement::rewind() {
  sqlite3_reset(statement_);  // ends the read transaction that an unfinished statement would hold
  next_parameter_ = 1;
  bind_result_ = SQLITE_OK;
}

Result<bool> Statement::step() {
  const int result_code = bind_result_ != SQLITE_OK ? bind_result_ : sqlite3_step(statement_);
  if (result_code == SQLITE_ROW) return true;
  if (result_code == SQLITE_DONE) {
    rewind();
    return false;
  }
  Error failure = sqlite_error(database_, result_code, sqlite3_sql(statement_));
  rewind();
  return failure;
}

Status Statement::run() {
  BANCHU_TRY(const bool row, step());
  if (row) rewind();
  return {};
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

double Statement::real(int column) const { return sqlite3_column_double(statement_, column); }

std::string Statement::text(int column) const {
  const unsigned char* data = sqlite3_column_text(statement_, column);
  if (data == nullptr) return "";
  return std::string(reinterpret_cast<const char*>(data),
                     static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

std::string Statement::blob(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  if (data == nullptr) return "";
  return std::string(static_cast<const char*>(data),
                     static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

}  // namespace banchu
