#include "model/model_digest.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <map>
#include <mutex>

#include "base/digest.h"
#include "base/file.h"

namespace banchu {
namespace fs = std::filesystem;
namespace {

constexpr std::time_t kSettledSeconds = 3;  // a file written just now may change again within its own mtime

fs::path cache_folder() {
  const char* xdg = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  if (xdg != nullptr && *xdg != '\0') return fs::path(xdg) / "banchu" / "digests";
  return home == nullptr ? fs::path() : fs::path(home) / ".cache" / "banchu" / "digests";
}

bool is_digest(const std::string& text) {
  return text.size() == 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

void write_best_effort(const fs::path& file, const std::string& digest) {
  std::error_code failure;
  fs::create_directories(file.parent_path(), failure);
  if (failure) return;
  if (const Status written = write_file_atomic(file, digest); !written) return;
}

}  // namespace

Result<std::string> model_digest(const fs::path& path) {
  static std::mutex mutex;
  static std::map<std::string, std::string> known;
  struct stat status {};
  std::error_code failure;
  const fs::path whole = fs::canonical(path, failure);
  if (failure || ::stat(whole.c_str(), &status) != 0) return error_from_errno("cannot read", path.string());
  const std::string key =
      fmt::format("{}\n{}\n{}.{:09}", whole.string(), status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
  const std::scoped_lock lock(mutex);
  if (const auto found = known.find(key); found != known.end()) return found->second;
  const fs::path folder = cache_folder();
  const fs::path file = folder.empty() ? folder : folder / sha256(key);
  if (!file.empty() && fs::exists(file, failure)) {
    const auto cached = read_file(file, 1024);
    if (cached && is_digest(*cached)) return known[key] = *cached;
  }
  BANCHU_TRY(const std::string digest, sha256_file(whole));
  known[key] = digest;
  const bool settled = status.st_mtim.tv_sec + kSettledSeconds < std::time(nullptr);
  if (!file.empty() && settled) write_best_effort(file, digest);
  return digest;
}

}  // namespace banchu
