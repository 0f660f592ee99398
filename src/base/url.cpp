#include "base/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace banchu {
namespace {

constexpr int kLargestPort = 65535;

Error no_address(const std::string& text, const std::string& why) {
  return make_error(Code::InvalidArgument, fmt::format("\"{}\" is no web address: {}", shorten(text, 200), why),
                    "write it like https://example.org/folder/model.gguf");
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

bool is_host(const std::string& host) {
  if (host.starts_with('['))
    return host.size() > 3 && host.ends_with(']') && host.find_first_not_of("0123456789abcdef:.", 1) == host.size() - 1;
  return !host.empty() && std::all_of(host.begin(), host.end(), is_host_character);
}

// "host", "host:8080", "[::1]:8080"
Status read_authority(const std::string& authority, Url& url, const std::string& text) {
  if (authority.find('@') != std::string::npos) return no_address(text, "it carries a name and a password");
  const std::size_t bracket = authority.find(']');
  const std::size_t colon = authority.find(':', bracket == std::string::npos ? 0 : bracket);
  url.host = lower(authority.substr(0, colon));
  if (!is_host(url.host)) return no_address(text, "it names no server");
  url.port = url.scheme == "https" ? 443 : 80;
  if (colon == std::string::npos) return {};
  const char* begin = authority.data() + colon + 1;
  const char* end = authority.data() + authority.size();
  const auto [stop, failure] = std::from_chars(begin, end, url.port);
  const bool is_port = failure == std::errc() && stop == end && url.port > 0 && url.port <= kLargestPort;
  if (!is_port) return no_address(text, "its port is none");
  return {};
}

std::string ascii_only(std::string_view text) {
  std::string ascii;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    ascii += byte < 0x80 ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return ascii;
}

}  // namespace

std::string Url::origin() const { return fmt::format("{}://{}:{}", scheme, host, port); }

std::string Url::plain() const {
  const bool is_usual = port == (scheme == "https" ? 443 : 80);
  return is_usual ? fmt::format("{}://{}{}", scheme, host, path) : origin() + path;
}

Result<Url> parse_url(const std::string& text) {
  if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c <= ' ' || c == 0x7F; }))
    return no_address(text, "it holds white space");
  const std::size_t scheme = text.find("://");
  Url url;
  if (scheme != std::string::npos) url.scheme = lower(text.substr(0, scheme));
  if (url.scheme != "https" && url.scheme != "http") return no_address(text, "it does not begin with https://");
  const std::size_t begin = scheme + 3;
  const std::size_t end = std::min(text.find_first_of("/?#", begin), text.size());
  BANCHU_TRY_STATUS(read_authority(text.substr(begin, end - begin), url, text));
  const std::string target = text.substr(end, std::min(text.find('#', end), text.size()) - end);
  const std::size_t query = std::min(target.find('?'), target.size());
  url.path = ascii_only(target.substr(0, query));
  if (url.path.empty()) url.path = "/";
  url.query = ascii_only(target.substr(query));
  return url;
}

Result<Url> resolve_location(const Url& from, const std::string& location) {
  if (location.find("://") < location.find_first_of("/?#")) return parse_url(location);
  if (location.starts_with("//")) return parse_url(from.scheme + ":" + location);
  if (location.starts_with('/')) return parse_url(from.origin() + location);
  return parse_url(from.origin() + from.path.substr(0, from.path.rfind('/') + 1) + location);
}

std::string percent_decoded(const std::string& text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* begin = text.data() + i + 1;
    const bool is_pair =
        text[i] == '%' && i + 2 < text.size() && std::from_chars(begin, begin + 2, value, 16).ptr == begin + 2;
    decoded += is_pair ? static_cast<char>(value) : text[i];
    if (is_pair) i += 2;
  }
  return decoded;
}

}  // namespace banchu
