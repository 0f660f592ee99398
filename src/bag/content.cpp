#include "bag/content.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/digest.h"
#include "base/file.h"

namespace banchu {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kDigestDigits = 64;
constexpr std::size_t kLongestRunId = 64;
constexpr const char* kNeverThere = "not-a-digest";

Status check_digest(const std::string& digest) {
  if (is_digest(digest)) return {};
  return make_error(Code::InvalidArgument, fmt::format("\"{}\" is not a SHA-256 digest", digest),
                    "a digest has 64 hexadecimal digits in lower case");
}

Status list_file(Database& database, const char* kind, const std::string& digest, std::uint64_t bytes) {
  BANCHU_TRY(Statement insert, database.prepare("INSERT INTO files(kind, digest, bytes) VALUES(?1, ?2, ?3) "
                                                "ON CONFLICT DO UPDATE SET bytes = excluded.bytes"));
  return database.transaction([&] { return insert.bind(kind).bind(digest).bind(bytes).run(); });
}

Status sync_path(const fs::path& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) return error_from_errno("cannot open", path.string());
  Status synced;
  if (::fsync(fd) != 0) synced = error_from_errno("cannot sync", path.string());
  ::close(fd);
  return synced;
}

// A rename does not cross file systems; then the bytes are copied beside the target first.
Status move_across(const fs::path& from, const fs::path& to) {
  const fs::path unfinished = to.string() + ".moving";
  std::error_code failure;
  fs::copy_file(from, unfinished, fs::copy_options::overwrite_existing, failure);
  Status moved;
  if (failure) {
    errno = failure.value();
    moved = error_from_errno("cannot copy " + from.string() + " to", to.string());
  }
  if (moved) moved = sync_path(unfinished, O_RDONLY);
  if (moved && ::rename(unfinished.c_str(), to.c_str()) != 0) moved = error_from_errno("cannot write", to.string());
  if (moved) {
    fs::remove(from, failure);
  } else {
    fs::remove(unfinished, failure);
  }
  return moved;
}

Status move_into_place(const fs::path& from, const fs::path& to) {
  BANCHU_TRY_STATUS(sync_path(from, O_RDONLY));
  if (::rename(from.c_str(), to.c_str()) != 0) {
    if (errno != EXDEV) return error_from_errno("cannot move " + from.string() + " to", to.string());
    BANCHU_TRY_STATUS(move_across(from, to));
  }
  return sync_path(to.parent_path(), O_RDONLY | O_DIRECTORY);
}

bool holds(const fs::path& file, const std::string& digest) {
  const Result<std::string> found = sha256_file(file);
  return found && *found == digest;
}

bool is_unfinished(const std::string& name) {
  constexpr std::size_t kRandomSuffix = 7;  // mkostemp's ".XXXXXX"
  std::string_view stem(name);
  if (stem.ends_with(".moving") || (stem.size() > kRandomSuffix && stem[stem.size() - kRandomSuffix] == '.')) {
    stem.remove_suffix(kRandomSuffix);
  }
  if (stem.size() == name.size()) return false;
  if (stem.ends_with(".gguf")) stem.remove_suffix(5);
  return is_digest(stem);
}

}  // namespace

bool is_digest(std::string_view name) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return name.size() == kDigestDigits && std::all_of(name.begin(), name.end(), is_hex);
}

bool is_run_id(std::string_view name) {
  const auto is_plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= kLongestRunId && std::all_of(name.begin(), name.end(), is_plain);
}

fs::path blob_file(const fs::path& bag, const std::string& digest) {
  return blobs_folder(bag) / (is_digest(digest) ? digest : kNeverThere);
}

fs::path adapter_file(const fs::path& bag, const std::string& digest) {
  return adapters_folder(bag) / ((is_digest(digest) ? digest : kNeverThere) + std::string(".gguf"));
}

Result<std::string> put_blob_file(const fs::path& bag, Database& database, std::string_view bytes) {
  std::string digest = sha256(bytes);
  const fs::path path = blob_file(bag, digest);
  if (!holds(path, digest)) BANCHU_TRY_STATUS(write_file_atomic(path, bytes));
  BANCHU_TRY_STATUS(list_file(database, "blob", digest, bytes.size()));
  return digest;
}

Result<std::string> get_blob_file(const fs::path& bag, const std::string& digest) {
  BANCHU_TRY_STATUS(check_digest(digest));
  BANCHU_TRY(std::string bytes, read_file(blob_file(bag, digest), ~0ULL));
  if (sha256(bytes) == digest) return bytes;
  return make_error(Code::Corruption, fmt::format("the bytes of blob {} do not match its name", digest),
                    "put back a copy of that file; `banchu bag verify --full` lists all that is damaged");
}

Status remove_blob_file(const fs::path& bag, Database& database, const std::string& digest) {
  BANCHU_TRY_STATUS(check_digest(digest));
  BANCHU_TRY(Statement unlist, database.prepare("DELETE FROM files WHERE kind = 'blob' AND digest = ?1"));
  BANCHU_TRY_STATUS(database.transaction([&] { return unlist.bind(digest).run(); }));
  const fs::path path = blob_file(bag, digest);
  if (::unlink(path.c_str()) != 0) return error_from_errno("cannot remove", path.string());
  return {};
}

Result<std::string> store_adapter_file(const fs::path& bag, Database& database, const fs::path& finished_file) {
  std::error_code failure;
  const fs::file_status kind = fs::symlink_status(finished_file, failure);
  if (!fs::exists(kind)) return make_error(Code::NotFound, "there is no file " + finished_file.string());
  if (!fs::is_regular_file(kind)) {
    return make_error(Code::InvalidArgument, finished_file.string() + " is not an ordinary file",
                      "give the file itself, not a link or a folder");
  }
  BANCHU_TRY(std::string digest, sha256_file(finished_file));
  const std::uintmax_t bytes = fs::file_size(finished_file, failure);
  const fs::path path = adapter_file(bag, digest);
  const bool already_there = holds(path, digest);
  if (!already_there) {
    BANCHU_TRY_STATUS(move_into_place(finished_file, path));
  } else if (!fs::equivalent(finished_file, path, failure)) {
    fs::remove(finished_file, failure);
  }
  BANCHU_TRY_STATUS(list_file(database, "adapter", digest, bytes));
  return digest;
}

void sweep_unfinished_files(const fs::path& bag) {
  std::error_code ignored;
  for (const fs::path& folder : {blobs_folder(bag), adapters_folder(bag)}) {
    for (const fs::path& file : list_folder(folder)) {
      if (is_unfinished(file.filename().string())) fs::remove(file, ignored);
    }
  }
}

std::vector<fs::path> list_folder(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code failure;
  for (fs::directory_iterator at(folder, failure), end; !failure && at != end; at.increment(failure)) {
    entries.push_back(at->path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

}  // namespace banchu
