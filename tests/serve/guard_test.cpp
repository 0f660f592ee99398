#include "serve/guard.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/file.h"

namespace banchu {
namespace {

HttpCall call(const std::string& host, const std::string& origin = "", const std::string& path = "/v1/models") {
  HttpCall call;
  call.method = "GET";
  call.path = path;
  call.headers["host"] = host;
  if (!origin.empty()) call.headers["origin"] = origin;
  return call;
}

int status_of(const Guard& guard, const HttpCall& call) {
  const auto answer = guard.stop(call);
  return answer ? answer->status : 200;
}

TEST(Guard, WithoutKeysAnswersToNamesOfThisMachineOnly) {
  const Guard guard({});
  for (const char* host : {"localhost:11500", "127.0.0.1:11500", "[::1]:11500", "localhost", "me.localhost:1"}) {
    EXPECT_EQ(status_of(guard, call(host)), 200) << host;
  }
  for (const char* host : {"evil.com", "evil.com:11500", "127.0.0.1.evil.com", "localhost.evil.com", ""}) {
    EXPECT_EQ(status_of(guard, call(host)), 403) << host;
  }
}

TEST(Guard, PagesFromElsewhereMayNotTalk) {
  const Guard guard({});
  EXPECT_EQ(status_of(guard, call("localhost:11500", "http://localhost:3000")), 200);
  for (const char* origin :
       {"https://evil.com", "null", "http://localhost.evil.com", "file://", "http://evil.com:11500"}) {
    const auto answer = guard.stop(call("localhost:11500", origin));
    ASSERT_TRUE(answer) << origin;
    EXPECT_EQ(answer->status, 403);
    for (const auto& [name, value] : answer->headers) EXPECT_NE(name, "Access-Control-Allow-Origin");
  }
}

TEST(Guard, APreflightOfThisMachinesPageNeedsNoKey) {
  const Guard guard({{"phone", Right::talk, sha256("bk-1")}});
  HttpCall preflight = call("localhost:11500", "http://localhost:3000");
  preflight.method = "OPTIONS";
  EXPECT_EQ(status_of(guard, preflight), 204);
  preflight.headers.erase("origin");
  EXPECT_EQ(status_of(guard, preflight), 401);
}

TEST(Guard, WithKeysEveryPathButHealthNeedsOne) {
  const Guard guard({{"phone", Right::talk, sha256("bk-1")}, {"mine", Right::manage, sha256("bk-2")}});
  EXPECT_EQ(status_of(guard, call("anywhere.example", "", "/health")), 200);
  for (const char* path : {"/", "/health/", "/v1/models/", "//v1/models", "/api/tags", "/metrics", "/nothing"}) {
    EXPECT_EQ(status_of(guard, call("anywhere.example", "", path)), 401) << path;
  }
  HttpCall with_key = call("anywhere.example");
  for (const char* scheme : {"Bearer bk-1", "bearer bk-1", "BEARER   bk-1 "}) {
    with_key.headers["authorization"] = scheme;
    EXPECT_EQ(status_of(guard, with_key), 200) << scheme;
    EXPECT_EQ(guard.right_of(with_key), Right::talk);
  }
  with_key.headers["authorization"] = "Bearer bk-3";
  EXPECT_EQ(status_of(guard, with_key), 401);
  with_key.headers.erase("authorization");
  with_key.headers["x-api-key"] = "bk-2";
  EXPECT_EQ(guard.right_of(with_key), Right::manage);
}

TEST(Keys, AreKeptAsHashesAndReadBack) {
  const auto folder = TemporaryFolder::create("banchu-keys").value();
  const auto file = folder.path() / "keys";
  const std::string phone = add_key(file, "phone", Right::grow).value();
  const std::string other = add_key(file, "other", Right::talk).value();
  EXPECT_NE(phone, other);
  EXPECT_EQ(read_file(file)->find(phone), std::string::npos);
  const std::vector<Key> keys = load_keys(file).value();
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0].digest, sha256(phone));
  EXPECT_EQ(keys[0].right, Right::grow);
  EXPECT_EQ(add_key(file, "phone", Right::talk).error().code, Code::AlreadyExists);
  EXPECT_EQ(add_key(file, "two words", Right::talk).error().code, Code::InvalidArgument);
}

TEST(Keys, ALineThatIsNoKeyIsNamed) {
  const auto folder = TemporaryFolder::create("banchu-keys").value();
  const auto file = folder.path() / "keys";
  for (const std::string& line :
       std::vector<std::string>{"secret", "phone talk abc", "phone rule " + std::string(64, 'a'),
                                "phone talk " + std::string(64, 'a') + " more"}) {
    ASSERT_TRUE(write_file_atomic(file, "# keys\n" + line + "\n"));
    const auto keys = load_keys(file);
    ASSERT_FALSE(keys) << line;
    EXPECT_NE(keys.error().message.find(":2 "), std::string::npos) << keys.error().message;
  }
}

}  // namespace
}  // namespace banchu
