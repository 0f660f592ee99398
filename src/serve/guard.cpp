#include "serve/guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"
#include "serve/dialect.h"
#include "serve/page_routes.h"

namespace banchu {
namespace {

struct RightRow {
  Right right;
  const char* name;
};
constexpr RightRow kRights[] = {{Right::talk, "talk"}, {Right::grow, "grow"}, {Right::manage, "manage"}};

// "localhost:11500" -> "localhost"; "[::1]:80" -> "[::1]".
std::string without_port(const std::string& authority) {
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  const bool has_port = colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
  return has_port ? authority.substr(0, colon) : authority;
}

// "http://localhost:3000" -> "localhost"; "" for "null" and everything that is no page's address.
std::string host_of_origin(const std::string& origin) {
  for (const char* scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) return without_port(origin.substr(std::string(scheme).size()));
  }
  return "";
}

bool same_digest(const std::string& a, const std::string& b) {
  if (a.size() != b.size()) return false;
  unsigned char different = 0;
  for (std::size_t i = 0; i < a.size(); ++i) different |= static_cast<unsigned char>(a[i] ^ b[i]);
  return different == 0;
}

std::string given_key(const HttpCall& call) {
  const std::string authorization = call.header("authorization");
  if (authorization.size() > 7 && fold(authorization.substr(0, 7)) == "bearer") return trim(authorization.substr(7));
  const std::string key = call.header("x-api-key");
  return key.empty() ? call.header("api-key") : key;
}

// The page holds nothing of anybody: it asks for the key itself.
bool is_public(const HttpCall& call) {
  return call.path == "/health" || call.path == "/v1/health" || wants_page(call) || is_page_path(call.path);
}

bool is_digest(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

Result<Right> right_of(const std::string& name) {
  for (const RightRow& row : kRights) {
    if (name == row.name) return row.right;
  }
  return make_error(Code::InvalidArgument, fmt::format("\"{}\" is no right", name), "talk, grow or manage");
}

const char* name_of(Right right) { return kRights[static_cast<std::size_t>(right)].name; }

Result<std::vector<Key>> load_keys(const std::filesystem::path& file) {
  BANCHU_TRY(const std::string text, read_file(file));
  std::istringstream lines(text);
  std::vector<Key> keys;
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (trim(line).empty() || line.starts_with('#')) continue;
    std::istringstream words(line);
    std::string right, rest;
    Key key;
    words >> key.name >> right >> key.digest;
    const Result<Right> known = right_of(right);
    if (!known || !is_digest(key.digest) || (words >> rest)) {
      return make_error(Code::InvalidArgument, fmt::format("{}:{} is no key", file.string(), number),
                        "keys are made by `banchu serve --new-key NAME --may talk|grow|manage --key-file F`");
    }
    key.right = *known;
    keys.push_back(std::move(key));
  }
  return keys;
}

Result<std::string> add_key(const std::filesystem::path& file, const std::string& name, Right right) {
  const bool plain = !name.empty() && name.find_first_of(" \t\r\n#") == std::string::npos;
  if (!plain) return make_error(Code::InvalidArgument, fmt::format("\"{}\" is no name for a key", name), "one word");
  std::string before;
  if (std::filesystem::exists(file)) {
    BANCHU_TRY(const std::vector<Key> keys, load_keys(file));
    const bool taken = std::any_of(keys.begin(), keys.end(), [&](const Key& key) { return key.name == name; });
    if (taken) return make_error(Code::AlreadyExists, fmt::format("there is a key for \"{}\" already", name));
    BANCHU_TRY(before, read_file(file));
  }
  const std::string key = "bk-" + random_id() + random_id() + random_id() + random_id();
  if (!before.empty() && !before.ends_with('\n')) before += '\n';
  BANCHU_TRY_STATUS(write_file_atomic(file, before + fmt::format("{} {} {}\n", name, name_of(right), sha256(key))));
  std::error_code ignored;  // the hashes are no secret that opens a door
  std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, ignored);
  return key;
}

bool is_loopback_name(const std::string& host) {
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]" || host == "::1" || host.ends_with(".localhost");
}

std::optional<Right> Guard::right_of(const HttpCall& call) const {
  if (keys_.empty()) return Right::manage;
  const std::string digest = sha256(given_key(call));
  std::optional<Right> found;
  for (const Key& key : keys_) {
    if (same_digest(key.digest, digest)) found = key.right;
  }
  return found;
}

std::optional<HttpAnswerOut> Guard::stop(const HttpCall& call) const {
  const Dialect dialect = dialect_of(call.path);
  if (keys_.empty() && !is_loopback_name(without_port(call.header("host")))) {
    return refusal(dialect, 403, "this server answers on this machine only: the Host header names another one");
  }
  const std::string origin = call.header("origin");
  const std::string origin_host = host_of_origin(origin);
  if (!origin.empty() && !is_loopback_name(origin_host) && origin_host != without_port(call.header("host"))) {
    return refusal(dialect, 403, "pages from elsewhere may not talk to this server");
  }
  if (call.method == "OPTIONS" && !origin.empty()) {
    HttpAnswerOut answer;
    answer.status = 204;
    answer.headers = origin_headers(call);
    return answer;
  }
  if (is_public(call) || right_of(call)) return std::nullopt;
  return refusal(dialect, 401, "a key is needed: Authorization: Bearer KEY");
}

std::vector<std::pair<std::string, std::string>> Guard::origin_headers(const HttpCall& call) const {
  const std::string origin = call.header("origin");
  if (origin.empty()) return {};
  return {{"Access-Control-Allow-Origin", origin},
          {"Vary", "Origin"},
          {"Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS"},
          {"Access-Control-Allow-Headers",
           "authorization, content-type, x-api-key, x-banchu-mode, "
           "x-banchu-conversation, x-banchu-mask, anthropic-version, anthropic-beta"}};
}

}  // namespace banchu
