#include "model/partial_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "base/file.h"
#include "base/json.h"

namespace banchu {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kMostRecordBytes = 16u << 20;
constexpr std::uint64_t kMostChunks = 1u << 16;

fs::path record_of(const fs::path& path) { return path.string() + ".json"; }

}  // namespace

struct PartialFile::Parts {
  fs::path path;
  PartialIdentity identity;
  int fd = -1;
  std::uint64_t chunk_bytes = 0;
  std::uint64_t kept = 0;
  bool anew = false;
  std::mutex mutex;       // of what follows
  std::mutex save_mutex;  // one writer of the record
  std::vector<std::uint64_t> have;
  std::vector<bool> taken;

  ~Parts() {
    if (fd >= 0) ::close(fd);
  }
  std::uint64_t begin_of(std::size_t chunk) const { return chunk * chunk_bytes; }
  std::uint64_t size_of(std::size_t chunk) const { return std::min(chunk_bytes, identity.bytes - begin_of(chunk)); }
  std::uint64_t sum() const {
    std::uint64_t total = 0;
    for (const std::uint64_t bytes : have) total += bytes;
    return total;
  }
  void divide(std::uint64_t size) {
    chunk_bytes = std::max(size, identity.bytes / kMostChunks + 1);
    have.assign((identity.bytes + chunk_bytes - 1) / chunk_bytes, 0);
    taken.assign(have.size(), false);
  }
  Status lock();
  bool read_record();
  Json record();
};

Status PartialFile::Parts::lock() {
  fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd < 0) return error_from_errno("cannot write", path.string());
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return {};  // some volumes know no locks
  return make_error(Code::Busy, fmt::format("another process is fetching {}", path.stem().string()),
                    "wait for it, or end that process");
}

// Whether the record is of this very file, and what lies on disk fits it.
bool PartialFile::Parts::read_record() {
  const Result<std::string> text = read_file(record_of(path), kMostRecordBytes);
  const Result<Json> json = text ? parse_json(*text, "the record") : Result<Json>(text.error());
  if (!json || !json->is_object() || identity.mark.empty()) return false;
  const auto number = [&](const char* key) {
    const Json value = json->value(key, Json());
    return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
  };
  const bool is_same = number("format") == 1 && string_at(*json, "file") == identity.file &&
                       string_at(*json, "mark") == identity.mark && number("bytes") == identity.bytes &&
                       static_cast<std::uint64_t>(::lseek(fd, 0, SEEK_END)) == identity.bytes;
  const std::uint64_t size = number("chunk_bytes");
  const Json list = json->value("have", Json());
  if (!is_same || size == 0 || size > identity.bytes || !list.is_array()) return false;
  divide(size);
  if (chunk_bytes != size || list.size() != have.size()) return false;
  for (std::size_t i = 0; i < have.size(); ++i) {
    if (!list[i].is_number_unsigned() || list[i].get<std::uint64_t>() > size_of(i)) return false;
    have[i] = list[i].get<std::uint64_t>();
  }
  return true;
}

Json PartialFile::Parts::record() {
  const std::scoped_lock lock(mutex);
  return Json{{"format", 1},
              {"file", identity.file},
              {"mark", identity.mark},
              {"bytes", identity.bytes},
              {"chunk_bytes", chunk_bytes},
              {"have", have}};
}

PartialFile::PartialFile(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
PartialFile::~PartialFile() = default;

Result<std::unique_ptr<PartialFile>> PartialFile::open(const fs::path& path, const PartialIdentity& identity,
                                                       std::uint64_t chunk_bytes) {
  auto parts = std::make_unique<Parts>();
  parts->path = path;
  parts->identity = identity;
  BANCHU_TRY_STATUS(parts->lock());
  const bool was_there = ::lseek(parts->fd, 0, SEEK_END) > 0;
  if (!parts->read_record()) {
    std::error_code ignored;
    fs::remove(record_of(path), ignored);
    parts->divide(std::clamp<std::uint64_t>(chunk_bytes, 1, identity.bytes));
    parts->anew = was_there;
    const bool sized =
        ::ftruncate(parts->fd, 0) == 0 && ::ftruncate(parts->fd, static_cast<off_t>(identity.bytes)) == 0;
    if (!sized) return error_from_errno("cannot write", path.string());
  }
  parts->kept = parts->sum();
  return std::unique_ptr<PartialFile>(new PartialFile(std::move(parts)));
}

std::uint64_t PartialFile::bytes() const { return parts_->identity.bytes; }
std::uint64_t PartialFile::kept_bytes() const { return parts_->kept; }
bool PartialFile::is_anew() const { return parts_->anew; }

std::uint64_t PartialFile::here() const {
  const std::scoped_lock lock(parts_->mutex);
  return parts_->sum();
}

std::optional<MissingPiece> PartialFile::take() {
  const std::scoped_lock lock(parts_->mutex);
  for (std::size_t i = 0; i < parts_->have.size(); ++i) {
    if (parts_->taken[i] || parts_->have[i] == parts_->size_of(i)) continue;
    parts_->taken[i] = true;
    const std::uint64_t begin = parts_->begin_of(i);
    return MissingPiece{i, begin + parts_->have[i], begin + parts_->size_of(i)};
  }
  return std::nullopt;
}

void PartialFile::give_back(const MissingPiece& piece) {
  const std::scoped_lock lock(parts_->mutex);
  parts_->taken[piece.chunk] = false;
}

Status PartialFile::write(MissingPiece& piece, std::string_view bytes) {
  BANCHU_CHECK(bytes.size() <= piece.end - piece.begin, "a piece takes only what is missing");
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(parts_->fd, bytes.data(), bytes.size(), static_cast<off_t>(piece.begin));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return error_from_errno("cannot write", parts_->path.string());
    piece.begin += static_cast<std::uint64_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    const std::scoped_lock lock(parts_->mutex);
    parts_->have[piece.chunk] = piece.begin - parts_->begin_of(piece.chunk);
  }
  return {};
}

Status PartialFile::save() {
  const std::scoped_lock one(parts_->save_mutex);
  const std::string record = to_line(parts_->record());  // taken before the sync: it never says more than is on disk
  if (::fdatasync(parts_->fd) != 0) return error_from_errno("cannot sync", parts_->path.string());
  return write_file_atomic(record_of(parts_->path), record);
}

void PartialFile::discard(const fs::path& path) {
  std::error_code ignored;
  fs::remove(path, ignored);
  fs::remove(record_of(path), ignored);
}

void PartialFile::discard_record(const fs::path& path) {
  std::error_code ignored;
  fs::remove(record_of(path), ignored);
}

}  // namespace banchu
