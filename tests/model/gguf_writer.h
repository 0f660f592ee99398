// Writes small GGUF files by hand, so that a test decides every byte.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace banchu {

class GgufWriter {
 public:
  template <typename T>
  static void put(std::string& out, T value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  static void put_string(std::string& out, const std::string& text) {
    put<std::uint64_t>(out, text.size());
    out += text;
  }

  void text(const std::string& key, const std::string& value) {
    put_string(values_, key);
    put<std::uint32_t>(values_, 8);
    put_string(values_, value);
    ++value_count_;
  }
  template <typename T>
  void number(const std::string& key, std::uint32_t type, T value) {
    put_string(values_, key);
    put<std::uint32_t>(values_, type);
    put<T>(values_, value);
    ++value_count_;
  }
  void texts(const std::string& key, const std::vector<std::string>& list) {
    put_string(values_, key);
    put<std::uint32_t>(values_, 9);
    put<std::uint32_t>(values_, 8);
    put<std::uint64_t>(values_, list.size());
    for (const std::string& item : list) put_string(values_, item);
    ++value_count_;
  }
  // F32 (type 0) data.
  void tensor(const std::string& name, const std::vector<std::uint64_t>& ne, const std::vector<float>& data) {
    tensor(name, ne, 0, std::string(reinterpret_cast<const char*>(data.data()), data.size() * sizeof(float)));
  }
  // `type` is a ggml_type, `data` its blocks.
  void tensor(const std::string& name, const std::vector<std::uint64_t>& ne, std::uint32_t type,
              const std::string& data) {
    put_string(tensors_, name);
    put<std::uint32_t>(tensors_, static_cast<std::uint32_t>(ne.size()));
    for (const std::uint64_t n : ne) put<std::uint64_t>(tensors_, n);
    put<std::uint32_t>(tensors_, type);
    put<std::uint64_t>(tensors_, data_.size());
    data_ += data;
    data_.resize((data_.size() + 31) / 32 * 32, '\0');
    ++tensor_count_;
  }

  std::string bytes(std::uint32_t version = 3) const {
    std::string out = "GGUF";
    put<std::uint32_t>(out, version);
    put<std::uint64_t>(out, tensor_count_);
    put<std::uint64_t>(out, value_count_);
    out += values_ + tensors_;
    out.resize((out.size() + 31) / 32 * 32, '\0');
    return out + data_;
  }

  static std::filesystem::path save(const std::filesystem::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

 private:
  std::string values_;
  std::string tensors_;
  std::string data_;
  std::uint64_t value_count_ = 0;
  std::uint64_t tensor_count_ = 0;
};

}  // namespace banchu
