#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "base/atomic_file.h"

namespace banchu {
namespace fs = std::filesystem;
namespace {

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Status write_all(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return error_from_errno("cannot write", path.string());
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

Result<std::string> read_file(const fs::path& path, std::uint64_t limit_bytes) {
  std::error_code failure;
  if (fs::is_directory(path, failure)) {
    return make_error(Code::InvalidArgument, path.string() + " is a folder, not a file");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return error_from_errno("cannot read", path.string());
  std::string bytes;
  std::string chunk(1 << 16, '\0');
  while (file.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) || file.gcount() > 0) {
    bytes.append(chunk.data(), static_cast<std::size_t>(file.gcount()));
    if (bytes.size() > limit_bytes) {
      return make_error(Code::InvalidArgument, fmt::format("{} is larger than {} bytes", path.string(), limit_bytes));
    }
  }
  if (file.bad()) return error_from_errno("cannot read", path.string());
  return bytes;
}

Status write_file_atomic(const fs::path& path, std::string_view bytes) {
  BANCHU_TRY(AtomicFile file, AtomicFile::create(path));
  BANCHU_TRY_STATUS(file.write(bytes));
  return file.commit();
}

Status append_file_synced(const fs::path& path, std::string_view bytes) {
  const Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (fd.get() < 0) return error_from_errno("cannot write", path.string());
  BANCHU_TRY_STATUS(write_all(fd.get(), bytes, path));
  if (::fsync(fd.get()) != 0) return error_from_errno("cannot sync", path.string());
  return {};
}

Result<TemporaryFolder> TemporaryFolder::create(const std::string& prefix) {
  std::error_code failure;
  std::string pattern = (fs::temp_directory_path(failure) / (prefix + ".XXXXXX")).string();
  if (failure || ::mkdtemp(pattern.data()) == nullptr) return error_from_errno("cannot make", pattern);
  return TemporaryFolder(fs::path(pattern));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

std::uint64_t peak_rss_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace banchu
