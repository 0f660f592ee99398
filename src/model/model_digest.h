// Private to model/: the SHA-256 of a model file, computed once.
//
// Kept in this process and, best effort, in $XDG_CACHE_HOME/banchu/digests (else ~/.cache), one small file for each
// (path, size, mtime). Threads: any. Errors: of reading the model; never of the cache.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace banchu {

Result<std::string> model_digest(const std::filesystem::path& path);

}  // namespace banchu
