// A web address taken apart, and what a redirect's Location means from there.
//
// Pure. Errors: InvalidArgument (another scheme, a name and password inside, no host, white space, a port that is
// none).
#pragma once

#include <string>

#include "base/result.h"

namespace banchu {

struct Url {
  std::string scheme;  // "https" or "http"
  std::string host;    // in lower case; an IPv6 address in its brackets
  int port = 0;
  std::string path;   // from the first '/', characters outside ASCII as %XX
  std::string query;  // with its '?', or ""

  std::string origin() const;  // "https://host:port"
  std::string target() const { return path + query; }
  std::string plain() const;  // without the query, which may hold a key: for messages and records
};

Result<Url> parse_url(const std::string& text);
Result<Url> resolve_location(const Url& from, const std::string& location);

// "%20" is a space; what is no such pair stays.
std::string percent_decoded(const std::string& text);

}  // namespace banchu
