// Private to model/: does a model fit, said before it is loaded. Pure but for memory_available_bytes().
#pragma once

#include <cstdint>

#include "model/gguf_file.h"

namespace banchu {

// Bytes of keys and values (16 bit) that one sequence of `tokens` tokens needs.
std::uint64_t kv_cache_bytes(const GgufFile& file, const ModelInfo& info, std::uint64_t tokens);
// Weights, the KV cache of one usual context and the graph's buffers.
std::uint64_t model_memory_bytes(const GgufFile& file, const ModelInfo& info);
// What this process may still take: the machine's MemAvailable, and less where a cgroup says so. 0: unknown.
std::uint64_t memory_available_bytes();
// Errors: NoSpace. `limit_bytes` 0: what is available.
Status check_memory(const GgufFile& file, const ModelInfo& info, std::uint64_t limit_bytes);

}  // namespace banchu
