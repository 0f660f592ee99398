// The bag: everything a companion is, in one folder that can be copied, checked and carried to another machine.
//
// On disk: docs/format.md. banchu.db is the truth; memory_core/journal/*.jsonl mirrors it; adapters and blobs are
// files named by their SHA-256. Threads: one thread at a time; several processes side by side.
// Errors: NotFound (no bag there), AlreadyExists, Unsupported (a newer format version), Corruption, NoSpace,
// FailedPrecondition (unwritable, opened read-only), Busy (another machine holds it, a second night).
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bag/database.h"
#include "base/clock.h"
#include "base/result.h"

namespace banchu {

inline constexpr int kBagFormatVersion = 1;

struct BagFinding {
  std::string path;    // relative to the bag
  std::string damage;  // "missing", "its SHA-256 differs", ...
};
struct BagVerification {
  bool ok = false;
  std::string level;  // "quick" or "full"
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  double seconds = 0;
  std::vector<BagFinding> damaged;
};

// What a lease protects. `machine`: all writers of one machine together; `night`, `server`: one process each.
enum class LeaseKind { machine, night, server };

// Held while it lives. Released by the destructor; a crashed owner's lease is taken over once its process is gone
// (same machine, same boot) or its heartbeat is older than 10 minutes (another machine).
class Lease {
 public:
  virtual ~Lease() = default;
  virtual Status renew() = 0;              // heartbeat; Busy when somebody else has taken it meanwhile
  virtual std::int64_t fence() const = 0;  // grows with every owner
};

class Bag {
 public:
  enum class Access { read_only, read_write };

  // Makes an empty bag. AlreadyExists when one is there already.
  static Result<std::unique_ptr<Bag>> create(const std::filesystem::path& folder);
  // read_only (the sandbox): takes no lease and leaves every file byte for byte as it was, even beside a writer.
  // read_write: takes the machine lease, brings an older format up to date, repairs nothing silently.
  static Result<std::unique_ptr<Bag>> open(const std::filesystem::path& folder, Access access);
  virtual ~Bag() = default;

  virtual const std::filesystem::path& folder() const = 0;
  virtual const std::string& id() const = 0;
  virtual Database& database() = 0;
  virtual bool is_read_only() const = 0;

  // Busy names who holds it: machine, process, since when.
  virtual Result<std::unique_ptr<Lease>> acquire(LeaseKind kind) = 0;

  // Content-addressed files below memory_core/blobs. put is atomic and idempotent.
  virtual Result<std::string> put_blob(std::string_view bytes) = 0;
  virtual Result<std::string> get_blob(const std::string& digest) = 0;  // Corruption when the bytes do not match
  virtual Status remove_blob(const std::string& digest) = 0;

  // memory_core/adapters/<digest>.gguf. store moves a finished file in (fsync, rename) and answers its digest.
  virtual Result<std::string> store_adapter(const std::filesystem::path& finished_file) = 0;
  virtual std::filesystem::path adapter_path(const std::string& digest) const = 0;

  virtual std::filesystem::path journal_folder() const = 0;
  virtual std::filesystem::path models_folder() const = 0;
  // A folder for one run's scratch files (checkpoints), below memory_core/blobs/run-<id>; removed by the night.
  virtual std::filesystem::path run_folder(const std::string& run) const = 0;

  virtual Result<BagVerification> verify(bool full) = 0;
};

}  // namespace banchu
