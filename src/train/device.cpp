#include "train/device.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ggml-alloc.h>
#include <ggml-backend.h>
#include <ggml-cpu.h>
#include <ggml.h>

#include <new>
#include <stdexcept>

#include "train/train.h"

namespace banchu {

std::vector<std::string> graphics_cards() {
  std::vector<std::string> names;
  for (const lora::DeviceFacts& facts : lora::devices()) {
    if (facts.is_gpu) names.push_back(facts.name);
  }
  return names;
}

}  // namespace banchu

namespace banchu::lora {

namespace {

DeviceFacts facts_of(ggml_backend_dev_t device) {
  ggml_backend_dev_props props{};
  ggml_backend_dev_get_props(device, &props);
  const bool is_gpu = props.type == GGML_BACKEND_DEVICE_TYPE_GPU || props.type == GGML_BACKEND_DEVICE_TYPE_IGPU;
  return {props.name, props.description, is_gpu, props.memory_free, props.memory_total};
}

}  // namespace

std::vector<DeviceFacts> devices() {
  std::vector<DeviceFacts> all;
  for (std::size_t i = 0; i < ggml_backend_dev_count(); ++i) all.push_back(facts_of(ggml_backend_dev_get(i)));
  return all;
}

void Device::Close::operator()(ggml_backend* backend) const { ggml_backend_free(backend); }
void Device::Close::operator()(ggml_gallocr* allocator) const { ggml_gallocr_free(allocator); }

Result<Device> Device::open(const std::string& name, int threads) {
  ggml_backend_dev_t found = ggml_backend_dev_by_name(name.c_str());
  if (found == nullptr) {
    std::vector<std::string> names;
    for (const DeviceFacts& facts : devices()) names.push_back(facts.name);
    return make_error(Code::NotFound, fmt::format("this machine has no device {}", name),
                      fmt::format("it has: {}", fmt::join(names, ", ")));
  }
  Device device;
  device.facts_ = facts_of(found);
  device.backend_.reset(ggml_backend_dev_init(found, nullptr));
  if (device.backend_ == nullptr) {
    return make_error(Code::FailedPrecondition, fmt::format("the device {} does not start", name),
                      "see whether its driver is installed (banchu doctor), or train on the processor: --device cpu");
  }
  if (ggml_backend_is_cpu(device.backend())) ggml_backend_cpu_set_n_threads(device.backend(), threads);
  device.allocator_.reset(ggml_gallocr_new(ggml_backend_get_default_buffer_type(device.backend())));
  return device;
}

void Device::allocate(ggml_cgraph* graph) {
  if (!ggml_gallocr_alloc_graph(allocator_.get(), graph)) throw std::bad_alloc();
}

void Device::compute(ggml_cgraph* graph) {
  if (ggml_backend_graph_compute(backend(), graph) == GGML_STATUS_SUCCESS) return;
  throw std::runtime_error(fmt::format("the device {} could not compute a step", facts_.name));
}

void Frame::Free::operator()(ggml_context* context) const { ggml_free(context); }
void Frame::Free::operator()(ggml_backend_buffer* buffer) const { ggml_backend_buffer_free(buffer); }

Frame::Frame(std::size_t most_tensors, std::size_t most_nodes) {
  const std::size_t bytes =
      most_tensors * ggml_tensor_overhead() + (most_nodes > 0 ? ggml_graph_overhead_custom(most_nodes, false) : 0);
  context_.reset(ggml_init({bytes, nullptr, true}));
  if (context_ == nullptr) throw std::bad_alloc();
  if (most_nodes > 0) graph_ = ggml_new_graph_custom(context(), most_nodes, false);
}

Frame::~Frame() = default;
Frame::Frame(Frame&&) noexcept = default;
Frame& Frame::operator=(Frame&&) noexcept = default;

void Frame::place(const Device& device) {
  buffer_.reset(ggml_backend_alloc_ctx_tensors(context(), device.backend()));
  if (buffer_ == nullptr) throw std::bad_alloc();
}

}  // namespace banchu::lora
