#include "model/model_memory.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace banchu {
namespace {

constexpr std::uint64_t kUsualContextTokens = 4096;  // SessionOptions' default
constexpr std::uint64_t kGraphBytes = 96ULL << 20;   // measured: 512 tokens of a small model; logits come on top

std::uint64_t read_number(const char* path) {
  std::ifstream file(path);
  std::uint64_t number = 0;
  return file >> number ? number : 0;
}

// The number behind `name` in a file of "name number" lines; 0 when there is none.
std::uint64_t read_named(const char* path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + " ")) return std::strtoull(line.c_str() + name.size(), nullptr, 10);
  }
  return 0;
}

// What this process may still map (ulimit -v).
std::uint64_t address_space_left() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
  const std::uint64_t used = read_number("/proc/self/statm") * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return limit.rlim_cur > used ? limit.rlim_cur - used : 1;
}

// What the container may still take. Pages of files that it has read count as used there, but give way.
std::uint64_t container_memory_left() {
  const std::uint64_t limit = read_number("/sys/fs/cgroup/memory.max");  // "max" reads as 0
  if (limit == 0) return UINT64_MAX;
  const char* const stat = "/sys/fs/cgroup/memory.stat";
  const std::uint64_t gives_way = read_named(stat, "inactive_file") + read_named(stat, "active_file");
  const std::uint64_t used = read_number("/sys/fs/cgroup/memory.current");
  const std::uint64_t taken = used > gives_way ? used - gives_way : 0;
  return limit > taken ? limit - taken : 1;
}

double gib(std::uint64_t bytes) { return static_cast<double>(bytes) / static_cast<double>(1ULL << 30); }

}  // namespace

std::uint64_t kv_cache_bytes(const GgufFile& file, const ModelInfo& info, std::uint64_t tokens) {
  const std::int64_t usual = info.n_head == 0 ? 0 : info.n_embd / info.n_head;
  const auto width = [&](const char* key) {
    const std::int64_t value = file.integer(info.architecture + key).value_or(usual);
    return static_cast<std::uint64_t>(std::clamp<std::int64_t>(value, 0, 1 << 16));
  };
  const std::uint64_t per_token = (width(".attention.key_length") + width(".attention.value_length")) *
                                  std::min<std::uint64_t>(info.n_head_kv, 1 << 12) * 2;
  return per_token * std::min<std::uint64_t>(info.n_layer, 1 << 12) * tokens;
}

std::uint64_t model_memory_bytes(const GgufFile& file, const ModelInfo& info) {
  const std::uint64_t trained = info.context_tokens == 0 ? kUsualContextTokens : info.context_tokens;
  return info.bytes + kv_cache_bytes(file, info, std::min(trained, kUsualContextTokens)) + kGraphBytes;
}

std::uint64_t memory_available_bytes() {
  const std::uint64_t free = read_named("/proc/meminfo", "MemAvailable:") * 1024;
  if (free == 0) return 0;
  return std::min({free, container_memory_left(), address_space_left()});
}

Status check_memory(const GgufFile& file, const ModelInfo& info, std::uint64_t limit_bytes) {
  const std::uint64_t there = limit_bytes != 0 ? limit_bytes : memory_available_bytes();
  const std::uint64_t needed = model_memory_bytes(file, info);
  if (there == 0 || needed <= there) return {};
  return make_error(Code::NoSpace,
                    fmt::format("{} needs about {:.2f} GiB of memory with one conversation; {:.2f} GiB are there",
                                file.path().string(), gib(needed), gib(there)),
                    "close other programs, or take a smaller or more strongly quantised model");
}

}  // namespace banchu
