#include "base/error.h"

#include <array>
#include <cerrno>
#include <cstring>

namespace banchu {
namespace {

constexpr std::array<CodeInfo, 10> kTable = {{
    {Code::InvalidArgument, "InvalidArgument", 2, 400},
    {Code::NotFound, "NotFound", 3, 404},
    {Code::AlreadyExists, "AlreadyExists", 4, 409},
    {Code::FailedPrecondition, "FailedPrecondition", 5, 412},
    {Code::Busy, "Busy", 6, 503},
    {Code::NoSpace, "NoSpace", 7, 507},
    {Code::Corruption, "Corruption", 8, 500},
    {Code::Unsupported, "Unsupported", 9, 501},
    {Code::Cancelled, "Cancelled", 10, 499},
    {Code::Internal, "Internal", 1, 500},
}};

Code code_for_errno(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return Code::NotFound;
    case EEXIST:
      return Code::AlreadyExists;
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
      return Code::InvalidArgument;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return Code::NoSpace;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::FailedPrecondition;
    default:
      return Code::Internal;
  }
}

}  // namespace

const CodeInfo& code_info(Code code) {
  for (const CodeInfo& row : kTable) {
    if (row.code == code) return row;
  }
  return kTable.back();
}

Error error_from_errno(const std::string& what, const std::string& thing) {
  const int number = errno;
  std::string hint;
  if (code_for_errno(number) == Code::NoSpace) hint = "free some space on that disk and try again";
  if (code_for_errno(number) == Code::FailedPrecondition) hint = "check who owns it and its permissions";
  return make_error(code_for_errno(number), what + " " + thing + ": " + std::strerror(number), hint);
}

}  // namespace banchu
