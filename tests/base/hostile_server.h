// A server on this machine's own loopback that sends exactly the bytes a test decides on, lies included, and closes.
// One connection at a time, so what is asked comes in an order.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace banchu::test {

struct Ask {
  std::string head;  // as it came
  std::string path;
  std::optional<std::pair<std::uint64_t, std::uint64_t>> range;  // first and last byte
};

class HostileServer {
 public:
  using Handler = std::function<std::string(const Ask&)>;  // the whole answer, head and body

  explicit HostileServer(Handler handler) : handler_(std::move(handler)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      return;  // port 0: every request of the test will fail
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~HostileServer() {
    ::shutdown(listener_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
  }
  HostileServer(const HostileServer&) = delete;
  HostileServer& operator=(const HostileServer&) = delete;

  int port() const { return port_; }
  std::string url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
  std::vector<Ask> asks() const {
    const std::scoped_lock lock(mutex_);
    return asks_;
  }

 private:
  void serve() {
    while (true) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      answer(connection);
      ::close(connection);
    }
  }
  void answer(int connection) {
    Ask ask;
    char buffer[4096];
    while (ask.head.find("\r\n\r\n") == std::string::npos) {
      const ssize_t got = ::recv(connection, buffer, sizeof buffer, 0);
      if (got <= 0) return;
      ask.head.append(buffer, static_cast<std::size_t>(got));
    }
    const std::size_t path = ask.head.find(' ') + 1;
    ask.path = ask.head.substr(path, ask.head.find(' ', path) - path);
    unsigned long long first = 0, last = 0;
    const std::size_t range = ask.head.find("Range: bytes=");
    if (range != std::string::npos &&
        std::sscanf(ask.head.c_str() + range, "Range: bytes=%llu-%llu", &first, &last) == 2)
      ask.range = {first, last};
    {
      const std::scoped_lock lock(mutex_);
      asks_.push_back(ask);
    }
    const std::string bytes = handler_(ask);
    for (std::size_t sent = 0; sent < bytes.size();) {
      const ssize_t more = ::send(connection, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (more <= 0) return;
      sent += static_cast<std::size_t>(more);
    }
  }

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::vector<Ask> asks_;
};

inline std::string answer_of(int status, const std::string& headers, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
}

// What a good server answers for `file`.
inline std::string honest(const Ask& ask, const std::string& file, const std::string& etag) {
  const std::string tag = etag.empty() ? "" : "ETag: \"" + etag + "\"\r\n";
  if (!ask.range) return answer_of(200, tag, file);
  if (ask.range->first >= file.size()) return answer_of(416, tag, "");
  const std::uint64_t last = std::min<std::uint64_t>(ask.range->second, file.size() - 1);
  const std::string range = "Content-Range: bytes " + std::to_string(ask.range->first) + "-" + std::to_string(last) +
                            "/" + std::to_string(file.size()) + "\r\n";
  return answer_of(206, tag + range, file.substr(ask.range->first, last + 1 - ask.range->first));
}

}  // namespace banchu::test
