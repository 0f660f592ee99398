// The closed set of errors, and the one table that maps them to exit codes, HTTP status and names.
//
// Message: what happened, to which thing. Hint: what to do about it (may be empty).
#pragma once

#include <string>
#include <utility>

namespace banchu {

enum class Code {
  InvalidArgument,
  NotFound,
  AlreadyExists,
  FailedPrecondition,
  Busy,
  NoSpace,
  Corruption,
  Unsupported,
  Cancelled,
  Internal,
};

struct Error {
  Code code = Code::Internal;
  std::string message;
  std::string hint;
};

// The row of the table for one code.
struct CodeInfo {
  Code code;
  const char* name;  // as it stands in JSON, e.g. "InvalidArgument"
  int exit_code;     // see docs: the command line's exit codes
  int http_status;
};
const CodeInfo& code_info(Code code);

// The exit code for "it ran well and the answer is no".
inline constexpr int kExitAnswerIsNo = 20;

inline Error make_error(Code code, std::string message, std::string hint = "") {
  return Error{code, std::move(message), std::move(hint)};
}

// The error for the current errno after a failed system call on `thing` (a path, usually).
Error error_from_errno(const std::string& what, const std::string& thing);

}  // namespace banchu
