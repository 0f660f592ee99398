#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace banchu {
namespace fs = std::filesystem;
namespace {

Status sync_folder_of(const fs::path& path) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const Status status = synced ? Status() : error_from_errno("cannot sync", folder.string());
  if (fd >= 0) ::close(fd);
  return status;
}

}  // namespace

Result<AtomicFile> AtomicFile::create(const fs::path& path) {
  std::error_code failure;
  const fs::file_status there = fs::status(path, failure);
  if (fs::exists(there) && !fs::is_regular_file(there)) {  // a rename would take a device's or a pipe's place
    return make_error(Code::InvalidArgument, path.string() + " is not an ordinary file", "choose another name");
  }
  std::string temporary = path.string() + ".XXXXXX";
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return error_from_errno("cannot write", path.string());
  return AtomicFile(path, temporary, fd);
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      fd_(std::exchange(other.fd_, -1)) {}

AtomicFile::~AtomicFile() {
  if (fd_ >= 0) ::close(fd_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Status AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return error_from_errno("cannot write", path_.string());
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Status AtomicFile::commit() {
  if (::fchmod(fd_, 0644) != 0 || ::fsync(fd_) != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return error_from_errno("cannot write", path_.string());
  }
  temporary_.clear();
  return sync_folder_of(path_);
}

}  // namespace banchu
