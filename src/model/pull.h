// Brings a model into a folder: fetched, copied or linked; checked; and only then under its name.
//
// A file takes its place when its length, its digest and its GGUF header have been checked, and of a split model only
// when all of its parts have. What was wrong is removed; what was broken off stays as NAME.part and is gone on with.
// Threads: one call for one folder. Errors: those of model_source.h, remote_file.h and download.h; AlreadyExists (the
// name is taken by something else), Corruption (a digest that is not the expected one, a broken GGUF), NoSpace (asked
// before anything is fetched).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "model/model_source.h"
#include "model/remote_file.h"

namespace banchu {

struct PullRequest {
  ModelSource source;
  std::filesystem::path folder;
  std::vector<std::string> digests;  // that the user expects, one a part; empty: none
  bool repin = false;                // another digest than the first time is fine, and is the pinned one from now on
  DownloadOptions download;
};

struct PulledFile {
  std::filesystem::path path;
  std::string digest;
  std::uint64_t bytes = 0;
  std::uint64_t kept_bytes = 0;  // of an earlier try that was broken off
  bool began_anew = false;       // an earlier try was of another version of the file
  bool was_there = false;        // nothing was fetched
};

Result<std::vector<PulledFile>> pull_model(const PullRequest& request, const ProgressSink& progress,
                                           const CancelFlag* cancel);

}  // namespace banchu
