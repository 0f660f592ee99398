#include "train/dequantise.h"

#include <ggml.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

namespace banchu::lora {

bool can_dequantise(const GgufTensor& tensor) {
  if (tensor.type >= GGML_TYPE_COUNT) return false;
  if (tensor.type == GGML_TYPE_F32) return true;
  const ggml_type_traits* traits = ggml_get_type_traits(static_cast<ggml_type>(tensor.type));
  if (traits == nullptr || traits->to_float == nullptr || traits->blck_size <= 0) return false;
  return !tensor.ne.empty() && tensor.ne[0] % static_cast<std::uint64_t>(traits->blck_size) == 0;
}

void dequantise(const GgufTensor& tensor, std::int64_t begin, std::int64_t n, float* out) {
  if (tensor.type == GGML_TYPE_F32) {
    std::memcpy(out, tensor.data + begin * 4, static_cast<std::size_t>(n) * 4);
    return;
  }
  const ggml_type_traits* traits = ggml_get_type_traits(static_cast<ggml_type>(tensor.type));
  const std::int64_t offset = begin / traits->blck_size * static_cast<std::int64_t>(traits->type_size);
  traits->to_float(tensor.data + offset, out, n);
}

void give_back_pages(const GgufTensor& tensor) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto at = reinterpret_cast<std::uintptr_t>(tensor.data);
  const std::uintptr_t begin = (at + page - 1) / page * page;
  const std::uintptr_t end = (at + tensor.bytes) / page * page;
  if (end > begin) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace banchu::lora
