#include "train/state_bytes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <new>
#include <string>

namespace banchu::lora {

namespace {

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

Error cannot_page(const std::filesystem::path& folder, std::size_t bytes, int why) {
  errno = why;
  Error error = error_from_errno("cannot page the optimiser's states", folder.string());
  error.hint = fmt::format("{} MB are needed there; free some space, or take an optimizer that is not paged", bytes >> 20);
  return error;
}

}  // namespace

void ReleaseBytes::operator()(std::byte* data) const {
  if (mapped > 0) {
    munmap(data, mapped);
  } else {
    std::free(data);
  }
}

Result<StateBytes> StateBytes::create(std::size_t bytes, const std::filesystem::path& folder) {
  StateBytes state;
  state.size_ = bytes;
  if (folder.empty() || bytes == 0) {
    state.data_.reset(static_cast<std::byte*>(std::calloc(bytes == 0 ? 1 : bytes, 1)));
    if (state.data_ == nullptr) throw std::bad_alloc();
    return state;
  }
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  std::string name = (folder / "optimiser-XXXXXX").string();
  const Descriptor file(mkostemp(name.data(), O_CLOEXEC));
  if (file.get() < 0) return cannot_page(folder, bytes, errno);
  unlink(name.c_str());
  if (const int why = posix_fallocate(file.get(), 0, static_cast<off_t>(bytes)); why != 0) {
    return cannot_page(folder, bytes, why);
  }
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (data == MAP_FAILED) return cannot_page(folder, bytes, errno);
  state.data_ = std::unique_ptr<std::byte, ReleaseBytes>(static_cast<std::byte*>(data), ReleaseBytes{bytes});
  return state;
}

}  // namespace banchu::lora
