// What a route sees of HTTP, and the server behind it (cpp-httplib, in http_server.cpp alone).
//
// Threads: routes are called on many threads at once.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace banchu {

struct HttpCall {
  std::string method;
  std::string path;  // decoded, without the query
  std::string body;
  std::map<std::string, std::string> headers;  // names in lower case
  std::map<std::string, std::string> query;    // decoded; the first of a name
  std::string rest;                            // what stands at the "*" of the route's path
  std::function<bool()> is_gone;               // the client has closed the connection

  std::string header(const std::string& lower_case_name) const;
};

// Writes one piece of a streamed body; false: the client is gone.
using StreamWriter = std::function<bool(const std::string&)>;

struct HttpAnswerOut {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::function<void(const StreamWriter&)> stream;  // instead of `body`: called once, writes until it returns
};

using Route = std::function<HttpAnswerOut(const HttpCall&)>;
struct RouteRow {
  std::string method;
  // "/v1/models", "/v1/models/*" (the rest of the path), or "/nights/*/events" (one name). The first that fits is
  // taken.
  std::string path;
  Route route;
};

struct HttpOptions {
  std::string host = "127.0.0.1";
  int port = 0;                            // 0: any free one
  std::size_t most_body_bytes = 16 << 20;  // 413 above
  int threads = 256;                       // connections that are answered at once
};

struct HttpHandlers {
  std::vector<RouteRow> rows;
  // Asked before the body is read; an answer ends the call.
  std::function<std::optional<HttpAnswerOut>(const HttpCall&)> guard;
  // The body of an error in the words of the path's API.
  std::function<HttpAnswerOut(const HttpCall&, int status, const std::string& message)> refuse;
};

class HttpServer {
 public:
  // Errors: FailedPrecondition (the port is taken, the address is not this machine's).
  static Result<std::unique_ptr<HttpServer>> open(const HttpOptions& options, HttpHandlers handlers);
  virtual ~HttpServer() = default;  // stops
  virtual int port() const = 0;
  virtual void run() = 0;   // returns after stop()
  virtual void stop() = 0;  // from any thread
};

}  // namespace banchu
