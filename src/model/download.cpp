#include "model/download.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "model/partial_file.h"

namespace banchu {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kSmallestChunk = 64u << 10;
constexpr std::uint64_t kLargestChunk = 64u << 20;
constexpr std::uint64_t kChunks = 16;  // of a file of usual size
constexpr std::uint64_t kMegabyte = 1000000;
constexpr double kSaveSeconds = 2;
constexpr auto kLook = std::chrono::milliseconds(100);

Error contradicts_itself(const RemoteFile& file, const std::string& what) {
  return make_error(Code::Corruption, fmt::format("the server contradicts itself about {}: {}", file.known_as, what),
                    "nothing of it is used; try again later, or take the file from another server");
}

Error stopped() { return make_error(Code::Cancelled, "stopped; the same command goes on from here"); }

Error has_changed(const RemoteFile& file) {
  return make_error(Code::Corruption, fmt::format("{} was changed while it was fetched", file.known_as),
                    "run the same command again: it begins anew");
}

Progress progress_of(std::uint64_t done, std::uint64_t total) {
  Progress progress;
  progress.stage = "fetching";
  progress.unit = "MB";
  progress.done = done / kMegabyte;
  progress.total = (total + kMegabyte - 1) / kMegabyte;
  return progress;
}

std::uint64_t chunk_bytes_for(std::uint64_t bytes, const DownloadOptions& options) {
  if (options.chunk_bytes > 0) return options.chunk_bytes;
  return std::clamp(bytes / kChunks, kSmallestChunk, kLargestChunk);
}

PartialIdentity identity_of(const RemoteFile& file) { return {file.known_as, file.mark, file.bytes.value_or(0)}; }

// Several threads that take the missing pieces one by one; the caller's own thread tells the progress.
class Fetcher {
 public:
  Fetcher(const RemoteFile& file, PartialFile& partial, const DownloadOptions& options, const CancelFlag* cancel)
      : file_(&file), partial_(&partial), options_(&options), cancel_(cancel) {}

  Status run(const ProgressSink& progress);

 private:
  void work();
  Status fetch(MissingPiece& piece);
  Status ask_for(MissingPiece& piece);
  Result<bool> check_head(const HttpHead& head, const MissingPiece& piece) const;
  Result<bool> take(MissingPiece& piece, std::string_view bytes);
  void watch(const ProgressSink& progress);
  void stop_with(const Status& status);

  const RemoteFile* file_;
  PartialFile* partial_;
  const DownloadOptions* options_;
  const CancelFlag* cancel_;
  CancelFlag stop_{false};  // one worker failed, or the user said so
  std::mutex mutex_;        // of what follows
  std::condition_variable one_left_;
  int working_ = 0;
  Status first_failure_;
};

void Fetcher::stop_with(const Status& status) {
  const std::scoped_lock lock(mutex_);
  if (first_failure_) first_failure_ = status;
  stop_ = true;
}

Result<bool> Fetcher::check_head(const HttpHead& head, const MissingPiece& piece) const {
  if (is_cancelled(cancel_)) return stopped();
  BANCHU_TRY_STATUS(check_status(head, file_->known_as));
  if (mark_of(head) != file_->mark) return has_changed(*file_);
  const auto range = parse_content_range(head.content_range);
  if (head.status != 206 || !range) return contradicts_itself(*file_, "it gave ranges before and gives none now");
  if (range->total != *file_->bytes)
    return contradicts_itself(*file_, fmt::format("it is {} bytes long, then {}", *file_->bytes, range->total));
  if (range->first != piece.begin || range->last + 1 != piece.end)
    return contradicts_itself(*file_, "it sends another range than was asked for");
  return true;
}

Result<bool> Fetcher::take(MissingPiece& piece, std::string_view bytes) {
  if (is_cancelled(cancel_)) return stopped();
  if (bytes.size() > piece.end - piece.begin) return contradicts_itself(*file_, "it sends more than it said it would");
  BANCHU_TRY_STATUS(partial_->write(piece, bytes));
  return true;
}

Status Fetcher::ask_for(MissingPiece& piece) {
  HttpGet request = request_for(file_->url, *options_);
  request.range = fmt::format("bytes={}-{}", piece.begin, piece.end - 1);
  const MissingPiece asked = piece;
  BANCHU_TRY([[maybe_unused]] const HttpHead head,
             http_get(
                 request, [&](const HttpHead& h) { return check_head(h, asked); },
                 [&](std::string_view bytes) { return take(piece, bytes); }, &stop_));
  if (piece.begin == piece.end) return {};
  return make_error(Code::FailedPrecondition, fmt::format("{} ended too early", file_->known_as),
                    "run the same command again: it goes on where it stopped");
}

Status Fetcher::fetch(MissingPiece& piece) {
  return with_patience(*options_, &stop_, [&](bool& progressed) {
    const std::uint64_t before = piece.begin;
    const Status status = ask_for(piece);
    progressed = piece.begin > before;
    return status;
  });
}

void Fetcher::work() {
  while (!is_cancelled(&stop_)) {
    std::optional<MissingPiece> piece = partial_->take();
    if (!piece) break;
    Status status = fetch(*piece);
    if (!status) partial_->give_back(*piece);
    if (status) status = partial_->save();
    if (!status) stop_with(status);
  }
  const std::scoped_lock lock(mutex_);
  --working_;
  one_left_.notify_all();
}

void Fetcher::watch(const ProgressSink& progress) {
  double saved = steady_seconds();
  std::unique_lock lock(mutex_);
  while (working_ > 0) {
    one_left_.wait_for(lock, kLook);
    lock.unlock();
    if (is_cancelled(cancel_)) stop_with(stopped());
    if (progress) progress(progress_of(partial_->here(), partial_->bytes()));
    if (steady_seconds() - saved > kSaveSeconds) {
      if (const Status status = partial_->save(); !status) stop_with(status);
      saved = steady_seconds();
    }
    lock.lock();
  }
}

Status Fetcher::run(const ProgressSink& progress) {
  std::vector<std::thread> threads;
  working_ = std::max(1, options_->connections);
  for (int i = 0; i < std::max(1, options_->connections); ++i) threads.emplace_back([this] { work(); });
  watch(progress);
  for (std::thread& thread : threads) thread.join();
  const Status saved = partial_->save();
  if (!first_failure_) return first_failure_;
  return saved;
}

Result<Downloaded> in_ranges(const RemoteFile& file, const fs::path& path, const DownloadOptions& options,
                             const ProgressSink& progress, const CancelFlag* cancel) {
  BANCHU_TRY(const auto partial, PartialFile::open(path, identity_of(file), chunk_bytes_for(*file.bytes, options)));
  BANCHU_TRY_STATUS(Fetcher(file, *partial, options, cancel).run(progress));
  return Downloaded{partial->bytes(), partial->kept_bytes(), partial->is_anew()};
}

// A file that is read from its beginning to its end, in one piece.
class OnePiece {
 public:
  explicit OnePiece(const fs::path& path)
      : path_(path), fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644)) {
    if (fd_ < 0) why_not_ = errno;
  }
  OnePiece(const OnePiece&) = delete;
  OnePiece& operator=(const OnePiece&) = delete;
  ~OnePiece() {
    if (fd_ >= 0) ::close(fd_);
  }
  Status start_again() {
    written = 0;
    if (fd_ < 0) errno = why_not_;
    if (fd_ < 0 || ::ftruncate(fd_, 0) != 0 || ::lseek(fd_, 0, SEEK_SET) != 0)
      return error_from_errno("cannot write", path_.string());
    return {};
  }
  Status write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t done = ::write(fd_, bytes.data(), bytes.size());
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) return error_from_errno("cannot write", path_.string());
      written += static_cast<std::uint64_t>(done);
      bytes.remove_prefix(static_cast<std::size_t>(done));
    }
    return {};
  }
  Status sync() { return ::fsync(fd_) == 0 ? Status() : error_from_errno("cannot sync", path_.string()); }

  std::uint64_t written = 0;

 private:
  fs::path path_;
  int why_not_ = 0;  // errno, where it could not be opened
  int fd_;
};

Result<Downloaded> in_one_piece(const RemoteFile& file, const fs::path& path, const DownloadOptions& options,
                                const ProgressSink& progress, const CancelFlag* cancel) {
  PartialFile::discard(path);
  OnePiece out(path);
  const auto on_head = [&](const HttpHead& head) -> Result<bool> {
    BANCHU_TRY_STATUS(check_status(head, file.known_as));
    if (mark_of(head) != file.mark) return has_changed(file);
    if (head.content_length != file.bytes) return contradicts_itself(file, "its length changes");
    return true;
  };
  const auto on_bytes = [&](std::string_view bytes) -> Result<bool> {
    BANCHU_TRY_STATUS(out.write(bytes));
    if (progress) progress(progress_of(out.written, file.bytes.value_or(0)));
    return true;
  };
  const auto once = [&](bool&) -> Status {
    BANCHU_TRY_STATUS(out.start_again());
    BANCHU_TRY([[maybe_unused]] const HttpHead head,
               http_get(request_for(file.url, options), on_head, on_bytes, cancel));
    return {};
  };
  BANCHU_TRY_STATUS(with_patience(options, cancel, once));
  BANCHU_TRY_STATUS(out.sync());
  return Downloaded{out.written, 0, false};
}

}  // namespace

Result<Downloaded> download(const RemoteFile& file, const fs::path& partial, const DownloadOptions& options,
                            const ProgressSink& progress, const CancelFlag* cancel) {
  if (file.gives_ranges && file.bytes) return in_ranges(file, partial, options, progress, cancel);
  return in_one_piece(file, partial, options, progress, cancel);
}

std::uint64_t bytes_kept(const RemoteFile& file, const fs::path& partial) {
  std::error_code failure;
  if (!file.gives_ranges || !file.bytes || !fs::exists(partial, failure)) return 0;
  const auto there = PartialFile::open(partial, identity_of(file), *file.bytes);
  return there ? (*there)->kept_bytes() : 0;
}

}  // namespace banchu
