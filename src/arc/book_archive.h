// The zip archive inside an EPUB or a DOCX, read in memory: nothing is ever written to the disk.
//
// Owns: the opened archive; `bytes` must outlive it. Threads: one. Errors: InvalidArgument (damaged, too many files,
// unpacks to too much), NotFound (no such member), Unsupported (encrypted).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct zip;

namespace banchu {

class BookArchive {
 public:
  static Result<BookArchive> open(std::string_view bytes, const std::string& name);

  bool has(const std::string& member) const;
  // One member, whole, at most 64 MB; all reads together at most kMostBookBytes, whatever the archive declares.
  Result<std::string> read(const std::string& member) const;

 private:
  struct Close {
    void operator()(zip* archive) const;
  };
  BookArchive(zip* archive, std::string name) : archive_(archive), name_(std::move(name)) {}

  std::unique_ptr<zip, Close> archive_;
  std::string name_;
  mutable std::uint64_t unpacked_bytes_ = 0;
};

// `reference` (percent-encoded, perhaps with #part) as seen from the member `from`.
// Errors: InvalidArgument when it leads out of the archive.
Result<std::string> member_path(const std::string& from, std::string_view reference);

}  // namespace banchu
