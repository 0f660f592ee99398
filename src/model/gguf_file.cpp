#include "model/gguf_file.h"

#include <fmt/format.h>

#include <set>

#include "ggml.h"
#include "model/gguf_cursor.h"
#include "model/mapped_file.h"

namespace banchu {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kMaxEntries = 1ULL << 20;
constexpr std::uint64_t kMaxArrayElements = 16ULL << 20;
constexpr std::uint64_t kMaxAlignment = 64ULL << 10;
constexpr std::uint64_t kDefaultAlignment = 32;
constexpr std::uint32_t kMaxDimensions = 4;
constexpr std::size_t kMaxTensorName = 63;  // GGML_MAX_NAME less its terminator

// The ids of GGUF's value types (docs/gguf.md).
enum : std::uint32_t { kU8, kI8, kU16, kI16, kU32, kI32, kF32, kBool, kString, kArray, kU64, kI64, kF64, kTypes };

std::uint64_t least_bytes(std::uint32_t type) {
  constexpr std::uint64_t kBytes[kTypes] = {1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8};
  return type < kTypes ? kBytes[type] : 0;
}

GgufFile::Value read_scalar(GgufCursor& in, std::uint32_t type) {
  switch (type) {
    case kU8:
      return std::uint64_t{in.read<std::uint8_t>()};
    case kI8:
      return std::int64_t{in.read<std::int8_t>()};
    case kU16:
      return std::uint64_t{in.read<std::uint16_t>()};
    case kI16:
      return std::int64_t{in.read<std::int16_t>()};
    case kU32:
      return std::uint64_t{in.read<std::uint32_t>()};
    case kI32:
      return std::int64_t{in.read<std::int32_t>()};
    case kF32:
      return double{in.read<float>()};
    case kBool:
      return in.read<std::uint8_t>() != 0;
    case kString:
      return std::string(in.read_string());
    case kU64:
      return in.read<std::uint64_t>();
    case kI64:
      return in.read<std::int64_t>();
    case kF64:
      return in.read<double>();
    default:
      in.fail(fmt::format("a value of the unknown type {}", type));
      return std::int64_t{0};
  }
}

double as_double(const GgufFile::Value& value) {
  if (const auto* i = std::get_if<std::int64_t>(&value)) return static_cast<double>(*i);
  if (const auto* u = std::get_if<std::uint64_t>(&value)) return static_cast<double>(*u);
  if (const auto* b = std::get_if<bool>(&value)) return *b ? 1 : 0;
  return std::get<double>(value);
}

GgufFile::Value read_array(GgufCursor& in) {
  const auto type = in.read<std::uint32_t>();
  const auto count = in.read<std::uint64_t>();
  if (type == kArray || least_bytes(type) == 0) in.fail(fmt::format("an array of type {}", type));
  if (count > kMaxArrayElements) in.fail(fmt::format("an array of {} elements", count));
  if (in.failed() || count > in.left() / least_bytes(type)) {
    in.fail("the file ends inside an array");
    return std::vector<double>{};
  }
  std::vector<std::string> strings;
  std::vector<double> numbers;
  (type == kString ? strings.reserve(count) : numbers.reserve(count));
  for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
    if (type == kString) {
      strings.emplace_back(in.read_string());
    } else {
      numbers.push_back(as_double(read_scalar(in, type)));
    }
  }
  if (type == kString) return strings;
  return numbers;
}

// The product of the dimensions, or nothing when it does not fit.
std::optional<std::uint64_t> product(const std::vector<std::uint64_t>& ne) {
  std::uint64_t total = 1;
  for (const std::uint64_t n : ne) {
    if (__builtin_mul_overflow(total, n, &total)) return std::nullopt;
  }
  return total <= static_cast<std::uint64_t>(INT64_MAX) ? std::optional(total) : std::nullopt;
}

bool known_type(std::uint32_t type) {
  return type < GGML_TYPE_COUNT && ggml_get_type_traits(static_cast<ggml_type>(type))->type_size > 0 &&
         ggml_get_type_traits(static_cast<ggml_type>(type))->blck_size > 0;
}

}  // namespace

struct GgufFile::Parts {
  fs::path path;
  std::unique_ptr<MappedFile> map;
  std::map<std::string, Value, std::less<>> values;
  std::set<std::string, std::less<>> float32_keys;
  std::vector<RawPair> raw_pairs;
  std::uint64_t data_alignment = kDefaultAlignment;
  std::vector<GgufTensor> tensors;
  std::map<std::string, std::size_t, std::less<>> by_name;

  Status parse();
  void parse_values(GgufCursor& in, std::uint64_t count);
  Status parse_tensors(GgufCursor& in, std::uint64_t count);
  Status read_tensor(GgufCursor& in, std::vector<std::uint64_t>& offsets);
  Status place_tensors(std::uint64_t data_begin, std::uint64_t alignment, const std::vector<std::uint64_t>& offsets);
  Result<std::uint64_t> alignment() const;
  Error broken(const std::string& what) const {
    return make_error(Code::Corruption, fmt::format("{} is broken: {}", path.string(), what),
                      "download or write the file again");
  }
};

Status GgufFile::Parts::parse() {
  GgufCursor in(map->bytes());
  constexpr std::uint32_t kMagic = 0x46554747;  // "GGUF"
  if (in.read<std::uint32_t>() != kMagic) {
    return make_error(Code::Corruption, path.string() + " is not a GGUF file", "give a model in the GGUF format");
  }
  const auto version = in.read<std::uint32_t>();
  if (!in.failed() && version != 2 && version != 3) {
    return make_error(Code::Unsupported,
                      fmt::format("{} is GGUF version {}; versions 2 and 3 are known", path.string(), version),
                      "convert it again with a current converter");
  }
  const auto tensor_count = in.read<std::uint64_t>();
  const auto value_count = in.read<std::uint64_t>();
  if (in.failed()) return broken(in.failure());
  if (tensor_count > kMaxEntries || value_count > kMaxEntries) return broken("it claims more entries than fit a file");
  parse_values(in, value_count);
  if (in.failed()) return broken(in.failure());
  return parse_tensors(in, tensor_count);
}

void GgufFile::Parts::parse_values(GgufCursor& in, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
    const std::uint64_t begin = in.offset();
    std::string key(in.read_string());
    const auto type = in.read<std::uint32_t>();
    if (in.failed()) return;
    if (type == kF32) float32_keys.insert(key);
    Value value = type == kArray ? read_array(in) : read_scalar(in, type);
    raw_pairs.push_back({key, map->bytes().subspan(begin, in.offset() - begin)});
    if (!values.emplace(std::move(key), std::move(value)).second) in.fail("a key that appears twice");
  }
}

Status GgufFile::Parts::parse_tensors(GgufCursor& in, std::uint64_t count) {
  std::vector<std::uint64_t> offsets;
  for (std::uint64_t i = 0; i < count; ++i) BANCHU_TRY_STATUS(read_tensor(in, offsets));
  BANCHU_TRY(const std::uint64_t align, alignment());
  data_alignment = align;
  const std::uint64_t data_begin = (in.offset() + align - 1) / align * align;
  return place_tensors(data_begin, align, offsets);
}

Status GgufFile::Parts::read_tensor(GgufCursor& in, std::vector<std::uint64_t>& offsets) {
  GgufTensor tensor;
  tensor.name = std::string(in.read_string());
  const auto dimensions = in.read<std::uint32_t>();
  if (dimensions > kMaxDimensions) in.fail(fmt::format("a tensor of {} dimensions", dimensions));
  for (std::uint32_t d = 0; d < dimensions && !in.failed(); ++d) tensor.ne.push_back(in.read<std::uint64_t>());
  tensor.type = in.read<std::uint32_t>();
  offsets.push_back(in.read<std::uint64_t>());
  if (in.failed()) return broken(in.failure());
  if (tensor.name.empty() || tensor.name.size() > kMaxTensorName) return broken("a tensor has no usable name");
  if (!by_name.emplace(tensor.name, tensors.size()).second) return broken("two tensors are named " + tensor.name);
  if (!known_type(tensor.type)) {
    return make_error(Code::Unsupported, fmt::format("{}: tensor {} has the type {}, which this engine does not know",
                                                     path.string(), tensor.name, tensor.type));
  }
  tensors.push_back(std::move(tensor));
  return {};
}

Result<std::uint64_t> GgufFile::Parts::alignment() const {
  const auto found = values.find("general.alignment");
  if (found == values.end()) return kDefaultAlignment;
  const auto* value = std::get_if<std::uint64_t>(&found->second);
  if (value == nullptr || *value == 0 || *value > kMaxAlignment || (*value & (*value - 1)) != 0) {
    return broken("general.alignment is not a power of two up to 65536");
  }
  return *value;
}

Status GgufFile::Parts::place_tensors(std::uint64_t data_begin, std::uint64_t alignment,
                                      const std::vector<std::uint64_t>& offsets) {
  const std::uint64_t file_size = map->bytes().size();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    GgufTensor& tensor = tensors[i];
    const ggml_type_traits& traits = *ggml_get_type_traits(static_cast<ggml_type>(tensor.type));
    const auto elements = product(tensor.ne);
    const auto block = static_cast<std::uint64_t>(traits.blck_size);
    if (!elements || *elements == 0 || (tensor.ne.empty() ? 1 : tensor.ne[0]) % block != 0 ||
        __builtin_mul_overflow(*elements / block, traits.type_size, &tensor.bytes)) {
      return broken("tensor " + tensor.name + " has an impossible size");
    }
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    if (offsets[i] % alignment != 0 || __builtin_add_overflow(data_begin, offsets[i], &begin) ||
        __builtin_add_overflow(begin, tensor.bytes, &end) || end > file_size) {
      return broken(
          fmt::format("tensor {} lies outside the file ({} bytes); the file is cut short", tensor.name, file_size));
    }
    tensor.data = map->bytes().data() + begin;
  }
  return {};
}

std::uint64_t GgufTensor::elements() const {
  std::uint64_t total = 1;
  for (const std::uint64_t n : ne) total *= n;
  return total;
}

GgufFile::GgufFile(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
GgufFile::~GgufFile() = default;

Result<std::shared_ptr<const GgufFile>> GgufFile::open(const fs::path& path) {
  auto parts = std::make_unique<Parts>();
  parts->path = path;
  BANCHU_TRY(parts->map, MappedFile::open(path));
  BANCHU_TRY_STATUS(parts->parse());
  return std::shared_ptr<const GgufFile>(new GgufFile(std::move(parts)));
}

const fs::path& GgufFile::path() const { return parts_->path; }
std::uint64_t GgufFile::file_bytes() const { return parts_->map->bytes().size(); }
const std::vector<GgufTensor>& GgufFile::tensors() const { return parts_->tensors; }
const std::map<std::string, GgufFile::Value, std::less<>>& GgufFile::values() const { return parts_->values; }
const std::vector<GgufFile::RawPair>& GgufFile::raw_pairs() const { return parts_->raw_pairs; }
std::uint64_t GgufFile::alignment() const { return parts_->data_alignment; }

const GgufTensor* GgufFile::find_tensor(std::string_view name) const {
  const auto found = parts_->by_name.find(name);
  return found == parts_->by_name.end() ? nullptr : &parts_->tensors[found->second];
}

const GgufFile::Value* GgufFile::find(std::string_view key) const {
  const auto found = parts_->values.find(key);
  return found == parts_->values.end() ? nullptr : &found->second;
}

bool GgufFile::is_float32(std::string_view key) const { return parts_->float32_keys.contains(key); }

std::optional<std::int64_t> GgufFile::integer(std::string_view key) const {
  const Value* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* i = std::get_if<std::int64_t>(value)) return *i;
  const auto* u = std::get_if<std::uint64_t>(value);
  if (u != nullptr && *u <= static_cast<std::uint64_t>(INT64_MAX)) return static_cast<std::int64_t>(*u);
  return std::nullopt;
}

std::optional<double> GgufFile::number(std::string_view key) const {
  const Value* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* d = std::get_if<double>(value)) return *d;
  if (const auto i = integer(key)) return static_cast<double>(*i);
  return std::nullopt;
}

std::optional<std::string> GgufFile::text(std::string_view key) const {
  const Value* value = find(key);
  const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(value);
  return text == nullptr ? std::nullopt : std::optional(*text);
}

}  // namespace banchu
