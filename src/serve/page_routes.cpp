#include "serve/page_routes.h"

#include "serve/page_files.h"

namespace banchu {
namespace {

// connect-src: only this server hears what is said. The page makes elements of replies through one sanitizer, and the
// browser itself refuses every other way (Trusted Types).
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types dompurify";

constexpr const char* kForEver = "public, max-age=31536000, immutable";

constexpr const char* kUnbuilt =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>banchu</title>"
    "<h1>banchu is here; its page is not</h1>"
    "<p>This program was built on a machine without node. To build the page too: install <code>nodejs</code> and "
    "<code>npm</code>, run <code>npm ci --ignore-scripts</code> in the folder <code>page/</code>, and build banchu "
    "again. Everything else works without it: <code>banchu chat</code>, and the APIs of this server.</p>"
    "<p lang=\"ko\">node가 없는 기계에서 만들어 페이지가 빠졌습니다. <code>nodejs</code>와 <code>npm</code>을 설치하고 "
    "<code>page/</code> 폴더에서 <code>npm ci --ignore-scripts</code>를 실행한 뒤 다시 만들어 주세요. "
    "<code>banchu chat</code>과 다른 프로그램과의 연결은 그대로 쓰실 수 있습니다.</p></html>";

std::vector<std::pair<std::string, std::string>> strict_headers(const char* caching) {
  return {{"Content-Security-Policy", kPolicy},
          {"X-Content-Type-Options", "nosniff"},
          {"X-Frame-Options", "DENY"},
          {"Referrer-Policy", "no-referrer"},
          {"Cross-Origin-Opener-Policy", "same-origin"},
          {"Cross-Origin-Resource-Policy", "same-origin"},
          {"Cache-Control", caching}};
}

HttpAnswerOut file_answer(const PageFile& file, const HttpCall& call, const char* caching) {
  HttpAnswerOut answer;
  answer.type = std::string(file.type);
  answer.headers = strict_headers(caching);
  const std::string tag = '"' + std::string(file.digest) + '"';
  answer.headers.emplace_back("ETag", tag);
  answer.headers.emplace_back("Vary", "Accept, Accept-Encoding");
  if (call.header("if-none-match") == tag) {
    answer.status = 304;
    return answer;
  }
  const bool zipped = call.header("accept-encoding").find("gzip") != std::string::npos;
  if (zipped) answer.headers.emplace_back("Content-Encoding", "gzip");
  answer.body = std::string(zipped ? file.zipped : file.plain);
  return answer;
}

}  // namespace

bool wants_page(const HttpCall& call) {
  return call.path == "/" && call.header("accept").find("text/html") != std::string::npos;
}

bool is_page_path(const std::string& path) { return path.starts_with("/page/"); }

HttpAnswerOut page(const HttpCall& call) {
  for (const PageFile& file : page_files()) {
    if (file.path == "/") return file_answer(file, call, "no-cache");
  }
  HttpAnswerOut answer;
  answer.type = "text/html; charset=utf-8";
  answer.headers = strict_headers("no-cache");
  answer.body = kUnbuilt;
  return answer;
}

void add_page_file_routes(std::vector<RouteRow>& rows) {
  for (const PageFile& file : page_files()) {
    if (file.path == "/") continue;
    rows.push_back(
        {"GET", std::string(file.path), [file](const HttpCall& call) { return file_answer(file, call, kForEver); }});
  }
}

}  // namespace banchu
