#include "base/http_client.h"

#include <fmt/format.h>
#include <httplib.h>

namespace banchu {
namespace {

constexpr std::size_t kMostAnswerBytes = 64u << 20;

struct Address {
  std::string server;  // "https://host:port"
  std::string path;
};

Result<Address> address_of(const std::string& url) {
  const std::size_t scheme = url.find("://");
  const bool is_known = url.starts_with("http://") || url.starts_with("https://");
  if (!is_known || url.size() <= scheme + 3 || url.find_first_of(" \r\n\t") != std::string::npos)
    return make_error(Code::InvalidArgument, fmt::format("\"{}\" is no address of a server", url),
                      "write it like http://127.0.0.1:8080/v1");
  const std::size_t slash = url.find('/', scheme + 3);
  return Address{url.substr(0, slash), slash == std::string::npos ? "/" : url.substr(slash)};
}

Error not_reached(const Address& address, httplib::Error error) {
  const bool is_trust = error == httplib::Error::SSLServerVerification || error == httplib::Error::SSLConnection;
  return make_error(
      Code::FailedPrecondition, fmt::format("{} did not answer: {}", address.server, httplib::to_string(error)),
      is_trust ? "its certificate is not trusted by this machine" : "does the server run, and is the address right?");
}

}  // namespace

Result<HttpAnswer> http_post(const HttpRequest& request, const CancelFlag* cancel) {
  BANCHU_TRY(const Address address, address_of(request.url));
  try {
    httplib::Client client(address.server);
    if (!client.is_valid()) return make_error(Code::InvalidArgument, fmt::format("\"{}\" is no address", request.url));
    client.set_connection_timeout(request.connect_seconds);
    client.set_read_timeout(request.answer_seconds);
    client.set_write_timeout(request.answer_seconds);
    httplib::Headers headers;
    for (const auto& [name, value] : request.headers) headers.emplace(name, value);
    HttpAnswer answer;
    const auto receive = [&](const char* bytes, std::size_t size) {
      if (is_cancelled(cancel) || answer.body.size() + size > kMostAnswerBytes) return false;
      answer.body.append(bytes, size);
      return true;
    };
    const httplib::Result result = client.Post(address.path, headers, request.body, request.content_type, receive);
    if (is_cancelled(cancel)) return make_error(Code::Cancelled, "stopped while waiting for " + address.server);
    if (!result) return not_reached(address, result.error());
    answer.status = result->status;
    return answer;
  } catch (const std::exception& failure) {
    return make_error(Code::Internal, fmt::format("{}: {}", address.server, failure.what()));
  }
}

}  // namespace banchu
