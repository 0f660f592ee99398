// Does an adapter belong to this base? Asked of everything that comes in, before it is kept or merged.
//
// Errors: InvalidArgument (made for another base: says the first thing that does not fit), Unsupported (it adapts
// the token embeddings, or is one that certain tokens switch on).
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "model/gguf_file.h"
#include "train/adapter.h"

namespace banchu {

// `what` names the adapter in messages: a path.
Status check_fits(const Adapter& adapter, const GgufFile& base, const std::string& what);

// A GGUF adapter, checked against the base. Its alpha is never 0 afterwards.
Result<Adapter> read_gguf_adapter(const std::filesystem::path& path, const GgufFile& base);

}  // namespace banchu
