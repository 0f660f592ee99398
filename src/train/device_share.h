// What one device holds of the self and of its training: some of the layers, dequantised and with the awake adapters
// folded in (bf16 on a graphics card, f32 on the processor), all trained numbers and their gradients, and on the last
// device the vocabulary.
//
// Owns: memory on the device. Threads: one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "train/device.h"
#include "train/device_ops.h"
#include "train/frozen_model.h"

namespace banchu::lora {

struct DeviceLayer {
  std::array<Node, kGroups> matrix{};  // W, ne = {in, out}
  std::array<Node, kGroups> bias{};    // [out], or none
  Node attention_norm = nullptr, ffn_norm = nullptr;
  // Of some families only (architecture.h).
  Node query_norm = nullptr, key_norm = nullptr;
  Node attention_post_norm = nullptr, ffn_post_norm = nullptr;
};

class DeviceShare {
 public:
  // Layers [first, first + count). Throws std::bad_alloc when the device has no room for them.
  DeviceShare(Device device, const FrozenModel& model, const ParameterPlan& plan, std::int64_t first,
              std::int64_t count, bool holds_head);

  Device& device() { return device_; }
  const Device& device() const { return device_; }
  std::int64_t first() const { return first_; }
  std::int64_t end() const { return first_ + static_cast<std::int64_t>(layers_.size()); }
  const DeviceLayer& layer(std::int64_t i) const { return layers_[static_cast<std::size_t>(i - first_)]; }
  Node parameters() const { return parameters_; }  // [plan.size]
  Node gradients() const { return gradients_; }    // [plan.size]
  Node head() const { return head_; }              // ne = {n_embd, n_vocab}, or none
  Node head_transposed() const { return head_back_; }
  // Of the layers without and with a window; none when every factor is 1.
  Node rope_factors(bool windowed) const { return rope_factors_[windowed ? 1 : 0]; }

 private:
  void declare(const FrozenModel& model, const ParameterPlan& plan, std::int64_t count, bool holds_head);
  template <typename T>
  void fill(const FrozenModel& model);

  Device device_;
  std::int64_t first_;
  Frame frame_;
  std::vector<DeviceLayer> layers_;
  std::array<Node, 2> rope_factors_{};
  Node parameters_ = nullptr, gradients_ = nullptr, head_ = nullptr, head_back_ = nullptr;
};

// Bytes that a share needs before the first step: of one layer, of the vocabulary, and of the trained numbers.
struct ShareBytes {
  std::int64_t layer = 0, head = 0, parameters = 0;
};
ShareBytes share_bytes(const ModelShape& shape, const ParameterPlan& plan, bool is_gpu);

}  // namespace banchu::lora
