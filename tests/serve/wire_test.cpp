// What comes over the wire without asking the library's own client: broken HTTP, keys, pages from elsewhere.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <set>

#include "base/digest.h"
#include "base/yaml.h"
#include "tests/serve/server_fixture.h"

namespace banchu {
namespace {

// A connection that does as it likes.
class Wire {
 public:
  Wire(int port, const std::string& bytes) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{2, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) return;
    static_cast<void>(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  ~Wire() { ::close(fd_); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // All that comes until the server closes or is silent for two seconds.
  std::string read() {
    std::string answer;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::recv(fd_, buffer, sizeof(buffer), 0)) > 0;) {
      answer.append(buffer, static_cast<std::size_t>(got));
    }
    return answer;
  }

 private:
  int fd_;
};

std::string told(int port, const std::string& bytes) { return Wire(port, bytes).read(); }

int status_of(const std::string& answer) { return answer.size() < 12 ? 0 : std::stoi(answer.substr(9, 3)); }

std::string head(const std::string& first_line, const std::string& more = "") {
  return first_line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + more + "\r\n";
}

TEST_F(ServerTest, BrokenHttpIsRefusedAndTheServerGoesOn) {
  start();
  const int port = server_->port();
  EXPECT_EQ(status_of(told(port, head("GET /" + std::string(9000, 'a')))) / 100, 4);
  EXPECT_EQ(status_of(told(port, head("GET /health", "X-Long: " + std::string(9000, 'a') + "\r\n"))) / 100, 4);
  std::string many;
  for (int i = 0; i < 101; ++i) many += "X-" + std::to_string(i) + ": 1\r\n";
  EXPECT_EQ(status_of(told(port, head("GET /health", many))) / 100, 4);
  const std::string chunked = head("POST /v1/chat/completions", "Transfer-Encoding: chunked\r\n");
  EXPECT_EQ(status_of(told(port, chunked + "-2\r\n{}\r\n0\r\n\r\n")) / 100, 4);
  EXPECT_EQ(status_of(told(port, chunked + "zz\r\n{}\r\n0\r\n\r\n")) / 100, 4);
  const std::string both = "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n";
  EXPECT_EQ(status_of(told(port, head("POST /v1/chat/completions", both) + "0\r\n\r\n")) / 100, 4);
  EXPECT_NE(status_of(told(port, "nonsense\r\n\r\n")), 200);
  const std::string deep(100000, '[');
  EXPECT_EQ(client_->Post("/v1/chat/completions", deep, "application/json")->status, 400);
  EXPECT_EQ(client_->Get("/health")->status, 200);
}

TEST_F(ServerTest, ABodyTooLargeIsSaidSo) {
  start();
  const std::string claims = head("POST /api/chat", "Content-Length: 99999999\r\n");
  const std::string refused = told(server_->port(), claims + "{}");
  EXPECT_EQ(status_of(refused), 413);
  EXPECT_NE(refused.find("\"error\":\""), std::string::npos) << "in Ollama's own shape";
  const std::string chunk = std::string("100000\r\n") + std::string(0x100000, ' ') + "\r\n";
  std::string unsaid = head("POST /v1/messages", "Transfer-Encoding: chunked\r\n");
  for (int i = 0; i < 17; ++i) unsaid += chunk;
  EXPECT_EQ(status_of(told(server_->port(), unsaid)), 413) << "also when no length was claimed";
  EXPECT_EQ(client_->Get("/health")->status, 200);
}

TEST_F(ServerTest, PackedBodiesAreNotUnpacked) {
  start();
  const httplib::Headers packed = {{"Content-Encoding", "gzip"}};
  const auto answer = client_->Post("/v1/chat/completions", packed, "\x1f\x8b\x08", "application/json");
  EXPECT_EQ(answer->status / 100, 4);
  EXPECT_TRUE(Json::parse(answer->body).contains("error"));
}

TEST_F(ServerTest, AClientThatReadsNothingKeepsNobodyWaiting) {
  start(2);
  Json body = ask("Tell me a long story.", 400);
  body["stream"] = true;
  body["temperature"] = 1;
  const std::string text = body.dump();
  const std::string length = "Content-Length: " + std::to_string(text.size()) + "\r\n";
  const Wire slow(server_->port(), head("POST /v1/chat/completions", length) + text);
  while (Json::parse(client_->Get("/banchu/v1/awake")->body)["speaking"] == 0) std::this_thread::yield();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(post("/v1/chat/completions", ask("hi", 2))->status, 200);
}

TEST_F(ServerTest, ManyWhoGiveUpLeaveTheServerAsItWas) {
  start(2);
  const std::string text = ask("Tell me a story.", 200).dump();
  const std::string length = "Content-Length: " + std::to_string(text.size()) + "\r\n";
  for (int i = 0; i < 100; ++i) const Wire gone(server_->port(), head("POST /v1/chat/completions", length) + text);
  auto answer = post("/v1/chat/completions", ask("hi", 2));
  while (answer->status == 503) answer = post("/v1/chat/completions", ask("hi", 2));
  EXPECT_EQ(answer->status, 200);
}

TEST_F(ServerTest, AFormIsReadAsJsonOrRefused) {
  start();
  const char* form = "application/x-www-form-urlencoded";
  EXPECT_EQ(client_->Post("/v1/chat/completions", "a=b&c=d", form)->status, 400);
  EXPECT_EQ(client_->Post("/v1/chat/completions", ask("hi", 1).dump(), form)->status, 200) << "curl -d sends this";
}

TEST_F(ServerTest, OneConnectionServesAHundredCalls) {
  start();
  client_->set_keep_alive(true);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(client_->Get("/health")->status, 200);
}

TEST_F(ServerTest, PagesAndNamesFromElsewhereAreRefused) {
  start();
  const auto status = [&](const std::string& host, const std::string& more) {
    return told(server_->port(),
                "GET /v1/models HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n" + more + "\r\n");
  };
  EXPECT_EQ(status_of(status("evil.com", "")), 403);
  EXPECT_EQ(status_of(status("localhost", "Origin: http://evil.com\r\n")), 403);
  const std::string friendly = status("localhost", "Origin: http://localhost:3000\r\n");
  EXPECT_EQ(status_of(friendly), 200);
  EXPECT_NE(friendly.find("Access-Control-Allow-Origin: http://localhost:3000"), std::string::npos);
  EXPECT_EQ(status("localhost", "Origin: http://evil.com\r\n").find("Access-Control-Allow-Origin"), std::string::npos);
  const std::string asked = told(server_->port(), head("OPTIONS /v1/chat/completions",
                                                       "Origin: http://localhost:3000\r\n"
                                                       "Access-Control-Request-Method: POST\r\n"));
  EXPECT_EQ(status_of(asked), 204);
}

TEST_F(ServerTest, EveryRouteButHealthNeedsAKey) {
  start(1, {{"phone", Right::talk, sha256("bk-1")}});
  for (const std::string& route : server_->routes()) {
    const std::string method = route.substr(0, route.find(' ')), path = route.substr(route.find(' ') + 1);
    const bool is_open = path == "/health" || path == "/v1/health";
    EXPECT_EQ(status_of(told(server_->port(), head(method + " " + path))), is_open ? 200 : 401) << route;
  }
  for (const char* path : {"//v1/models", "/v1/models/", "/v1%2Fmodels", "/%2e/v1/models", "/health/../v1/models"}) {
    EXPECT_EQ(status_of(told(server_->port(), head(std::string("GET ") + path))), 401) << path;
  }
  EXPECT_EQ(status_of(told(server_->port(), head("OPTIONS /v1/models"))), 401);
  EXPECT_EQ(status_of(told(server_->port(), head("GET /v1/models", "authorization: bearer bk-1\r\n"))), 200);
  EXPECT_EQ(status_of(told(server_->port(), head("GET /v1/models", "X-API-Key: bk-1\r\n"))), 200);
}

TEST_F(ServerTest, ThePageOfThePathsIsTheTruth) {
  start();
  const auto page = client_->Get("/openapi.yaml");
  ASSERT_EQ(page->status, 200);
  const Json paths = parse_yaml(page->body, "openapi.yaml").value()["paths"];
  std::set<std::string> written, there;
  for (const auto& [path, methods] : paths.items()) {
    for (const auto& [method, what] : methods.items()) {
      written.insert((method == "get" ? "GET " : "POST ") + path);
    }
  }
  for (std::string route : server_->routes()) {
    if (const std::size_t star = route.find('*'); star != std::string::npos) route.replace(star, 1, "{id}");
    there.insert(route);
  }
  EXPECT_EQ(written, there);
}

TEST_F(ServerTest, APortThatIsTakenIsSaidSo) {
  start();
  ServeOptions options;
  options.port = server_->port();
  options.speech.session = {1, 128, 1};
  const auto second = Server::open(model_, options, house());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::FailedPrecondition);
  options.host = "0.0.0.0";
  const auto open_to_all = Server::open(model_, options, house());
  ASSERT_FALSE(open_to_all) << "no keys, no strangers";
  EXPECT_EQ(open_to_all.error().code, Code::FailedPrecondition);
}

}  // namespace
}  // namespace banchu
