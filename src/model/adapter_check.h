// Private to model/: does an adapter file belong to this base? Asked before the engine sees the file.
//
// Errors: NotFound, Corruption, Unsupported (not a LoRA adapter), InvalidArgument (made for another base; says for
// which, and the first thing that does not fit).
#pragma once

#include <filesystem>

#include "model/gguf_file.h"

namespace banchu {

Status check_adapter(const std::filesystem::path& adapter, const GgufFile& base, const ModelInfo& base_info);

}  // namespace banchu
