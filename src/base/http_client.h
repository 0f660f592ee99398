// One HTTP request to a server that the user named, with TLS by the system's certificates. Never called unasked.
//
// Threads: any, a connection a call. Errors: InvalidArgument (no URL), FailedPrecondition (not reached, not trusted,
// too slow), Cancelled. A status of 400 and above is no error here: the caller knows what it means.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/progress.h"
#include "base/result.h"

namespace banchu {

struct HttpRequest {
  std::string url;  // http://host:port/path or https://...
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  int connect_seconds = 10;
  int answer_seconds = 600;  // a model on a laptop takes its time
};

struct HttpAnswer {
  int status = 0;
  std::string body;  // at most 64 MB
};

Result<HttpAnswer> http_post(const HttpRequest& request, const CancelFlag* cancel = nullptr);

}  // namespace banchu
