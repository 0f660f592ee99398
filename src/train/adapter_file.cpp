// The adapter's GGUF, written byte by byte by ourselves (ggml's writer pads with whatever it likes); read through
// GgufFile, so a hostile file gets an Error.
#include <fmt/format.h>
#include <ggml.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>

#include "base/file.h"
#include "model/gguf_file.h"
#include "train/adapter.h"
#include "train/dequantise.h"

namespace banchu {

namespace {

constexpr std::uint64_t kAlignment = 32;
enum GgufType : std::uint32_t { kFloat32 = 6, kString = 8 };  // of ggml's docs/gguf.md

static_assert(std::endian::native == std::endian::little, "GGUF is little-endian and so are we");

class Writer {
 public:
  template <typename T>
  void number(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void string(const std::string& text) {
    number<std::uint64_t>(text.size());
    bytes_ += text;
  }
  void pair(const std::string& key, const std::string& value) {
    string(key);
    number<std::uint32_t>(kString);
    string(value);
  }
  void pair(const std::string& key, float value) {
    string(key);
    number<std::uint32_t>(kFloat32);
    number(value);
  }
  void floats(const std::vector<float>& values) {
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
    pad();
  }
  void pad() { bytes_.resize((bytes_.size() + kAlignment - 1) / kAlignment * kAlignment, '\0'); }
  void reserve(std::size_t n) { bytes_.reserve(n); }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

struct Half {
  std::string name;
  std::uint64_t ne[2];
  const std::vector<float>* data;
};

// Both halves of every tensor, sorted by name: the same content is the same bytes in whatever order it was trained.
std::vector<Half> sorted_halves(const Adapter& adapter) {
  std::vector<Half> halves;
  for (const AdapterTensor& tensor : adapter.tensors) {
    halves.push_back({tensor.base + ".lora_a", {tensor.in, tensor.rank}, &tensor.a});
    halves.push_back({tensor.base + ".lora_b", {tensor.rank, tensor.out}, &tensor.b});
  }
  std::sort(halves.begin(), halves.end(), [](const Half& x, const Half& y) { return x.name < y.name; });
  return halves;
}

void write_table(const std::vector<Half>& halves, Writer* out) {
  std::uint64_t offset = 0;
  for (const Half& half : halves) {
    out->string(half.name);
    out->number<std::uint32_t>(2);
    out->number(half.ne[0]);
    out->number(half.ne[1]);
    out->number<std::uint32_t>(GGML_TYPE_F32);
    out->number(offset);
    offset += (half.data->size() * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment;
  }
}

Error not_an_adapter(const std::filesystem::path& path, const std::string& why) {
  return make_error(Code::Unsupported, fmt::format("{} is not a LoRA adapter banchu can read: {}", path.string(), why));
}

Error damaged(const std::filesystem::path& path, const std::string& why) {
  return make_error(Code::Corruption, fmt::format("the adapter {} is damaged: {}", path.string(), why),
                    "wake another self, or restore the file from a backup");
}

struct Pair {
  const GgufTensor* a = nullptr;
  const GgufTensor* b = nullptr;
};

bool fits(const Pair& pair) {
  const bool whole = pair.a != nullptr && pair.b != nullptr && pair.a->ne.size() == 2 && pair.b->ne.size() == 2;
  return whole && pair.a->ne[1] == pair.b->ne[0] && lora::can_dequantise(*pair.a) && lora::can_dequantise(*pair.b);
}

std::vector<float> floats_of(const GgufTensor& tensor) {
  std::vector<float> values(tensor.elements());
  lora::dequantise(tensor, 0, static_cast<std::int64_t>(values.size()), values.data());
  return values;
}

bool all_finite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
}

Result<std::map<std::string, Pair>> pair_up(const GgufFile& file) {
  std::map<std::string, Pair> pairs;
  for (const GgufTensor& tensor : file.tensors()) {
    const std::string_view name = tensor.name;
    if (name.ends_with(".lora_a")) {
      pairs[std::string(name.substr(0, name.size() - 7))].a = &tensor;
    } else if (name.ends_with(".lora_b")) {
      pairs[std::string(name.substr(0, name.size() - 7))].b = &tensor;
    } else {
      return not_an_adapter(file.path(), "the tensor " + tensor.name + " is neither a lora_a nor a lora_b");
    }
  }
  return pairs;
}

}  // namespace

Status write_adapter(const Adapter& adapter, const std::filesystem::path& path) {
  const std::vector<Half> halves = sorted_halves(adapter);
  Writer out;
  std::size_t total = 4096;
  for (const Half& half : halves) total += half.data->size() * sizeof(float) + half.name.size() + 128;
  out.reserve(total);
  out.number<std::uint32_t>(0x46554747);  // "GGUF"
  out.number<std::uint32_t>(3);
  out.number<std::uint64_t>(halves.size());
  out.number<std::uint64_t>(4);
  out.pair("general.type", std::string("adapter"));
  out.pair("general.architecture", adapter.architecture);
  out.pair("adapter.type", std::string("lora"));
  out.pair("adapter.lora.alpha", adapter.alpha);
  write_table(halves, &out);
  out.pad();
  for (const Half& half : halves) out.floats(*half.data);
  return write_file_atomic(path, out.bytes());
}

Result<Adapter> read_adapter(const std::filesystem::path& path) {
  BANCHU_TRY(const auto file, GgufFile::open(path));
  if (file->text("general.type").value_or("") != "adapter" || file->text("adapter.type").value_or("") != "lora") {
    return not_an_adapter(path, "its general.type and adapter.type do not say so");
  }
  BANCHU_TRY(const auto pairs, pair_up(*file));
  Adapter adapter{file->text("general.architecture").value_or(""),
                  static_cast<float>(file->number("adapter.lora.alpha").value_or(0)),
                  {}};
  for (const auto& [name, pair] : pairs) {
    if (!fits(pair)) return damaged(path, "the two halves of " + name + " do not fit together");
    AdapterTensor tensor{name,
                         static_cast<std::uint32_t>(pair.a->ne[0]),
                         static_cast<std::uint32_t>(pair.b->ne[1]),
                         static_cast<std::uint32_t>(pair.a->ne[1]),
                         floats_of(*pair.a),
                         floats_of(*pair.b)};
    if (!all_finite(tensor.a) || !all_finite(tensor.b)) return not_an_adapter(path, name + " holds NaN or infinity");
    adapter.tensors.push_back(std::move(tensor));
  }
  return adapter;
}

}  // namespace banchu
