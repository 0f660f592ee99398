// What `model inspect` and `model pull` ask of a file beyond ModelInfo.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace banchu {

// Whether the engine knows this file's architecture and tokenizer; no weight is read. The errors of Model::load.
Status check_model(const std::filesystem::path& path);

// A GgufTensor's type as people write it: "Q4_1", "F32".
std::string tensor_type_name(std::uint32_t type);

}  // namespace banchu
