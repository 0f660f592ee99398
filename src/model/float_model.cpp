// The new file is the old one's key/value pairs as they lie there, a new tensor table, and the tensors one after the
// other. ggml's own writer would hold every tensor in memory at once, and reads strings only up to a zero byte.
#include "model/float_model.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "ggml.h"

namespace banchu {
namespace {

constexpr std::uint64_t kSlabElements = 1ULL << 20;
constexpr std::uint32_t kU32 = 4;  // GGUF's id of the value type
constexpr const char* kFileType = "general.file_type";

struct TargetType {
  ggml_type type;
  std::uint32_t file_type;  // llama_ftype: all F32, mostly F16, mostly BF16
};
TargetType target_of(FloatType type) {
  switch (type) {
    case FloatType::f32:
      return {GGML_TYPE_F32, 0};
    case FloatType::bf16:
      return {GGML_TYPE_BF16, 32};
    case FloatType::f16:
      break;
  }
  return {GGML_TYPE_F16, 1};
}

// F32 tensors of two dimensions that the engine wants in F32: it never quantises them either.
bool stays_float32(const std::string& name) {
  constexpr std::array kParts = {"_norm", "ffn_gate_inp", "ssm_", "time_mix_", "position_embd", "token_types", "rope_"};
  return std::any_of(kParts.begin(), kParts.end(), [&](const char* part) { return name.find(part) != name.npos; });
}

bool becomes_float(const GgufTensor& tensor, const FloatModelRequest& request) {
  if (request.changed.contains(tensor.name)) return true;
  if (ggml_is_quantized(static_cast<ggml_type>(tensor.type))) return true;
  const bool is_matrix = tensor.ne.size() >= 2 && tensor.ne[0] > 1 && tensor.elements() > tensor.ne[0];
  return is_matrix && tensor.name.ends_with(".weight") && !stays_float32(tensor.name);
}

ggml_type type_after(const GgufTensor& tensor, const FloatModelRequest& request) {
  return becomes_float(tensor, request) ? target_of(request.type).type : static_cast<ggml_type>(tensor.type);
}

std::uint64_t bytes_after(const GgufTensor& tensor, const FloatModelRequest& request) {
  return becomes_float(tensor, request) ? tensor.elements() * ggml_type_size(target_of(request.type).type)
                                        : tensor.bytes;
}

std::uint64_t padded(std::uint64_t bytes, std::uint64_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

template <typename T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_string(std::string& out, std::string_view text) {
  put<std::uint64_t>(out, text.size());
  out += text;
}

void put_file_type(std::string& out, FloatType type) {
  put_string(out, kFileType);
  put(out, kU32);
  put(out, target_of(type).file_type);
}

std::string header(const GgufFile& base, const FloatModelRequest& request) {
  std::string out = "GGUF";
  const bool has_file_type = base.find(kFileType) != nullptr;
  put<std::uint32_t>(out, 3);
  put<std::uint64_t>(out, base.tensors().size());
  put<std::uint64_t>(out, base.raw_pairs().size() + (has_file_type ? 0 : 1));
  for (const GgufFile::RawPair& pair : base.raw_pairs()) {
    if (pair.key == kFileType) {
      put_file_type(out, request.type);
    } else {
      out.append(reinterpret_cast<const char*>(pair.bytes.data()), pair.bytes.size());
    }
  }
  if (!has_file_type) put_file_type(out, request.type);
  std::uint64_t offset = 0;
  for (const GgufTensor& tensor : base.tensors()) {
    put_string(out, tensor.name);
    put(out, static_cast<std::uint32_t>(tensor.ne.size()));
    for (const std::uint64_t n : tensor.ne) put(out, n);
    put(out, static_cast<std::uint32_t>(type_after(tensor, request)));
    put(out, offset);
    offset += padded(bytes_after(tensor, request), base.alignment());
  }
  out.resize(padded(out.size(), base.alignment()), '\0');
  return out;
}

// The map's pages of one tensor: they can be read again from the file, so they need not stay in memory.
void give_pages_back(const GgufTensor& tensor) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<std::uintptr_t>(tensor.data) + page - 1) / page * page;
  const auto end = (reinterpret_cast<std::uintptr_t>(tensor.data) + tensor.bytes) / page * page;
  if (end > begin) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

class Rewriter {
 public:
  Rewriter(const GgufFile& base, const FloatModelRequest& request, AtomicFile& file)
      : base_(base), request_(request), file_(file) {}

  Result<std::uint64_t> run() {
    BANCHU_TRY_STATUS(check());
    BANCHU_TRY_STATUS(write(header(base_, request_)));
    Progress progress{"merging", 0, base_.tensors().size(), "tensor", ""};
    for (const GgufTensor& tensor : base_.tensors()) {
      progress.detail = tensor.name;
      if (request_.progress) request_.progress(progress);
      BANCHU_TRY_STATUS(becomes_float(tensor, request_) ? convert(tensor) : copy(tensor));
      const std::uint64_t bytes = bytes_after(tensor, request_);
      BANCHU_TRY_STATUS(write(std::string(padded(bytes, base_.alignment()) - bytes, '\0')));
      give_pages_back(tensor);
      ++progress.done;
    }
    if (request_.progress) request_.progress(progress);
    return written_;
  }

 private:
  Status check() const {
    if (base_.integer("split.count").value_or(1) > 1) {
      return make_error(Code::Unsupported, base_.path().string() + " is one part of a model that was split",
                        "join its parts into one file first (llama-gguf-split --merge)");
    }
    for (const GgufTensor& tensor : base_.tensors()) {
      const auto type = static_cast<ggml_type>(tensor.type);
      const bool readable = type == GGML_TYPE_F32 || ggml_get_type_traits(type)->to_float != nullptr;
      if (becomes_float(tensor, request_) && !readable) {
        return make_error(Code::Unsupported,
                          fmt::format("{}: tensor {} is of type {}, which cannot be turned into floats",
                                      base_.path().string(), tensor.name, ggml_type_name(type)),
                          "use another quantisation of this model as the base");
      }
    }
    return {};
  }

  Status write(std::string_view bytes) {
    written_ += bytes.size();
    return file_.write(bytes);
  }

  Status stopped() const {
    if (!is_cancelled(request_.cancel)) return {};
    return make_error(Code::Cancelled, "stopped; nothing was written");
  }

  Status copy(const GgufTensor& tensor) {
    BANCHU_TRY_STATUS(stopped());
    return write({reinterpret_cast<const char*>(tensor.data), tensor.bytes});
  }

  Status convert(const GgufTensor& tensor) {
    const std::uint64_t width = tensor.ne[0], rows = tensor.elements() / width;
    const std::uint64_t step = std::max<std::uint64_t>(1, kSlabElements / width);
    for (std::uint64_t row = 0; row < rows; row += step) {
      BANCHU_TRY_STATUS(stopped());
      values_.resize(std::min(step, rows - row) * width);
      read_rows(tensor, row);
      if (request_.changed.contains(tensor.name)) request_.change(tensor, row, values_);
      BANCHU_TRY_STATUS(check_values(tensor));
      BANCHU_TRY_STATUS(write(narrowed()));
    }
    return {};
  }

  void read_rows(const GgufTensor& tensor, std::uint64_t row) {
    const auto type = static_cast<ggml_type>(tensor.type);
    const std::byte* from = tensor.data + row * ggml_row_size(type, static_cast<std::int64_t>(tensor.ne[0]));
    if (type == GGML_TYPE_F32) {
      std::memcpy(values_.data(), from, values_.size() * sizeof(float));
    } else {
      ggml_get_type_traits(type)->to_float(from, values_.data(), static_cast<std::int64_t>(values_.size()));
    }
  }

  Status check_values(const GgufTensor& tensor) const {
    constexpr float kLargestHalf = 65504;
    const float limit = request_.type == FloatType::f16 ? kLargestHalf : std::numeric_limits<float>::max();
    const auto fits = [limit](float x) { return std::abs(x) <= limit; };  // false for NaN
    if (std::all_of(values_.begin(), values_.end(), fits)) return {};
    return make_error(
        Code::InvalidArgument,
        fmt::format("tensor {} holds a number that is not finite, or too large for this format", tensor.name),
        request_.type == FloatType::f16 ? "bf16 holds larger numbers: --format bf16"
                                        : "the model file or the adapter is damaged");
  }

  std::string_view narrowed() {
    const auto n = static_cast<std::int64_t>(values_.size());
    const ggml_type type = target_of(request_.type).type;
    bytes_.resize(values_.size() * ggml_type_size(type));
    if (type == GGML_TYPE_F32) {
      std::memcpy(bytes_.data(), values_.data(), bytes_.size());
    } else if (type == GGML_TYPE_F16) {
      ggml_fp32_to_fp16_row(values_.data(), reinterpret_cast<ggml_fp16_t*>(bytes_.data()), n);
    } else {
      ggml_fp32_to_bf16_row(values_.data(), reinterpret_cast<ggml_bf16_t*>(bytes_.data()), n);
    }
    return bytes_;
  }

  const GgufFile& base_;
  const FloatModelRequest& request_;
  AtomicFile& file_;
  std::vector<float> values_;
  std::string bytes_;
  std::uint64_t written_ = 0;
};

}  // namespace

std::uint64_t float_model_bytes(const GgufFile& base, const FloatModelRequest& request) {
  std::uint64_t total = header(base, request).size();
  for (const GgufTensor& tensor : base.tensors()) total += padded(bytes_after(tensor, request), base.alignment());
  return total;
}

Result<std::uint64_t> write_float_model(const GgufFile& base, const FloatModelRequest& request, AtomicFile& file) {
  const std::uint64_t needed = float_model_bytes(base, request);
  std::error_code unknown;
  const auto disk = std::filesystem::space(file.temporary_path().parent_path(), unknown);
  if (!unknown && disk.available < needed) {
    return make_error(Code::NoSpace,
                      fmt::format("the merged model needs {} MB, and {} has {} MB left", needed / 1000000,
                                  file.temporary_path().parent_path().string(), disk.available / 1000000),
                      "free some space, or write to another disk with --to");
  }
  return Rewriter(base, request, file).run();
}

}  // namespace banchu
