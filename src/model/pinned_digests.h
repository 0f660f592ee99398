// Which digest each fetched model had the first time: `digests.json` beside the models. Nobody invents one; the first
// pull sets it, and a later pull of the same address that brings something else is refused.
//
// Threads: one. Errors: those of reading and writing, Corruption (a file that is not what is written here).
// On disk: {"format":1,"models":{ADDRESS:{"file","sha256","bytes","time"}}}; losing it costs the comparison.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"

namespace banchu {

struct PinnedDigest {
  std::string file;  // its name in the folder
  std::string sha256;
  std::uint64_t bytes = 0;
  std::string time;  // RFC 3339, of the first pull
};

class PinnedDigests {
 public:
  static Result<PinnedDigests> load(const std::filesystem::path& folder);
  const PinnedDigest* find(const std::string& address) const;  // nullptr for one never pulled
  void set(const std::string& address, const PinnedDigest& pin) { pins_[address] = pin; }
  Status save() const;

 private:
  explicit PinnedDigests(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
  std::map<std::string, PinnedDigest> pins_;
};

}  // namespace banchu
