// The one doorkeeper of the HTTP server library.
#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>

#include "base/text.h"
#include "serve/http.h"

namespace banchu {
namespace {

constexpr int kReadSeconds = 30;   // for one request's head and body
constexpr int kWriteSeconds = 60;  // a client that reads nothing for so long is gone
constexpr std::size_t kKeepAliveCalls = 1000;
constexpr int kWaitingThreads = 8;  // more come when they are needed
constexpr std::size_t kWaitingCalls = 1024;

constexpr const char* kTooLarge = "the request's body is too large";

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  return text;
}

HttpCall call_of(const httplib::Request& request) {
  HttpCall call;
  call.method = request.method;
  call.path = request.path;
  call.body = request.body;
  for (const auto& [name, value] : request.headers) call.headers.emplace(lower(name), value);
  for (const auto& [name, value] : request.params) call.query.emplace(name, value);
  call.is_gone = request.is_connection_closed;
  return call;
}

// What stands at the "*" of `pattern` ("" where it has none), or nothing when the path is another.
std::optional<std::string> fit(const std::string& pattern, const std::string& path) {
  const std::size_t star = pattern.find('*');
  if (star == std::string::npos) return pattern == path ? std::optional<std::string>("") : std::nullopt;
  const std::string after = pattern.substr(star + 1);
  if (path.size() <= star + after.size() || !path.starts_with(pattern.substr(0, star)) || !path.ends_with(after))
    return std::nullopt;
  std::string rest = path.substr(star, path.size() - star - after.size());
  if (!after.empty() && rest.find('/') != std::string::npos) return std::nullopt;
  return rest;
}

void give(HttpAnswerOut answer, httplib::Response& response) {
  response.status = answer.status;
  for (const auto& [name, value] : answer.headers) response.set_header(name, value);
  if (!answer.stream) {
    response.set_content(answer.body, answer.type);
    return;
  }
  response.set_header("Cache-Control", "no-cache");
  response.set_header("X-Accel-Buffering", "no");
  response.set_chunked_content_provider(
      answer.type, [stream = std::move(answer.stream)](std::size_t, httplib::DataSink& sink) {
        stream([&](const std::string& piece) { return sink.is_writable() && sink.write(piece.data(), piece.size()); });
        sink.done();
        return true;
      });
}

class LibraryServer final : public HttpServer {
 public:
  explicit LibraryServer(HttpHandlers handlers) : handlers_(std::move(handlers)) {}
  ~LibraryServer() override { server_.stop(); }

  Status bind(const HttpOptions& options) {
    const auto threads = static_cast<std::size_t>(std::max(options.threads, kWaitingThreads));
    server_.new_task_queue = [threads] { return new httplib::ThreadPool(kWaitingThreads, threads, kWaitingCalls); };
    // The library would share a port with another server of its kind, and each would get half of the calls.
    server_.set_socket_options([](socket_t socket) { httplib::set_socket_opt(socket, SOL_SOCKET, SO_REUSEADDR, 1); });
    server_.set_payload_max_length(options.most_body_bytes);
    most_body_bytes_ = options.most_body_bytes;
    server_.set_read_timeout(kReadSeconds);
    server_.set_write_timeout(kWriteSeconds);
    server_.set_keep_alive_max_count(kKeepAliveCalls);
    server_.set_tcp_nodelay(true);
    server_.set_pre_routing_handler([this](const auto& request, auto& response) { return before(request, response); });
    server_.set_error_handler([this](const auto& request, auto& response) { return unhandled(request, response); });
    server_.set_exception_handler([this](const auto& request, auto& response, const std::exception_ptr&) {
      give(handlers_.refuse(call_of(request), 500, "the server failed; nothing of this request was kept"), response);
    });
    add_routes();
    port_ = options.port == 0 ? server_.bind_to_any_port(options.host) : options.port;
    if (port_ > 0 && (options.port == 0 || server_.bind_to_port(options.host, options.port))) return {};
    return make_error(Code::FailedPrecondition, fmt::format("cannot listen on {}:{}", options.host, options.port),
                      "another program may use that port: choose one with --port");
  }

  int port() const override { return port_; }
  void run() override { server_.listen_after_bind(); }
  void stop() override { server_.stop(); }

 private:
  using Handled = httplib::Server::HandlerResponse;

  // One handler for every path, so that a wrong method is told apart from a wrong path.
  void add_routes() {
    const auto handle = [this](const httplib::Request& request, httplib::Response& response) {
      give(route(call_of(request)), response);
    };
    server_.Get(".*", handle);
    server_.Post(".*", handle);
    server_.Delete(".*", handle);
    server_.Put(".*", handle);
    server_.Patch(".*", handle);
    server_.Options(".*", handle);
  }

  HttpAnswerOut route(HttpCall call) const {
    bool is_known = false;
    const std::string method = call.method == "HEAD" ? "GET" : call.method;
    for (const RouteRow& row : handlers_.rows) {
      std::optional<std::string> rest = fit(row.path, call.path);
      if (!rest) continue;
      is_known = true;
      if (row.method != method) continue;
      call.rest = std::move(*rest);
      return row.route(call);
    }
    if (is_known) return handlers_.refuse(call, 405, fmt::format("{} is not allowed here", call.method));
    return handlers_.refuse(call, 404, fmt::format("there is nothing at {}", shorten(call.path, 100)));
  }

  Handled before(const httplib::Request& request, httplib::Response& response) const {
    const HttpCall call = call_of(request);
    if (std::optional<HttpAnswerOut> answer = handlers_.guard(call)) {
      response.set_header("Connection", "close");  // its body stays unread
      give(std::move(*answer), response);
      return Handled::Handled;
    }
    // The library would first read all that is claimed to come.
    if (request.get_header_value_u64("Content-Length") > most_body_bytes_) {
      give(handlers_.refuse(call, 413, kTooLarge), response);
      return Handled::Handled;
    }
    return Handled::Unhandled;
  }

  // What the library refuses by itself (a body too large, a head too long, no end in time).
  Handled unhandled(const httplib::Request& request, httplib::Response& response) const {
    if (!response.body.empty() || response.content_provider_) return Handled::Unhandled;
    const int status = response.status;
    const char* message = status == 413   ? kTooLarge
                          : status == 414 ? "the request's address is too long"
                          : status == 431 ? "the request's head is too long"
                                          : "the request cannot be read";
    give(handlers_.refuse(call_of(request), status, message), response);
    return Handled::Handled;
  }

  HttpHandlers handlers_;
  httplib::Server server_;
  std::size_t most_body_bytes_ = 0;
  int port_ = -1;
};

}  // namespace

std::string HttpCall::header(const std::string& lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? "" : found->second;
}

Result<std::unique_ptr<HttpServer>> HttpServer::open(const HttpOptions& options, HttpHandlers handlers) {
  auto server = std::make_unique<LibraryServer>(std::move(handlers));
  BANCHU_TRY_STATUS(server->bind(options));
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace banchu
