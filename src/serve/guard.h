// Who may come in, and what he may do. Asked before a request's body is read.
//
// Without keys the server is for this machine alone: it binds to loopback only, answers only to loopback names (DNS
// rebinding), and only to pages that come from this machine (Origin). With keys each request but /health needs one; a
// key is 256 random bits, kept as its SHA-256, and the hashes are compared in constant time.
//
// On disk: a key file, one key a line: NAME RIGHT SHA256. Errors: InvalidArgument (a line that is no key: which one).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "serve/http.h"

namespace banchu {

// Each right holds the ones before it.
enum class Right { talk, grow, manage };
Result<Right> right_of(const std::string& name);
const char* name_of(Right right);

struct Key {
  std::string name;
  Right right = Right::talk;
  std::string digest;  // of the key
};

Result<std::vector<Key>> load_keys(const std::filesystem::path& file);
// Adds a new key to the file (which only its owner may read) and answers it; it is written nowhere else.
// Errors: AlreadyExists (the name), those of the file system.
Result<std::string> add_key(const std::filesystem::path& file, const std::string& name, Right right);

class Guard {
 public:
  explicit Guard(std::vector<Key> keys) : keys_(std::move(keys)) {}

  // An answer that ends the call, or nothing.
  std::optional<HttpAnswerOut> stop(const HttpCall& call) const;
  // What this caller may do; without keys, everything.
  std::optional<Right> right_of(const HttpCall& call) const;
  // For a page of this machine: who may read the answer.
  std::vector<std::pair<std::string, std::string>> origin_headers(const HttpCall& call) const;

 private:
  std::vector<Key> keys_;
};

bool is_loopback_name(const std::string& host);  // without a port

}  // namespace banchu
