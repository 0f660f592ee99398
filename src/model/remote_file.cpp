#include "model/remote_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include "base/url.h"

namespace banchu {
namespace {

constexpr std::size_t kFirstBytes = 8;
constexpr int kLongestWait_ms = 30000;
constexpr int kNap_ms = 100;  // between looks at the cancel flag

std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  std::size_t used = 0;
  while (used < text.size() && text[used] >= '0' && text[used] <= '9') {
    if (__builtin_mul_overflow(number, 10u, &number) ||
        __builtin_add_overflow(number, static_cast<unsigned>(text[used] - '0'), &number))
      return std::nullopt;
    ++used;
  }
  text.remove_prefix(used);
  return used > 0 ? std::optional(number) : std::nullopt;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

Status nap(int wait_ms, const CancelFlag* cancel) {
  for (int slept = 0; slept < wait_ms; slept += kNap_ms) {
    if (is_cancelled(cancel)) return make_error(Code::Cancelled, "stopped while waiting for a server");
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min(kNap_ms, wait_ms - slept)));
  }
  return {};
}

Result<bool> learn_length(const HttpHead& head, RemoteFile& file) {
  BANCHU_TRY_STATUS(check_status(head, file.known_as));
  file.mark = mark_of(head);
  file.digest = head.linked_digest;
  const auto range = parse_content_range(head.content_range);
  file.gives_ranges = head.status == 206 && range && range->first == 0;
  file.bytes = file.gives_ranges ? std::optional(range->total) : head.content_length;
  if (file.bytes && *file.bytes < kFirstBytes)
    return make_error(Code::InvalidArgument, fmt::format("{} is not a GGUF file", file.known_as),
                      "give a model in the GGUF format");
  return true;
}

}  // namespace

std::string mark_of(const HttpHead& head) { return head.etag.empty() ? head.last_modified : head.etag; }

HttpGet request_for(const std::string& url, const DownloadOptions& options) {
  HttpGet request;
  request.url = url;
  request.allow_local = options.allow_local;
  if (!options.token.empty()) request.headers.emplace_back("Authorization", "Bearer " + options.token);
  return request;
}

Status check_status(const HttpHead& head, const std::string& file) {
  if (head.status == 200 || head.status == 206) return {};
  if (head.status == 404 || head.status == 410)
    return make_error(Code::NotFound, fmt::format("there is no {}", file), "is the address spelled right?");
  if (head.status == 401 || head.status == 403)
    return make_error(Code::InvalidArgument, fmt::format("{} is not open to everybody ({})", file, head.status),
                      "accept its terms on its page, and put your key into $HF_TOKEN");
  const std::string what = fmt::format("{} answers {} for {}", head.server, head.status, file);
  if (head.status == 429 || head.status >= 500) return make_error(Code::FailedPrecondition, what, "try again later");
  return make_error(Code::InvalidArgument, what, "is the address right?");
}

std::optional<ContentRange> parse_content_range(const std::string& text) {
  std::string_view rest = text;
  if (!take(rest, "bytes ")) return std::nullopt;
  const auto first = take_number(rest);
  if (!first || !take(rest, "-")) return std::nullopt;
  const auto last = take_number(rest);
  if (!last || !take(rest, "/")) return std::nullopt;
  const auto total = take_number(rest);
  if (!total || !rest.empty() || *first > *last || *last >= *total) return std::nullopt;
  return ContentRange{*first, *last, *total};
}

Status check_first_bytes(std::string_view bytes, const std::string& content_type, const std::string& file) {
  if (bytes.starts_with("GGUF") && bytes.size() >= kFirstBytes) {
    std::uint32_t version = 0;
    std::memcpy(&version, bytes.data() + 4, sizeof version);
    if (version == 2 || version == 3) return {};
    return make_error(Code::Unsupported,
                      fmt::format("{} is GGUF version {}; versions 2 and 3 are known", file, version),
                      "nothing was fetched; a newer banchu may know it");
  }
  if (content_type.starts_with("text/html") || bytes.starts_with('<'))
    return make_error(Code::InvalidArgument, fmt::format("{} is a web page, not a model file", file),
                      "take the address of the file itself; on a model hub that is hf:owner/repository/file.gguf");
  return make_error(Code::InvalidArgument, fmt::format("{} is not a GGUF file", file),
                    "give a model in the GGUF format");
}

Status with_patience(const DownloadOptions& options, const CancelFlag* cancel,
                     const std::function<Status(bool& progressed)>& once) {
  int failed = 0;
  while (true) {
    bool progressed = false;
    const Status status = once(progressed);
    if (status || status.error().code != Code::FailedPrecondition) return status;
    failed = progressed ? 1 : failed + 1;
    if (failed >= options.tries) return status;
    const int doubled = options.wait_ms << std::min(failed - 1, 10);
    BANCHU_TRY_STATUS(nap(std::min(doubled, kLongestWait_ms), cancel));
  }
}

Result<RemoteFile> look_at(const std::string& url, const DownloadOptions& options, const CancelFlag* cancel) {
  BANCHU_TRY(const Url address, parse_url(url));
  RemoteFile file;
  std::string first;
  std::string content_type;
  const auto once = [&](bool&) -> Status {
    file = {url, address.plain(), std::nullopt, false, "", ""};
    first.clear();
    HttpGet request = request_for(url, options);
    request.range = fmt::format("bytes=0-{}", kFirstBytes - 1);
    const auto on_head = [&](const HttpHead& head) -> Result<bool> {
      content_type = head.content_type;
      return learn_length(head, file);
    };
    const auto on_bytes = [&](std::string_view bytes) -> Result<bool> {
      first += bytes.substr(0, kFirstBytes - std::min(first.size(), kFirstBytes));
      return first.size() < kFirstBytes;
    };
    BANCHU_TRY([[maybe_unused]] const HttpHead head, http_get(request, on_head, on_bytes, cancel));
    return {};
  };
  BANCHU_TRY_STATUS(with_patience(options, cancel, once));
  BANCHU_TRY_STATUS(check_first_bytes(first, content_type, file.known_as));
  return file;
}

}  // namespace banchu
