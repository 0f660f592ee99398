// safetensors: tensors in one file, as Hugging Face's tools write them. Ours, because the format is 8 bytes, a JSON
// object and the numbers; and because such files come from strangers.
//
// On disk: u64 little-endian length of the header; the header, JSON, {"name":{"dtype","shape","data_offsets":[b,e]},
// "__metadata__":{string:string}}; the data, without holes. Offsets count from the first byte after the header.
// Owns (reader): a map of the file; the spans live as long as it. Threads: const after open.
// Errors: NotFound, Corruption (a header that is too long, no JSON, or names a tensor twice; offsets outside the file,
// that overlap or leave holes; sizes that do not fit dtype and shape), Unsupported (a dtype we do not know).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/mapped_file.h"

namespace banchu {

inline constexpr std::uint64_t kSafetensorsMaxHeaderBytes = 100'000'000;  // the limit of the format's own library

enum class FloatFormat { f32, f16, bf16 };
const char* dtype_name(FloatFormat format);  // "F32", "F16", "BF16"

struct Safetensor {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape;  // as PyTorch counts: the last dimension is contiguous
  std::span<const std::byte> data;
  std::uint64_t elements() const;
};

class SafetensorsFile {
 public:
  static Result<SafetensorsFile> open(const std::filesystem::path& path);
  const std::filesystem::path& path() const { return path_; }
  const std::vector<Safetensor>& tensors() const { return tensors_; }  // sorted by name
  const Safetensor* find(const std::string& name) const;
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  // Errors: Unsupported when the tensor holds no floats (F32, F16, BF16).
  Result<std::vector<float>> floats(const Safetensor& tensor) const;

 private:
  SafetensorsFile() = default;
  std::filesystem::path path_;
  std::unique_ptr<MappedFile> map_;
  std::vector<Safetensor> tensors_;
  std::map<std::string, std::string> metadata_;
};

struct NewSafetensor {
  std::string name;
  std::vector<std::uint64_t> shape;
  const std::vector<float>* values = nullptr;
};

// The same bytes for the same content, in whatever order it is given. Atomic.
Status write_safetensors(const std::filesystem::path& path, std::vector<NewSafetensor> tensors, FloatFormat format,
                         const std::map<std::string, std::string>& metadata);

}  // namespace banchu
