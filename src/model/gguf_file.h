// Reads a GGUF file's metadata and tensor table ourselves, before any library sees the file: a hostile or broken
// file gets an Error here, never an abort there.
//
// Owns: a read-only memory map of the file. Threads: const after open. Errors: NotFound, Corruption (truncated,
// sizes that overflow, tensors outside the file), Unsupported (a version or a tensor type we do not know).
// Limits: 1 Mi key/value pairs and tensors, strings of 64 MiB, 4 dimensions, alignment a power of two <= 64 KiB.
// Format: GGUF version 2 and 3, as in ggml's docs/gguf.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace banchu {

struct GgufTensor {
  std::string name;
  std::vector<std::uint64_t> ne;  // as ggml counts: ne[0] is the contiguous dimension
  std::uint32_t type = 0;         // a ggml_type
  std::uint64_t bytes = 0;
  const std::byte* data = nullptr;  // inside the map; valid while the GgufFile lives
  std::uint64_t elements() const;
};

class GgufFile {
 public:
  // Arrays keep only their strings or numbers; nested arrays are refused.
  using Value = std::variant<std::int64_t, std::uint64_t, double, bool, std::string, std::vector<std::string>,
                             std::vector<double>>;

  static Result<std::shared_ptr<const GgufFile>> open(const std::filesystem::path& path);
  ~GgufFile();
  GgufFile(const GgufFile&) = delete;
  GgufFile& operator=(const GgufFile&) = delete;

  const std::filesystem::path& path() const;
  std::uint64_t file_bytes() const;
  const std::vector<GgufTensor>& tensors() const;
  const GgufTensor* find_tensor(std::string_view name) const;  // nullptr when absent

  const Value* find(std::string_view key) const;  // nullptr when absent
  std::optional<std::int64_t> integer(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;
  std::optional<std::string> text(std::string_view key) const;
  bool is_float32(std::string_view key) const;  // stored as a 32-bit float (some readers insist)
  const std::map<std::string, Value, std::less<>>& values() const;
  // Every key/value pair as it lies in the file, in its order: for a writer that keeps what it does not understand.
  struct RawPair {
    std::string key;
    std::span<const std::byte> bytes;  // key, type and value; inside the map
  };
  const std::vector<RawPair>& raw_pairs() const;
  std::uint64_t alignment() const;  // of the tensors' data

 private:
  struct Parts;
  explicit GgufFile(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// What `model inspect`, plan and the trainer ask first.
struct ModelInfo {
  std::string architecture;  // "llama"
  std::string name;          // general.name
  std::string quantisation;  // the most common type of the 2-D tensors, e.g. "Q4_1"
  std::uint64_t bytes = 0;
  // Of them, what the engine lays out a second time for an x86 processor with AVX2, beside the mapped file (ggml's
  // "repack": Q4_0, Q4_K and IQ4_NL matrices whose rows come in eights, but not the one that is looked up by row).
  std::uint64_t repacked_bytes = 0;
  std::uint64_t parameters = 0;
  std::uint32_t n_vocab = 0;
  std::uint32_t n_embd = 0;
  std::uint32_t n_layer = 0;
  std::uint32_t n_head = 0;
  std::uint32_t n_head_kv = 0;
  std::uint32_t context_tokens = 0;
  bool has_chat_template = false;
  std::string license;
};
Result<ModelInfo> model_info(const GgufFile& file);

}  // namespace banchu
