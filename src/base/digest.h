// SHA-256 (libsodium), the name of every adapter, model, blob and self; and random ids.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace banchu {

// 64 lower-case hexadecimal digits.
std::string sha256(std::string_view bytes);
Result<std::string> sha256_file(const std::filesystem::path& path);  // streams; 1 MiB of memory

// A random id of 16 hexadecimal digits (64 bits), for turns, conversations and runs.
std::string random_id();

}  // namespace banchu
