#include "exchange/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/atomic_file.h"
#include "base/json.h"
#include "exchange/half.h"

namespace banchu {
namespace fs = std::filesystem;
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors is little-endian and so are we");

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kMaxDimensions = 8;
constexpr const char* kMetadata = "__metadata__";

struct Dtype {
  std::string_view name;
  std::uint64_t bytes;
};
constexpr std::array kDtypes = {Dtype{"F64", 8},  Dtype{"F32", 4},     Dtype{"F16", 2},    Dtype{"BF16", 2},
                                Dtype{"I64", 8},  Dtype{"I32", 4},     Dtype{"I16", 2},    Dtype{"I8", 1},
                                Dtype{"U64", 8},  Dtype{"U32", 4},     Dtype{"U16", 2},    Dtype{"U8", 1},
                                Dtype{"BOOL", 1}, Dtype{"F8_E5M2", 1}, Dtype{"F8_E4M3", 1}};

std::optional<std::uint64_t> whole_number(const Json& value) {
  if (!value.is_number_unsigned()) return std::nullopt;
  return value.get<std::uint64_t>();
}

std::optional<std::vector<std::uint64_t>> whole_numbers(const Json& object, const char* key) {
  if (!object.contains(key) || !object[key].is_array() || object[key].size() > kMaxDimensions) return std::nullopt;
  std::vector<std::uint64_t> numbers;
  for (const Json& each : object[key]) {
    const auto number = whole_number(each);
    if (!number) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

// Reads one file's header; every offset is checked before a span is made of it.
class Parser {
 public:
  Parser(const fs::path& path, std::span<const std::byte> bytes) : path_(path), bytes_(bytes) {}

  Status run(std::vector<Safetensor>& tensors, std::map<std::string, std::string>& metadata) {
    BANCHU_TRY(const Json header, read_header());
    for (const auto& [name, value] : header.items()) {
      if (name == kMetadata) {
        BANCHU_TRY_STATUS(read_metadata(value, metadata));
      } else {
        BANCHU_TRY(Safetensor tensor, read_tensor(name, value));
        tensors.push_back(std::move(tensor));
      }
    }
    BANCHU_TRY_STATUS(check_coverage(tensors));
    std::sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return {};
  }

 private:
  Error broken(const std::string& what) const {
    return make_error(Code::Corruption, fmt::format("{} is broken: {}", path_.string(), what),
                      "download or write the file again");
  }

  Result<Json> read_header() {
    if (bytes_.size() < kLengthBytes) return broken("it is shorter than 8 bytes");
    std::uint64_t length = 0;
    std::memcpy(&length, bytes_.data(), kLengthBytes);
    const std::uint64_t left = bytes_.size() - kLengthBytes;
    if (length > left || length > kSafetensorsMaxHeaderBytes) {
      return broken(fmt::format("its header claims {} bytes, and the file has {}", length, left));
    }
    const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + kLengthBytes, length);
    Result<Json> header = parse_json_unique(text, "the header");
    if (!header) return broken(header.error().message);
    if (!header->is_object()) return broken("its header is no JSON object");
    data_ = bytes_.subspan(kLengthBytes + length);
    return header;
  }

  Status read_metadata(const Json& value, std::map<std::string, std::string>& metadata) const {
    if (!value.is_object()) return broken("__metadata__ is no object");
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) return broken("__metadata__ holds something that is no text");
      metadata[key] = text.get<std::string>();
    }
    return {};
  }

  Result<Safetensor> read_tensor(const std::string& name, const Json& value) const {
    const std::string shown = name.substr(0, 100);
    if (!value.is_object()) return broken("the tensor " + shown + " is no object");
    const std::string dtype = string_at(value, "dtype");
    const auto known = std::find_if(kDtypes.begin(), kDtypes.end(), [&](const Dtype& d) { return d.name == dtype; });
    if (known == kDtypes.end()) {
      return make_error(Code::Unsupported, fmt::format("{}: the tensor {} has the dtype \"{}\", which is not known",
                                                       path_.string(), shown, dtype.substr(0, 20)));
    }
    const auto shape = whole_numbers(value, "shape"), offsets = whole_numbers(value, "data_offsets");
    if (!shape || !offsets || offsets->size() != 2) return broken("the tensor " + shown + " lacks shape or offsets");
    const std::uint64_t begin = (*offsets)[0], end = (*offsets)[1];
    if (begin > end || end > data_.size()) {
      return broken(
          fmt::format("the tensor {} lies at {} to {}, outside the {} bytes of data", shown, begin, end, data_.size()));
    }
    std::uint64_t bytes = known->bytes;
    for (const std::uint64_t n : *shape) {
      if (__builtin_mul_overflow(bytes, n, &bytes)) return broken("the size of the tensor " + shown + " overflows");
    }
    if (bytes != end - begin) {
      return broken(fmt::format("the tensor {} needs {} bytes and has {}", shown, bytes, end - begin));
    }
    return Safetensor{name, dtype, *shape, data_.subspan(begin, bytes)};
  }

  // The format allows neither overlaps nor holes: nothing can hide in the file.
  Status check_coverage(const std::vector<Safetensor>& tensors) const {
    std::vector<const Safetensor*> order;
    for (const Safetensor& tensor : tensors) order.push_back(&tensor);
    std::sort(order.begin(), order.end(), [](const Safetensor* a, const Safetensor* b) {
      return std::pair(a->data.data(), a->data.size()) < std::pair(b->data.data(), b->data.size());
    });
    const std::byte* at = data_.data();
    for (const Safetensor* tensor : order) {
      if (tensor->data.data() != at) {
        return broken(fmt::format("the tensor {} {}", tensor->name.substr(0, 100),
                                  tensor->data.data() < at ? "overlaps another one" : "leaves a hole before it"));
      }
      at += tensor->data.size();
    }
    if (at != data_.data() + data_.size()) return broken("bytes are left over behind the last tensor");
    return {};
  }

  const fs::path& path_;
  std::span<const std::byte> bytes_;
  std::span<const std::byte> data_;
};

std::string header_of(const std::vector<NewSafetensor>& tensors, FloatFormat format,
                      const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header[kMetadata] = metadata;
  const std::uint64_t width = format == FloatFormat::f32 ? 4 : 2;
  std::uint64_t offset = 0;
  for (const NewSafetensor& tensor : tensors) {
    const std::uint64_t end = offset + tensor.values->size() * width;
    header[tensor.name] = {{"dtype", dtype_name(format)}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = to_line(header);
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the data begins aligned
  return text;
}

std::string bytes_of(const std::vector<float>& values, FloatFormat format) {
  std::string bytes;
  if (format == FloatFormat::f32) {
    bytes.assign(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
    return bytes;
  }
  bytes.reserve(values.size() * 2);
  for (const float value : values) {
    const std::uint16_t narrow = format == FloatFormat::f16 ? half_from_float(value) : bfloat_from_float(value);
    bytes.append(reinterpret_cast<const char*>(&narrow), sizeof narrow);
  }
  return bytes;
}

}  // namespace

const char* dtype_name(FloatFormat format) {
  return format == FloatFormat::f32 ? "F32" : format == FloatFormat::f16 ? "F16" : "BF16";
}

std::uint64_t Safetensor::elements() const {
  std::uint64_t total = 1;
  for (const std::uint64_t n : shape) total *= n;
  return total;
}

Result<SafetensorsFile> SafetensorsFile::open(const fs::path& path) {
  std::error_code failure;
  if (fs::exists(path, failure) && (!fs::is_regular_file(path, failure) || fs::file_size(path, failure) == 0)) {
    return make_error(Code::Corruption, path.string() + " is no safetensors file: it is empty or no regular file");
  }
  SafetensorsFile file;
  file.path_ = path;
  BANCHU_TRY(file.map_, MappedFile::open(path));
  BANCHU_TRY_STATUS(Parser(path, file.map_->bytes()).run(file.tensors_, file.metadata_));
  return file;
}

const Safetensor* SafetensorsFile::find(const std::string& name) const {
  const auto found = std::lower_bound(tensors_.begin(), tensors_.end(), name,
                                      [](const Safetensor& tensor, const std::string& n) { return tensor.name < n; });
  return found != tensors_.end() && found->name == name ? &*found : nullptr;
}

Result<std::vector<float>> SafetensorsFile::floats(const Safetensor& tensor) const {
  std::vector<float> values(tensor.elements());
  if (tensor.dtype == "F32") {
    if (!values.empty()) std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
    return values;
  }
  if (tensor.dtype != "F16" && tensor.dtype != "BF16") {
    return make_error(Code::Unsupported, fmt::format("{}: the tensor {} holds {}, not F32, F16 or BF16", path_.string(),
                                                     tensor.name, tensor.dtype));
  }
  const bool is_half = tensor.dtype == "F16";
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint16_t narrow = 0;
    std::memcpy(&narrow, tensor.data.data() + i * sizeof narrow, sizeof narrow);  // may be unaligned
    values[i] = is_half ? float_from_half(narrow) : float_from_bfloat(narrow);
  }
  return values;
}

Status write_safetensors(const fs::path& path, std::vector<NewSafetensor> tensors, FloatFormat format,
                         const std::map<std::string, std::string>& metadata) {
  std::sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  const std::string header = header_of(tensors, format, metadata);
  const std::uint64_t length = header.size();
  BANCHU_TRY(AtomicFile file, AtomicFile::create(path));
  BANCHU_TRY_STATUS(file.write({reinterpret_cast<const char*>(&length), sizeof length}));
  BANCHU_TRY_STATUS(file.write(header));
  for (const NewSafetensor& tensor : tensors) BANCHU_TRY_STATUS(file.write(bytes_of(*tensor.values, format)));
  return file.commit();
}

}  // namespace banchu
