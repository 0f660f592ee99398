#include "base/http_get.h"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <charconv>

#include "base/public_address.h"
#include "base/url.h"

namespace banchu {
namespace {

constexpr int kMostRedirects = 8;
constexpr std::size_t kDigestDigits = 64;

Error not_allowed(const Url& url, const std::string& why, bool is_redirect) {
  if (is_redirect)
    return make_error(Code::InvalidArgument, fmt::format("the server sends us on to {}, which {}", url.origin(), why),
                      "nothing was fetched; take the file from a server that you trust");
  return make_error(Code::InvalidArgument, fmt::format("{} {}", url.origin(), why),
                    "for a server of your own on this machine or in your network there is --allow-local");
}

// The addresses of `url` that may be connected to.
Result<std::vector<std::string>> permitted_addresses(const Url& url, const Url& own, bool allow_local,
                                                     bool is_redirect) {
  const bool is_own = url.origin() == own.origin();
  const bool may_be_local = allow_local && is_own;
  if (url.scheme != "https" && !may_be_local) return not_allowed(url, "is not https", is_redirect);
  BANCHU_TRY(std::vector<std::string> addresses, addresses_of(url.host));
  const bool is_inside = std::none_of(addresses.begin(), addresses.end(), is_public_address);
  if (is_inside && !may_be_local) return not_allowed(url, "lies in a private network", is_redirect);
  if (!is_inside && url.scheme != "https") return not_allowed(url, "is not https", is_redirect);
  if (!is_inside) std::erase_if(addresses, [](const std::string& address) { return !is_public_address(address); });
  return addresses;
}

std::optional<std::uint64_t> whole_number(const std::string& text) {
  std::uint64_t number = 0;
  const auto [stop, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || failure != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

// `"<64 hexadecimal digits>"` of a hub's X-Linked-Etag.
std::string digest_in(std::string etag) {
  std::erase(etag, '"');
  const bool is_digest =
      etag.size() == kDigestDigits && etag.find_first_not_of("0123456789abcdef") == std::string::npos;
  return is_digest ? etag : "";
}

// One request to one server, and what came of it.
class Exchange {
 public:
  Exchange(const HttpGet& request, const Url& url, bool is_own, const CancelFlag* cancel)
      : request_(&request), url_(&url), is_own_(is_own), cancel_(cancel) {}

  // Whether the server could be connected to at `address`.
  Result<bool> ask(const std::string& address, const HeadSink& on_head, const BytesSink& on_bytes);

  HttpHead head;
  std::string location;  // of a redirect; "" for none

 private:
  bool take_head(const httplib::Response& response, const HeadSink& on_head);
  bool goes_on(const Result<bool>& wanted);
  Result<bool> outcome(const httplib::Result& result) const;
  httplib::Headers headers() const;

  const HttpGet* request_;
  const Url* url_;
  bool is_own_;
  const CancelFlag* cancel_;
  std::optional<Error> error_;  // of a sink
  bool has_enough_ = false;
};

httplib::Headers Exchange::headers() const {
  httplib::Headers headers = {{"User-Agent", "banchu"}, {"Accept-Encoding", "identity"}};
  if (!request_->range.empty()) headers.emplace("Range", request_->range);
  if (!is_own_) return headers;
  for (const auto& [name, value] : request_->headers) headers.emplace(name, value);
  return headers;
}

bool Exchange::goes_on(const Result<bool>& wanted) {
  if (!wanted) error_ = wanted.error();
  has_enough_ = wanted && !*wanted;
  return wanted && *wanted;
}

bool Exchange::take_head(const httplib::Response& response, const HeadSink& on_head) {
  head.status = response.status;
  if (const std::string digest = digest_in(response.get_header_value("X-Linked-Etag")); !digest.empty())
    head.linked_digest = digest;
  const bool is_redirect = response.status >= 301 && response.status <= 308 && response.status != 304;
  if (is_redirect) {
    location = response.get_header_value("Location");
    has_enough_ = true;
    return false;
  }
  head.server = url_->origin();
  head.etag = response.get_header_value("ETag");
  head.last_modified = response.get_header_value("Last-Modified");
  head.content_type = response.get_header_value("Content-Type");
  head.content_range = response.get_header_value("Content-Range");
  head.content_length = whole_number(response.get_header_value("Content-Length"));
  return goes_on(on_head(head));
}

Result<bool> Exchange::outcome(const httplib::Result& result) const {
  if (is_cancelled(cancel_)) return make_error(Code::Cancelled, "stopped while fetching from " + url_->origin());
  if (error_) return *error_;
  if (has_enough_ || result) return true;
  const httplib::Error error = result.error();
  if (error == httplib::Error::Connection || error == httplib::Error::ConnectionTimeout) return false;
  if (error == httplib::Error::SSLServerVerification || error == httplib::Error::SSLServerHostnameVerification)
    return make_error(Code::Unsupported, fmt::format("the certificate of {} is not trusted here", url_->origin()),
                      "is the address right? on a bare machine the package ca-certificates brings the usual ones");
  return make_error(Code::FailedPrecondition,
                    fmt::format("{} broke off: {}", url_->origin(), httplib::to_string(error)),
                    "run the same command again: it goes on where it stopped");
}

Result<bool> Exchange::ask(const std::string& address, const HeadSink& on_head, const BytesSink& on_bytes) {
  try {
    httplib::Client client(url_->origin());
    if (!client.is_valid())
      return make_error(Code::InvalidArgument, fmt::format("{} is no address of a server", url_->origin()));
    if (!url_->host.starts_with('[')) client.set_hostname_addr_map({{url_->host, address}});
    client.set_connection_timeout(request_->connect_seconds);
    client.set_read_timeout(request_->read_seconds);
    client.set_follow_location(false);
    client.set_path_encode(false);
    client.set_decompress(false);
    const auto take = [&](const httplib::Response& response) { return take_head(response, on_head); };
    const auto receive = [&](const char* bytes, std::size_t size) {
      return !is_cancelled(cancel_) && goes_on(on_bytes(std::string_view(bytes, size)));
    };
    return outcome(client.Get(url_->target(), headers(), take, receive));
  } catch (const std::exception& failure) {
    return make_error(Code::Internal, fmt::format("{}: {}", url_->origin(), failure.what()));
  }
}

// At the first of its addresses that lets us in.
Status ask_one_of(Exchange& exchange, const std::vector<std::string>& addresses, const Url& url,
                  const HeadSink& on_head, const BytesSink& on_bytes) {
  for (const std::string& address : addresses) {
    BANCHU_TRY(const bool reached, exchange.ask(address, on_head, on_bytes));
    if (reached) return {};
  }
  return make_error(Code::FailedPrecondition, fmt::format("{} cannot be reached", url.origin()),
                    "is the address right, and is this machine on the network?");
}

}  // namespace

Result<HttpHead> http_get(const HttpGet& request, const HeadSink& on_head, const BytesSink& on_bytes,
                          const CancelFlag* cancel) {
  BANCHU_TRY(const Url own, parse_url(request.url));
  Url url = own;
  std::string linked_digest;
  for (int redirects = 0; redirects <= kMostRedirects; ++redirects) {
    BANCHU_TRY(const std::vector<std::string> addresses,
               permitted_addresses(url, own, request.allow_local, redirects > 0));
    Exchange exchange(request, url, url.origin() == own.origin(), cancel);
    exchange.head.linked_digest = linked_digest;
    BANCHU_TRY_STATUS(ask_one_of(exchange, addresses, url, on_head, on_bytes));
    if (exchange.location.empty()) return exchange.head;
    linked_digest = exchange.head.linked_digest;
    BANCHU_TRY(url, resolve_location(url, exchange.location));
  }
  return make_error(Code::InvalidArgument, fmt::format("{} sends us round in circles", own.origin()),
                    "take the file's own address");
}

}  // namespace banchu
