// One file of the web, streamed, with rules for where a redirect may lead. Never called unasked.
//
// The user's own address must be https and public. With `allow_local` it may be http, or lie inside, but not both http
// and public. Redirects are followed by hand: only to https on a public address, or (with allow_local) to the very
// origin the user named. The address that was judged is the one that is connected to, so a name cannot lead elsewhere
// in between. Headers go to the origin the user named, and to no other.
// Threads: any, a connection a call. Errors: InvalidArgument (an address or a redirect that is not allowed),
// Unsupported (a certificate that this machine does not trust), FailedPrecondition (not reached, broken off: trying
// again may help), Cancelled, and what the sinks answer. A status of 400 and above is no error here.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/progress.h"
#include "base/result.h"

namespace banchu {

struct HttpGet {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string range;  // "bytes=0-7", or ""
  bool allow_local = false;
  int connect_seconds = 10;
  int read_seconds = 20;  // without a single byte
};

struct HttpHead {
  int status = 0;
  std::string server;  // where the last redirect led
  std::string etag;
  std::string last_modified;
  std::string content_type;
  std::string content_range;
  std::optional<std::uint64_t> content_length;
  std::string linked_digest;  // the SHA-256 that a model hub gives with its redirect; "" for none
};

// Sinks answer whether they want to go on; false ends the request without an error.
using HeadSink = std::function<Result<bool>(const HttpHead&)>;
using BytesSink = std::function<Result<bool>(std::string_view)>;

Result<HttpHead> http_get(const HttpGet& request, const HeadSink& on_head, const BytesSink& on_bytes,
                          const CancelFlag* cancel = nullptr);

}  // namespace banchu
