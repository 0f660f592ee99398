// The parts of this machine that compute ggml's graphs: graphics cards where the engine was built for them, and the
// processor. Memory on them, and the way there and back.
//
// Owns: what it opens and allocates. Threads: one at a time for each device. Throws std::bad_alloc when a device has no
// room, std::runtime_error when it fails; the room's door turns both into an Error.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

struct ggml_backend;
struct ggml_backend_buffer;
struct ggml_context;
struct ggml_tensor;
struct ggml_cgraph;
struct ggml_gallocr;

namespace banchu::lora {

struct DeviceFacts {
  std::string name;         // "CUDA0", "CPU"
  std::string description;  // the maker's name for it
  bool is_gpu = false;
  std::uint64_t free_bytes = 0, total_bytes = 0;
};
std::vector<DeviceFacts> devices();

class Device {
 public:
  // Errors: NotFound (with those there are), FailedPrecondition (it cannot be started).
  static Result<Device> open(const std::string& name, int threads);

  const DeviceFacts& facts() const { return facts_; }
  ggml_backend* backend() const { return backend_.get(); }
  // Gives the graph's own tensors memory; the next graph takes it over.
  void allocate(ggml_cgraph* graph);
  void compute(ggml_cgraph* graph);

 private:
  Device() = default;
  struct Close {
    void operator()(ggml_backend* backend) const;
    void operator()(ggml_gallocr* allocator) const;
  };
  DeviceFacts facts_;
  std::unique_ptr<ggml_backend, Close> backend_;
  std::unique_ptr<ggml_gallocr, Close> allocator_;
};

// Tensors are declared in a frame; those of a graph get their memory from Device::allocate, others from `place`.
class Frame {
 public:
  explicit Frame(std::size_t most_tensors, std::size_t most_nodes = 0);
  ~Frame();
  Frame(Frame&&) noexcept;
  Frame& operator=(Frame&&) noexcept;

  ggml_context* context() const { return context_.get(); }
  ggml_cgraph* graph() const { return graph_; }  // nullptr without nodes
  // Memory on the device for everything declared so far.
  void place(const Device& device);

 private:
  struct Free {
    void operator()(ggml_context* context) const;
    void operator()(ggml_backend_buffer* buffer) const;
  };
  std::unique_ptr<ggml_context, Free> context_;
  std::unique_ptr<ggml_backend_buffer, Free> buffer_;
  ggml_cgraph* graph_ = nullptr;
};

}  // namespace banchu::lora
