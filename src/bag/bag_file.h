// bag.json, and what a folder has to look like to be a bag.
#pragma once

#include <filesystem>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace banchu {

struct BagFile {
  int format = 0;
  std::string id;
  Time created = 0;
};

// NotFound: no such folder, or a folder that is not a bag. Unsupported: newer, or encrypted. Corruption.
Result<BagFile> read_bag_file(const std::filesystem::path& folder);
Status write_bag_file(const std::filesystem::path& folder, const BagFile& file);

// Whether a new bag may be made in `folder`: absent, empty, or left half made by a killed `create`.
// AlreadyExists: a bag. FailedPrecondition: somebody else's files, or no permission.
Status check_free_for_a_bag(const std::filesystem::path& folder);

// Makes the folder and those inside it. The bag's own folder is for its owner's eyes only.
Status make_folders(const std::filesystem::path& folder);

}  // namespace banchu
