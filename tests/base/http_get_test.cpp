#include "base/http_get.h"

#include <gtest/gtest.h>

#include "base/public_address.h"
#include "base/url.h"
#include "tests/base/hostile_server.h"

namespace banchu {
namespace {

using test::answer_of;
using test::Ask;
using test::HostileServer;

TEST(Url, IsTakenApart) {
  const Url url = parse_url("HTTPS://Example.org:8443/a/b%20c.gguf?key=1#top").value();
  EXPECT_EQ(url.origin(), "https://example.org:8443");
  EXPECT_EQ(url.target(), "/a/b%20c.gguf?key=1");
  EXPECT_EQ(url.plain(), "https://example.org:8443/a/b%20c.gguf") << "a key in the query is not shown";
  EXPECT_EQ(parse_url("https://example.org").value().target(), "/");
  EXPECT_EQ(parse_url("https://example.org?x").value().target(), "/?x");
  EXPECT_EQ(parse_url("http://[::1]:80/x").value().host, "[::1]");
  EXPECT_EQ(parse_url("https://example.org/모델").value().path, "/%EB%AA%A8%EB%8D%B8");
}

TEST(Url, WhatIsNoAddressIsRefused) {
  for (const char* text : {"", "example.org", "ftp://example.org/x", "https://", "https:///x", "https://user:pw@host/x",
                           "https://host:0/", "https://host:99999/", "https://host:x/", "https://ho st/",
                           "https://[::1", "https://h/\r\nHost: other", "file:///etc/passwd", "https://한국.kr/"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, Code::InvalidArgument) << text;
  }
}

TEST(Url, ALocationIsReadFromWhereItStands) {
  const Url from = parse_url("https://a.org:444/x/y?z").value();
  EXPECT_EQ(resolve_location(from, "https://b.org/q").value().origin(), "https://b.org:443");
  EXPECT_EQ(resolve_location(from, "//c.org/q").value().origin(), "https://c.org:443");
  EXPECT_EQ(resolve_location(from, "/q?r").value().target(), "/q?r");
  EXPECT_EQ(resolve_location(from, "q").value().path, "/x/q");
  EXPECT_EQ(resolve_location(from, "/q?to=http://d.org").value().host, "a.org");
  EXPECT_FALSE(resolve_location(from, "javascript://x"));
}

TEST(PublicAddress, KnowsWhatLiesInside) {
  for (const char* inside : {"0.0.0.0",
                             "10.1.2.3",
                             "100.64.0.1",
                             "127.0.0.1",
                             "127.255.0.1",
                             "169.254.169.254",
                             "172.16.0.1",
                             "172.31.9.9",
                             "192.0.0.8",
                             "192.168.1.1",
                             "198.18.0.1",
                             "203.0.113.9",
                             "224.0.0.1",
                             "255.255.255.255",
                             "::",
                             "::1",
                             "fe80::1",
                             "fc00::1",
                             "fd12:3456::1",
                             "ff02::1",
                             "::ffff:10.0.0.1",
                             "::ffff:127.0.0.1",
                             "64:ff9b::a00:1",
                             "2002:7f00:1::",
                             "2001::1",
                             "2001:db8::1",
                             "100::1",
                             "",
                             "example.org",
                             "1.2.3"}) {
    EXPECT_FALSE(is_public_address(inside)) << inside;
  }
}

TEST(PublicAddress, KnowsTheInternet) {
  for (const char* outside :
       {"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.0", "172.15.255.255",
        "172.32.0.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
        "2606:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8", "64:ff9b::808:808"}) {
    EXPECT_TRUE(is_public_address(outside)) << outside;
  }
}

TEST(PublicAddress, NumbersOfEveryKindAreResolvedFirst) {
  for (const char* disguised : {"2130706433", "0x7f000001", "127.1", "0177.0.0.1", "localhost", "[::1]"}) {
    const auto addresses = addresses_of(disguised);
    ASSERT_TRUE(addresses) << disguised;
    for (const std::string& address : *addresses) EXPECT_FALSE(is_public_address(address)) << disguised;
  }
  EXPECT_FALSE(addresses_of("no-such-name.invalid"));
}

Result<HttpHead> fetch(const std::string& url, bool allow_local, std::string* body = nullptr) {
  HttpGet request;
  request.url = url;
  request.allow_local = allow_local;
  request.headers.emplace_back("Authorization", "Bearer secret");
  return http_get(
      request, [](const HttpHead&) { return Result<bool>(true); },
      [&](std::string_view bytes) {
        if (body != nullptr) *body += bytes;
        return Result<bool>(true);
      });
}

TEST(HttpGet, NothingInsideIsAskedUnlessItIsAllowed) {
  HostileServer server([](const Ask&) { return answer_of(200, "", "hello"); });
  const auto refused = fetch(server.url("/x"), false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::InvalidArgument);
  EXPECT_NE(refused.error().hint.find("--allow-local"), std::string::npos);
  EXPECT_TRUE(server.asks().empty());
  std::string body;
  ASSERT_TRUE(fetch(server.url("/x"), true, &body));
  EXPECT_EQ(body, "hello");
  EXPECT_NE(server.asks().front().head.find("Bearer secret"), std::string::npos);
}

TEST(HttpGet, ARedirectLeadsNowhereInside) {
  HostileServer other([](const Ask&) { return answer_of(200, "", "a door of this machine"); });
  const std::string port = std::to_string(other.port());
  for (const std::string& to :
       {other.url("/x"), "https://127.0.0.1:" + port + "/x", "https://localhost:" + port + "/", "https://[::1]:" + port,
        "https://2130706433:" + port + "/", std::string("https://10.0.0.1/x"), std::string("http://1.1.1.1/x"),
        std::string("https://169.254.169.254/latest/meta-data"), std::string("file:///etc/passwd"),
        std::string("https://[::ffff:10.0.0.1]/x")}) {
    HostileServer server([&](const Ask&) { return answer_of(302, "Location: " + to + "\r\n", ""); });
    const auto refused = fetch(server.url("/x"), true);
    ASSERT_FALSE(refused) << to;
    EXPECT_EQ(refused.error().code, Code::InvalidArgument) << to << ": " << refused.error().message;
  }
  EXPECT_TRUE(other.asks().empty());
}

TEST(HttpGet, ARedirectOnTheSameServerIsFollowedAndARoundOneEnds) {
  HostileServer server([](const Ask& ask) {
    if (ask.path == "/round") return answer_of(302, "Location: /round\r\n", "");
    if (ask.path == "/a") return answer_of(301, "Location: b\r\n", "elsewhere");
    return answer_of(200, "", "here");
  });
  std::string body;
  ASSERT_TRUE(fetch(server.url("/a"), true, &body));
  EXPECT_EQ(body, "here");
  const auto round = fetch(server.url("/round"), true);
  ASSERT_FALSE(round);
  EXPECT_EQ(round.error().code, Code::InvalidArgument);
  EXPECT_LT(server.asks().size(), 20u);
}

TEST(HttpGet, WhereNobodyListensOrTheAnswerBreaksOffItSaysSo) {
  const auto nobody = fetch("http://127.0.0.1:1/x", true);
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, Code::FailedPrecondition);
  HostileServer server([](const Ask&) { return "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"; });
  const auto broken = fetch(server.url("/x"), true);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, Code::FailedPrecondition);
}

}  // namespace
}  // namespace banchu
