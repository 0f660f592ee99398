// Requests to the one server that the user named, with TLS by the system's certificates. Never called unasked.
//
// Nothing is sent to anybody else: a redirect is an answer like any other and never followed, and the address that was
// judged is the one that is connected to. In the clear (http) a server is only spoken to on this machine or in its
// network; out in the internet it must be https.
// Threads: any, a connection a call; a cancel flag ends the call within a tenth of a second, however silent the server
// is. Errors: InvalidArgument (no URL; in the clear and public; an answer too large), FailedPrecondition (not reached,
// too slow, broken off), Unsupported (a certificate that this machine does not trust), Cancelled. A status of 400 and
// above is no error here: the caller knows what it means.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "base/url.h"

namespace banchu {

// parse_url() for the address of a server, with a hint for one.
Result<Url> parse_server_url(const std::string& text);

struct HttpRequest {
  std::string url;  // http://host:port/path or https://...
  std::string method = "POST";
  std::string body;
  std::filesystem::path body_file;  // sent instead of `body`, a piece at a time; POST only
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  int connect_seconds = 10;
  int answer_seconds = 600;  // without a single byte; a model on a laptop takes its time
};

struct HttpAnswer {
  int status = 0;
  std::string content_type;
  std::string location;  // where a redirect would lead; "" for none
  std::string body;      // at most 64 MB; empty when it was streamed
};

Result<HttpAnswer> http_send(const HttpRequest& request, const CancelFlag* cancel = nullptr);
Result<HttpAnswer> http_post(const HttpRequest& request, const CancelFlag* cancel = nullptr);

// The answer's bytes as they come, with its status and headers; false: enough, the connection is closed. `body_file` is
// not for this. An error after the first bytes means that the answer broke off.
using AnswerSink = std::function<bool(const HttpAnswer& head, std::string_view bytes)>;
Result<HttpAnswer> http_stream(const HttpRequest& request, const AnswerSink& on_bytes,
                               const CancelFlag* cancel = nullptr);

// "Authorization: Bearer ..." from a key that the user gave. InvalidArgument for a key that holds white space or
// control characters; the message does not show it.
Result<std::pair<std::string, std::string>> bearer_header(const std::string& key);

}  // namespace banchu
