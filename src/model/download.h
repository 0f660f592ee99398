// Fetches one file of the web: several ranges at once, each mended where it breaks, and gone on with after the whole
// program was stopped or killed.
//
// A server that ignores ranges is read in one piece, from the beginning after every break. A file that changes while it
// is fetched, a length that turns out to be a lie, bytes of another range than was asked for: refused. What was fetched
// stays as `partial` for the caller to check; nothing is renamed here.
// Threads: one call at a time for one file. Errors: Corruption (the server contradicts itself), Busy, NoSpace,
// FailedPrecondition (it broke off too often), Cancelled; in the last two what arrived is kept where ranges are given.
#pragma once

#include <filesystem>

#include "base/progress.h"
#include "base/result.h"
#include "model/remote_file.h"

namespace banchu {

struct Downloaded {
  std::uint64_t bytes = 0;
  std::uint64_t kept_bytes = 0;  // of an earlier try
  bool is_anew = false;          // an earlier try was there and is of another version
};

// Progress counts in MB, in the stage "fetching".
Result<Downloaded> download(const RemoteFile& file, const std::filesystem::path& partial,
                            const DownloadOptions& options, const ProgressSink& progress, const CancelFlag* cancel);

// How much of it an earlier try left that can be gone on with.
std::uint64_t bytes_kept(const RemoteFile& file, const std::filesystem::path& partial);

}  // namespace banchu
