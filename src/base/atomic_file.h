// A file that appears under its name only when it is whole: written piece by piece beside it, synced, then renamed.
//
// Owns: the temporary file `<path>.XXXXXX`; the destructor removes it unless commit() succeeded. Threads: one.
// Errors: NotFound (no such folder), InvalidArgument (a folder or a device stands there), FailedPrecondition
// (permissions), NoSpace. A killed writer leaves the temporary.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace banchu {

class AtomicFile {
 public:
  static Result<AtomicFile> create(const std::filesystem::path& path);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  Status write(std::string_view bytes);
  // For a library that insists on writing by name: it may open this file again, but must not rename or remove it.
  const std::filesystem::path& temporary_path() const { return temporary_; }
  // Sync, rename over `path`, sync the folder. Once.
  Status commit();

 private:
  AtomicFile(std::filesystem::path path, std::filesystem::path temporary, int fd)
      : path_(std::move(path)), temporary_(std::move(temporary)), fd_(fd) {}

  std::filesystem::path path_;
  std::filesystem::path temporary_;  // "" once it has gone
  int fd_ = -1;
};

}  // namespace banchu
