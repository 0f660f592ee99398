// What a server says about a model file before anything of it is fetched: its first eight bytes, its length, whether it
// gives out ranges, and a mark by which a changed file is known.
//
// Threads: any. Errors: those of base/http_get.h, and InvalidArgument (a web page, something that is no GGUF file),
// Unsupported (a GGUF version nobody here reads), NotFound, FailedPrecondition (the server asks for a key, is busy).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/http_get.h"
#include "base/progress.h"
#include "base/result.h"

namespace banchu {

struct DownloadOptions {
  int connections = 4;
  std::uint64_t chunk_bytes = 0;  // of one request; 0: by the file's length
  int tries = 5;                  // in a row without one new byte
  int wait_ms = 500;              // before the second of them; doubles each time
  bool allow_local = false;       // base/http_get.h
  std::string token;              // sent to the file's own server alone; "" for none
};

struct RemoteFile {
  std::string url;
  std::string known_as;                // the address as messages and records show it
  std::optional<std::uint64_t> bytes;  // as it says
  bool gives_ranges = false;
  std::string mark;  // its ETag, else the time of its last change; "": it has neither, and no break can be mended later
  std::string digest;  // the SHA-256 that a hub names; "" for none
};

Result<RemoteFile> look_at(const std::string& url, const DownloadOptions& options, const CancelFlag* cancel);

// What every request of a download begins with.
HttpGet request_for(const std::string& url, const DownloadOptions& options);
std::string mark_of(const HttpHead& head);
// OK for 200 and 206; else what the status means for a file. 429 and 500 upwards are FailedPrecondition: later, maybe.
Status check_status(const HttpHead& head, const std::string& file);

// "bytes 0-7/4096"
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t total = 0;
};
std::optional<ContentRange> parse_content_range(const std::string& text);

// The first eight bytes of a file that says it is a model: "GGUF", and a version that is known.
Status check_first_bytes(std::string_view bytes, const std::string& content_type, const std::string& file);

// Calls `once` until it is OK, fails for good, or fails `tries` times in a row with FailedPrecondition without
// `progressed` having been set.
Status with_patience(const DownloadOptions& options, const CancelFlag* cancel,
                     const std::function<Status(bool& progressed)>& once);

}  // namespace banchu
