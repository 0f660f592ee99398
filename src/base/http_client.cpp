#include "base/http_client.h"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

#include "base/public_address.h"

namespace banchu {
namespace {

constexpr std::size_t kMostAnswerBytes = 64u << 20;
constexpr std::chrono::milliseconds kLook{50};
constexpr int kLastPrintable = 0x7E;

// The library looks at nothing while it waits for a byte: this closes the connection from beside it.
class CloseWhenCancelled {
 public:
  CloseWhenCancelled(httplib::Client& client, const CancelFlag* cancel) {
    if (cancel == nullptr) return;
    watcher_ = std::thread([this, &client, cancel] { watch(client, cancel); });
  }
  ~CloseWhenCancelled() {
    {
      const std::scoped_lock lock(mutex_);
      is_over_ = true;
    }
    over_.notify_all();
    if (watcher_.joinable()) watcher_.join();
  }
  CloseWhenCancelled(const CloseWhenCancelled&) = delete;
  CloseWhenCancelled& operator=(const CloseWhenCancelled&) = delete;

 private:
  void watch(httplib::Client& client, const CancelFlag* cancel) {
    std::unique_lock lock(mutex_);
    while (!over_.wait_for(lock, kLook, [this] { return is_over_; })) {
      if (is_cancelled(cancel)) client.stop();
    }
  }

  std::mutex mutex_;
  std::condition_variable over_;
  bool is_over_ = false;
  std::thread watcher_;
};

Result<std::vector<std::string>> permitted_addresses(const Url& url) {
  BANCHU_TRY(std::vector<std::string> addresses, addresses_of(url.host));
  const bool is_public = std::any_of(addresses.begin(), addresses.end(), is_public_address);
  if (is_public && url.scheme != "https")
    return make_error(Code::InvalidArgument, fmt::format("{} is out in the internet and not https", url.origin()),
                      "what is sent there in the clear can be read on the way; take its https address");
  return addresses;
}

// One request to one address, and what came of it.
class Call {
 public:
  Call(const HttpRequest& request, const Url& url, const AnswerSink& sink, const CancelFlag* cancel)
      : request_(&request), url_(&url), sink_(&sink), cancel_(cancel) {}

  // Whether the server could be connected to at `address`.
  Result<bool> ask(const std::string& address);
  HttpAnswer answer;

 private:
  httplib::Result send(httplib::Client& client);
  httplib::Result send_file(httplib::Client& client);
  httplib::Headers headers() const;
  bool take_head(const httplib::Response& response);
  bool take(std::string_view bytes);
  Result<bool> outcome(httplib::Error error) const;

  const HttpRequest* request_;
  const Url* url_;
  const AnswerSink* sink_;  // empty: the body is collected
  const CancelFlag* cancel_;
  std::size_t received_ = 0;
  bool has_enough_ = false;
  bool is_too_large_ = false;
};

httplib::Headers Call::headers() const {
  httplib::Headers headers = {{"User-Agent", "banchu"}, {"Accept-Encoding", "identity"}};
  for (const auto& [name, value] : request_->headers) headers.emplace(name, value);
  return headers;
}

bool Call::take_head(const httplib::Response& response) {
  answer.status = response.status;
  answer.content_type = response.get_header_value("Content-Type");
  answer.location = response.get_header_value("Location");
  return true;
}

bool Call::take(std::string_view bytes) {
  if (is_cancelled(cancel_)) return false;
  received_ += bytes.size();
  is_too_large_ = received_ > kMostAnswerBytes;
  if (is_too_large_) return false;
  if (*sink_) {
    has_enough_ = !(*sink_)(answer, bytes);
    return !has_enough_;
  }
  answer.body.append(bytes);
  return true;
}

httplib::Result Call::send(httplib::Client& client) {
  httplib::Request request;
  request.method = request_->method;
  request.path = url_->target();
  request.headers = headers();
  request.body = request_->body;
  if (!request.body.empty()) request.set_header("Content-Type", request_->content_type);
  request.response_handler = [this](const httplib::Response& response) { return take_head(response); };
  request.content_receiver = [this](const char* bytes, std::size_t size, std::size_t, std::size_t) {
    return take({bytes, size});
  };
  httplib::Result result = client.send(request);
  if (result && answer.status == 0) take_head(*result);  // an answer that may have no body is not handed in on the way
  return result;
}

httplib::Result Call::send_file(httplib::Client& client) {
  std::error_code failure;
  const auto size = std::filesystem::file_size(request_->body_file, failure);
  auto file = std::make_shared<std::ifstream>(request_->body_file, std::ios::binary);
  const auto provide = [this, file](std::size_t offset, std::size_t wanted, httplib::DataSink& sink) {
    std::vector<char> piece(std::min<std::size_t>(wanted, 1u << 20));
    file->seekg(static_cast<std::streamoff>(offset));
    file->read(piece.data(), static_cast<std::streamsize>(piece.size()));
    const auto got = static_cast<std::size_t>(file->gcount());
    return got > 0 && !is_cancelled(cancel_) && sink.write(piece.data(), got);
  };
  httplib::Result result = client.Post(url_->target(), headers(), failure ? 0 : size, provide, request_->content_type);
  if (result) {
    take_head(*result);
    take(result->body);
  }
  return result;
}

Result<bool> Call::outcome(httplib::Error error) const {
  if (is_cancelled(cancel_)) return make_error(Code::Cancelled, "stopped while waiting for " + url_->origin());
  if (has_enough_ || error == httplib::Error::Success) return true;
  if (is_too_large_)
    return make_error(Code::InvalidArgument, fmt::format("the answer of {} is larger than 64 MB", url_->origin()));
  if (error == httplib::Error::Connection || error == httplib::Error::ConnectionTimeout) return false;
  if (error == httplib::Error::SSLServerVerification || error == httplib::Error::SSLServerHostnameVerification ||
      error == httplib::Error::SSLConnection)
    return make_error(Code::Unsupported, fmt::format("the certificate of {} is not trusted here", url_->origin()),
                      "is the address right, and does it speak https? on a bare machine the package ca-certificates "
                      "brings the usual certificates");
  return make_error(Code::FailedPrecondition,
                    fmt::format("{} broke off: {}", url_->origin(), httplib::to_string(error)),
                    "the server's own log says more");
}

Result<bool> Call::ask(const std::string& address) {
  try {
    httplib::Client client(url_->origin());
    if (!client.is_valid())
      return make_error(Code::InvalidArgument, fmt::format("{} is no address of a server", url_->origin()));
    if (!url_->host.starts_with('[')) client.set_hostname_addr_map({{url_->host, address}});
    client.set_connection_timeout(request_->connect_seconds);
    client.set_read_timeout(request_->answer_seconds);
    client.set_write_timeout(request_->answer_seconds);
    client.set_follow_location(false);
    client.set_path_encode(false);
    const CloseWhenCancelled watcher(client, cancel_);
    const httplib::Result result = request_->body_file.empty() ? send(client) : send_file(client);
    return outcome(result.error());
  } catch (const std::exception& failure) {
    return make_error(Code::Internal, fmt::format("{}: {}", url_->origin(), failure.what()));
  }
}

Result<HttpAnswer> call(const HttpRequest& request, const AnswerSink& sink, const CancelFlag* cancel) {
  BANCHU_TRY(const Url url, parse_server_url(request.url));
  BANCHU_TRY(const std::vector<std::string> addresses, permitted_addresses(url));
  for (const std::string& address : addresses) {
    if (is_cancelled(cancel)) break;
    Call one(request, url, sink, cancel);
    BANCHU_TRY(const bool reached, one.ask(address));
    if (reached) return std::move(one.answer);
  }
  if (is_cancelled(cancel)) return make_error(Code::Cancelled, "stopped while waiting for " + url.origin());
  return make_error(Code::FailedPrecondition, fmt::format("{} cannot be reached", url.origin()),
                    "does the server run, and is the address right?");
}

}  // namespace

Result<Url> parse_server_url(const std::string& text) {
  Result<Url> url = parse_url(text);
  if (url) return url;
  return make_error(url.error().code, url.error().message, "write it like http://127.0.0.1:8080/v1");
}

Result<HttpAnswer> http_send(const HttpRequest& request, const CancelFlag* cancel) { return call(request, {}, cancel); }

Result<HttpAnswer> http_post(const HttpRequest& request, const CancelFlag* cancel) {
  return http_send(request, cancel);
}

Result<HttpAnswer> http_stream(const HttpRequest& request, const AnswerSink& on_bytes, const CancelFlag* cancel) {
  return call(request, on_bytes, cancel);
}

Result<std::pair<std::string, std::string>> bearer_header(const std::string& key) {
  const bool is_plain =
      !key.empty() && std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= kLastPrintable; });
  if (!is_plain)
    return make_error(Code::InvalidArgument, "the server's key holds white space or characters that no key holds",
                      "one line with the key alone");
  return std::pair<std::string, std::string>("Authorization", "Bearer " + key);
}

}  // namespace banchu
