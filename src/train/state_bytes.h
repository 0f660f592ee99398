// The optimiser's memory: bytes on the heap, or in a file that is mapped ("paged").
//
// Paged, the kernel may write pages out when memory is short and read them back, so states larger than what is free
// slow a step down instead of ending it. The file has no name and goes with the process. Its blocks are taken when it
// is made: a full disk is an Error then, never a SIGBUS in a step.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

#include "base/result.h"

namespace banchu::lora {

struct ReleaseBytes {
  std::size_t mapped = 0;  // 0: from the heap
  void operator()(std::byte* data) const;
};

class StateBytes {
 public:
  StateBytes() = default;
  // Zeros. `folder` empty: on the heap. Errors: NoSpace, FailedPrecondition (the folder cannot be written).
  static Result<StateBytes> create(std::size_t bytes, const std::filesystem::path& folder);

  std::span<std::byte> all() { return {data_.get(), size_}; }
  std::span<const std::byte> all() const { return {data_.get(), size_}; }

 private:
  std::unique_ptr<std::byte, ReleaseBytes> data_;
  std::size_t size_ = 0;
};

}  // namespace banchu::lora
