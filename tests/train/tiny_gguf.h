// Writes a GGUF by hand, key by key and tensor by tensor. For tests.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace banchu::test {

struct TinyTensor {
  std::vector<std::uint64_t> ne;  // ne[0] is contiguous
  std::vector<float> data;
  std::uint32_t type = 0;  // a ggml_type; other than F32 (0) the bytes are those of `raw`
  std::string raw = {};
};

// Metadata, or any other run of bytes.
class GgufBytes {
 public:
  template <typename T>
  void number(T v) {
    out.append(reinterpret_cast<const char*>(&v), sizeof v);
  }
  void string(const std::string& s) {
    number<std::uint64_t>(s.size());
    out += s;
  }
  void integer(const std::string& name, std::uint32_t v) {
    key(name, 4);
    number(v);
  }
  void real(const std::string& name, float v) {
    key(name, 6);
    number(v);
  }
  void text(const std::string& name, const std::string& v) {
    key(name, 8);
    string(v);
  }
  void pad() { out.resize((out.size() + 31) / 32 * 32, '\0'); }

  std::string out;
  std::uint64_t pairs = 0;

 private:
  void key(const std::string& name, std::uint32_t type) {
    string(name);
    number(type);
    ++pairs;
  }
};

inline void write_gguf(const GgufBytes& meta, const std::map<std::string, TinyTensor>& tensors,
                       const std::filesystem::path& path) {
  GgufBytes file, data;
  file.out = "GGUF";
  file.number<std::uint32_t>(3);
  file.number<std::uint64_t>(tensors.size());
  file.number(meta.pairs);
  file.out += meta.out;
  for (const auto& [name, tensor] : tensors) {
    file.string(name);
    file.number(static_cast<std::uint32_t>(tensor.ne.size()));
    for (const std::uint64_t d : tensor.ne) file.number(d);
    file.number(tensor.type);
    file.number<std::uint64_t>(data.out.size());
    if (tensor.type == 0) {
      data.out.append(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size() * sizeof(float));
    } else {
      data.out += tensor.raw;
    }
    data.pad();
  }
  file.pad();
  std::ofstream(path, std::ios::binary) << file.out << data.out;
}

}  // namespace banchu::test
