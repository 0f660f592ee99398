// The page's door: who gets it, and with which headers. What the page does is tested in a browser (page/tests).
#include "base/digest.h"
#include "serve/page_files.h"
#include "tests/serve/server_fixture.h"

namespace banchu {
namespace {

const httplib::Headers kBrowser = {{"Accept", "text/html,application/xhtml+xml,*/*;q=0.8"}};

TEST_F(ServerTest, ABrowserGetsThePageAndOllamasClientsTheirGreeting) {
  start();
  const auto page = client_->Get("/", kBrowser);
  EXPECT_EQ(page->status, 200);
  EXPECT_TRUE(page->get_header_value("Content-Type").starts_with("text/html"));
  EXPECT_NE(page->body.find("banchu"), std::string::npos);
  EXPECT_EQ(client_->Get("/", httplib::Headers{{"Accept", "*/*"}})->body, "Ollama is running");
}

TEST_F(ServerTest, ThePageMayRunItsOwnFilesAndNothingElse) {
  start();
  const auto page = client_->Get("/", kBrowser);
  const std::string policy = page->get_header_value("Content-Security-Policy");
  EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';")) << policy;
  for (const char* unsafe : {"unsafe", "*", "http:", "https:", "data:", "blob:"}) {
    EXPECT_EQ(policy.find(unsafe), std::string::npos) << unsafe;
  }
  for (const char* must : {"frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'", "trusted-types"}) {
    EXPECT_NE(policy.find(must), std::string::npos) << must;
  }
  EXPECT_EQ(page->get_header_value("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(page->get_header_value("Referrer-Policy"), "no-referrer");
  EXPECT_EQ(page->get_header_value("Cache-Control"), "no-cache");
}

TEST_F(ServerTest, ThePagesFilesAreCachedByTheirDigests) {
  start();
  if (page_files().empty()) GTEST_SKIP() << "this program was built without the page (cmake/Page.cmake)";
  for (const PageFile& file : page_files()) {
    const std::string path(file.path);
    const auto whole = client_->Get(path, kBrowser);
    ASSERT_EQ(whole->status, 200) << path;
    EXPECT_EQ(whole->body, file.plain) << path;
    EXPECT_EQ(whole->get_header_value("Content-Type"), file.type);
    httplib::Headers again = kBrowser;
    again.emplace("If-None-Match", whole->get_header_value("ETag"));
    EXPECT_EQ(client_->Get(path, again)->status, 304) << path;
    if (path == "/") continue;
    EXPECT_NE(path.find(file.digest), std::string::npos);
    EXPECT_NE(whole->get_header_value("Cache-Control").find("immutable"), std::string::npos);
  }
  EXPECT_EQ(client_->Get("/page/page-0000000000000000.js")->status, 404);
}

TEST_F(ServerTest, ThePageAsksForTheKeyItself) {
  start(1, {{"phone", Right::talk, sha256("bk-1")}});
  EXPECT_EQ(client_->Get("/", kBrowser)->status, 200) << "it holds nothing of anybody";
  EXPECT_EQ(client_->Get("/")->status, 401);
  EXPECT_EQ(client_->Get("/v1/models", kBrowser)->status, 401) << "a browser is no key";
  httplib::Headers elsewhere = kBrowser;
  elsewhere.emplace("Origin", "https://example.org");
  EXPECT_EQ(client_->Get("/", elsewhere)->status, 403);
}

}  // namespace
}  // namespace banchu
