#include "model/pull.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <fstream>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "model/download.h"
#include "model/gguf_file.h"
#include "model/partial_file.h"
#include "model/pinned_digests.h"

namespace banchu {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kSpareBytes = 64u << 20;  // of the disk, left alone
constexpr std::uint64_t kMegabyte = 1000000;
constexpr std::size_t kCopyBytes = 4u << 20;

// One part on its way.
struct Arriving {
  const SourcePart* part = nullptr;
  RemoteFile remote;  // of a web source
  fs::path partial;
  PulledFile pulled;
};

Status sync_file(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const Status synced = fd >= 0 && ::fsync(fd) == 0 ? Status() : error_from_errno("cannot sync", path.string());
  if (fd >= 0) ::close(fd);
  return synced;
}

class Pull {
 public:
  Pull(const PullRequest& request, PinnedDigests pins, const ProgressSink& progress, const CancelFlag* cancel)
      : request_(&request), pins_(std::move(pins)), progress_(&progress), cancel_(cancel) {}
  Result<std::vector<PulledFile>> run();

 private:
  Result<Arriving> begin(std::size_t i);
  Result<bool> find_here(std::size_t i, Arriving& arriving) const;
  Status check_space(const std::vector<Arriving>& arriving) const;
  Status fetch(Arriving& arriving) const;
  Status copy(Arriving& arriving) const;
  Status check(std::size_t i, Arriving& arriving) const;
  Status check_digest(std::size_t i, const Arriving& arriving, const std::string& found) const;
  Status check_split(std::size_t i, const GgufFile& file, const SourcePart& part) const;
  Status settle(const std::vector<Arriving>& arriving);
  bool is_web() const { return request_->source.kind == ModelSource::Kind::web; }

  const PullRequest* request_;
  PinnedDigests pins_;
  const ProgressSink* progress_;
  const CancelFlag* cancel_;
};

Error other_digest(const SourcePart& part, const std::string& found, const std::string& wanted, const std::string& who,
                   const std::string& hint) {
  return make_error(Code::Corruption,
                    fmt::format("{} has the SHA-256 {} and should have {} ({})", part.known_as, found, wanted, who),
                    hint);
}

Status Pull::check_digest(std::size_t i, const Arriving& arriving, const std::string& found) const {
  const SourcePart& part = *arriving.part;
  const std::string& named = is_web() ? arriving.remote.digest : part.digest;
  if (!request_->digests.empty() && found != request_->digests[i])
    return other_digest(part, found, request_->digests[i], "the one you gave",
                        "nothing was kept; is it the right file?");
  if (!named.empty() && found != named)
    return other_digest(part, found, named, "the one its source names", "nothing was kept; run the same command again");
  const PinnedDigest* pin = pins_.find(part.known_as);
  if (pin != nullptr && found != pin->sha256 && !request_->repin)
    return other_digest(part, found, pin->sha256, "the one of the first time, " + pin->time,
                        "somebody has changed the file there; if you know why, --repin takes the new one");
  return {};
}

// Whether the file is in its place already, whole and the right one.
Result<bool> Pull::find_here(std::size_t i, Arriving& arriving) const {
  const fs::path& path = arriving.pulled.path;
  std::error_code failure;
  if (!fs::exists(path, failure)) return false;
  const PinnedDigest* pin = pins_.find(arriving.part->known_as);
  const bool is_ours = pin != nullptr && pin->file == path.filename().string();
  if ((!is_ours && request_->digests.empty()) || request_->repin)
    return make_error(Code::AlreadyExists, path.string() + " is there already",
                      "choose another name with --as NAME.gguf, or remove it first");
  BANCHU_TRY(const std::string found, sha256_file(path));
  if (is_ours && found != pin->sha256)
    return make_error(Code::Corruption, fmt::format("{} is not what was pulled on {}", path.string(), pin->time),
                      "remove it and pull it again");
  BANCHU_TRY_STATUS(check_digest(i, arriving, found));
  arriving.pulled.digest = found;
  arriving.pulled.bytes = fs::file_size(path, failure);
  arriving.pulled.was_there = true;
  return true;
}

Result<Arriving> Pull::begin(std::size_t i) {
  Arriving arriving;
  arriving.part = &request_->source.parts[i];
  arriving.pulled.path = request_->folder / arriving.part->name;
  arriving.partial = arriving.pulled.path.string() + ".part";
  BANCHU_TRY(const bool is_here, find_here(i, arriving));
  if (is_here) return arriving;
  if (is_web()) {
    BANCHU_TRY(arriving.remote, look_at(arriving.part->from, request_->download, cancel_));
    return arriving;
  }
  std::error_code failure;
  arriving.pulled.bytes = fs::file_size(arriving.part->from, failure);
  return arriving;
}

Status Pull::check_space(const std::vector<Arriving>& all) const {
  std::uint64_t needed = 0;
  for (const Arriving& arriving : all) {
    if (arriving.pulled.was_there) continue;
    const std::uint64_t bytes = is_web() ? arriving.remote.bytes.value_or(0) : arriving.pulled.bytes;
    const std::uint64_t kept = is_web() ? bytes_kept(arriving.remote, arriving.partial) : 0;
    if (__builtin_add_overflow(needed, bytes - kept, &needed)) needed = UINT64_MAX;
  }
  std::error_code failure;
  const fs::space_info space = fs::space(request_->folder, failure);
  if (failure || needed == 0 || (space.available > kSpareBytes && needed <= space.available - kSpareBytes)) return {};
  return make_error(Code::NoSpace,
                    fmt::format("{} MB are to come, and {} has {} MB left", needed / kMegabyte,
                                request_->folder.string(), space.available / kMegabyte),
                    "nothing was fetched; free some space, or let $BANCHU_HOME point to a larger disk");
}

// A link where the store never writes into its files and lies on the same disk; else a copy.
Status Pull::copy(Arriving& arriving) const {
  const SourcePart& part = *arriving.part;
  PartialFile::discard(arriving.partial);
  std::error_code failure;
  if (part.may_be_linked) fs::create_hard_link(part.from, arriving.partial, failure);
  if (part.may_be_linked && !failure) return {};
  std::ifstream in(part.from, std::ios::binary);
  std::ofstream out(arriving.partial, std::ios::binary | std::ios::trunc);
  if (!in) return error_from_errno("cannot read", part.from);
  std::string buffer(kCopyBytes, '\0');
  Progress shown{"copying", 0, (arriving.pulled.bytes + kMegabyte - 1) / kMegabyte, "MB", ""};
  std::uint64_t copied = 0;
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
    if (is_cancelled(cancel_)) return make_error(Code::Cancelled, "stopped while copying " + part.from);
    if (!out.write(buffer.data(), in.gcount())) return error_from_errno("cannot write", arriving.partial.string());
    copied += static_cast<std::uint64_t>(in.gcount());
    shown.done = copied / kMegabyte;
    if (*progress_) (*progress_)(shown);
  }
  if (in.bad()) return error_from_errno("cannot read", part.from);
  out.close();
  if (!out) return error_from_errno("cannot write", arriving.partial.string());
  return sync_file(arriving.partial);
}

Status Pull::fetch(Arriving& arriving) const {
  if (!is_web()) {
    const Status copied = copy(arriving);
    if (!copied) PartialFile::discard(arriving.partial);
    return copied;
  }
  const Result<Downloaded> got = download(arriving.remote, arriving.partial, request_->download, *progress_, cancel_);
  if (!got && got.error().code == Code::Corruption) PartialFile::discard(arriving.partial);
  if (!got) return got.error();
  arriving.pulled.bytes = got->bytes;
  arriving.pulled.kept_bytes = got->kept_bytes;
  arriving.pulled.began_anew = got->is_anew;
  return {};
}

// A part says which it is; one that says something else than its name was mixed up.
Status Pull::check_split(std::size_t i, const GgufFile& file, const SourcePart& part) const {
  const auto count = static_cast<std::int64_t>(request_->source.parts.size());
  const auto number = file.integer("split.no");
  const std::int64_t says = file.integer("split.count").value_or(0);
  if (count == 1 && says <= 1) return {};
  if (says == count && number && *number == static_cast<std::int64_t>(i)) return {};
  if (count == 1)
    return make_error(Code::InvalidArgument, fmt::format("{} is one of {} parts", part.known_as, says),
                      "give it under its own name, like model-00001-of-00003.gguf: then all parts are fetched");
  return make_error(Code::Corruption,
                    fmt::format("{} says that it is part {} of {}", part.known_as, number.value_or(-1) + 1, says),
                    "the parts were mixed up where they come from");
}

Status Pull::check(std::size_t i, Arriving& arriving) const {
  if (*progress_) (*progress_)({"checking", i + 1, request_->source.parts.size(), "file", ""});
  BANCHU_TRY(arriving.pulled.digest, sha256_file(arriving.partial));
  BANCHU_TRY_STATUS(check_digest(i, arriving, arriving.pulled.digest));
  Result<std::shared_ptr<const GgufFile>> file = GgufFile::open(arriving.partial);
  if (!file) return std::move(file).error();
  return check_split(i, **file, *arriving.part);
}

Status Pull::settle(const std::vector<Arriving>& all) {
  for (const Arriving& arriving : all) {
    const PulledFile& pulled = arriving.pulled;
    if (!pulled.was_there && ::rename(arriving.partial.c_str(), pulled.path.c_str()) != 0)
      return error_from_errno("cannot move", arriving.partial.string());
    if (!pulled.was_there) PartialFile::discard_record(arriving.partial);
    const PinnedDigest* pin = pins_.find(arriving.part->known_as);
    const bool is_first = pin == nullptr || pin->sha256 != pulled.digest;
    pins_.set(arriving.part->known_as, {pulled.path.filename().string(), pulled.digest, pulled.bytes,
                                        is_first ? format_time(now()) : pin->time});
  }
  return pins_.save();  // syncs the folder as well
}

Result<std::vector<PulledFile>> Pull::run() {
  std::vector<Arriving> all;
  for (std::size_t i = 0; i < request_->source.parts.size(); ++i) {
    BANCHU_TRY(Arriving one, begin(i));
    all.push_back(std::move(one));
  }
  BANCHU_TRY_STATUS(check_space(all));
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].pulled.was_there) continue;
    BANCHU_TRY_STATUS(fetch(all[i]));
    const Status good = check(i, all[i]);
    if (!good) PartialFile::discard(all[i].partial);
    BANCHU_TRY_STATUS(good);
  }
  BANCHU_TRY_STATUS(settle(all));
  std::vector<PulledFile> files;
  for (Arriving& arriving : all) files.push_back(std::move(arriving.pulled));
  return files;
}

}  // namespace

Result<std::vector<PulledFile>> pull_model(const PullRequest& request, const ProgressSink& progress,
                                           const CancelFlag* cancel) {
  if (!request.digests.empty() && request.digests.size() != request.source.parts.size())
    return make_error(Code::InvalidArgument,
                      fmt::format("{} digests for {} files", request.digests.size(), request.source.parts.size()),
                      "give one --sha256 for each part, in their order");
  std::error_code failure;
  std::filesystem::create_directories(request.folder, failure);
  if (failure)
    return make_error(Code::FailedPrecondition,
                      fmt::format("cannot make {}: {}", request.folder.string(), failure.message()));
  BANCHU_TRY(PinnedDigests pins, PinnedDigests::load(request.folder));
  return Pull(request, std::move(pins), progress, cancel).run();
}

}  // namespace banchu
