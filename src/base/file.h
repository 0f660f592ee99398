// Files: whole reads with a limit, and writes that are either fully there or not there at all.
//
// Errors: NotFound, FailedPrecondition (permissions), NoSpace, InvalidArgument (over the limit).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace banchu {

// The whole file; one larger than `limit_bytes` is refused before it is read.
Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t limit_bytes = 1ULL << 30);

// Writes a temporary file beside `path`, syncs it, renames it over `path`, syncs the folder: a reader or a
// power cut sees the old content or the new, never half.
Status write_file_atomic(const std::filesystem::path& path, std::string_view bytes);

// Appends and syncs before it returns.
Status append_file_synced(const std::filesystem::path& path, std::string_view bytes);

// A folder of this call's own below the system's temporary folder, removed with its content by the destructor.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> create(const std::string& prefix);
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

// Peak resident set of this process so far, in bytes (getrusage).
std::uint64_t peak_rss_bytes();

}  // namespace banchu
