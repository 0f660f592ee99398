// A file that is being fetched: `NAME.part`, as long as the whole, and beside it `NAME.part.json`, which says of which
// file it is a part and how much of each chunk has arrived. Killed at any moment, it goes on from what was saved.
//
// Owns: an open file and its lock. Threads: any; chunks are handed out one by one. Errors: Busy (another process
// fetches the same file), NoSpace, FailedPrecondition. On disk: {"format":1,"file":ADDRESS,"mark":ETAG,"bytes":N,
// "chunk_bytes":N,"have":[N,...]}: bytes from the beginning of each chunk, never more than are on disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace banchu {

struct PartialIdentity {
  std::string file;  // address, for people and for comparing
  std::string mark;  // of its version; "": it is never gone on with
  std::uint64_t bytes = 0;
};

// What is still missing of one chunk.
struct MissingPiece {
  std::size_t chunk = 0;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;  // past its last byte
};

class PartialFile {
 public:
  // Goes on with what is there when it is of the same file and version, else begins anew.
  static Result<std::unique_ptr<PartialFile>> open(const std::filesystem::path& path, const PartialIdentity& identity,
                                                   std::uint64_t chunk_bytes);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  std::uint64_t bytes() const;       // of the whole
  std::uint64_t here() const;        // arrived so far
  std::uint64_t kept_bytes() const;  // of those, found when it was opened
  bool is_anew() const;              // something was there and could not be gone on with

  std::optional<MissingPiece> take();  // one that nobody has; nothing when all are taken or whole
  void give_back(const MissingPiece& piece);
  // At piece.begin, which moves on. More than is missing is the caller's mistake.
  Status write(MissingPiece& piece, std::string_view bytes);
  Status save();                                           // what has arrived is on disk, then the record says so
  static void discard(const std::filesystem::path& path);  // both files
  static void discard_record(const std::filesystem::path& path);  // once the file has gone to its place

 private:
  struct Parts;
  explicit PartialFile(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace banchu
