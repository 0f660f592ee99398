// Forward and backward of a training step on the devices that ggml knows: the same walk as graph.h, layer by layer,
// with the layers shared out over the devices in their order. Between two layers only the residual is kept.
//
// On the devices: weights, products, attention, the trained numbers. Here: embeddings, the loss of each target and its
// gradient on the logits (head.h), the optimiser. Numbers are f32, weights bf16 on a graphics card.
//
// Threads: one at a time. Throws as device.h says.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "train/device_layer.h"
#include "train/device_share.h"
#include "train/head.h"
#include "train/step_graph.h"

namespace banchu::lora {

struct DevicePlan {
  std::vector<std::string> names;   // of devices(), in the order of the layers
  std::vector<double> shares = {};  // of the layers, one for each; empty: by free memory
  int threads = 1;                  // of a processor among them
};

// The layers of each device: in proportion to `shares`, every layer somewhere.
std::vector<std::int64_t> share_out(std::int64_t layers, const std::vector<double>& shares);

class DeviceGraph : public StepGraph {
 public:
  // `parameters` must outlive the graph. Errors: NotFound (a device this machine does not have), InvalidArgument
  // (shares that do not fit the devices), NoSpace (with what each device would need), FailedPrecondition.
  static Result<std::unique_ptr<DeviceGraph>> create(FrozenModel model, const ParameterPlan& parameters,
                                                     const DevicePlan& plan, double dropout);

  ~DeviceGraph() override;

  void use_parameters(const float* parameters) override;
  double loss(const Batch& batch) override;
  double loss_and_gradients(const Batch& batch, float* gradients) override;
  // "CUDA0 (NVIDIA H200): layers 0 to 31"
  std::string in_words() const;

 private:
  // Of one pass, on one device: what its layers see, and the residual before each of them and behind the last.
  struct Pass {
    Frame frame{0};
    DevicePass seen;
    std::vector<Node> residuals;
    Node dx = nullptr;
  };
  class DeviceHead;

  DeviceGraph(FrozenModel model, const ParameterPlan& plan, double dropout);
  void begin(const Batch& batch, bool training);
  Pass pass_on(const DeviceShare& share, bool training) const;
  void fill(const Pass& pass) const;
  std::vector<float> embedded() const;
  // The last residual, [tokens, n_embd].
  std::vector<float> forward();
  void backward(const std::vector<float>& dx);
  void collect(float* gradients);
  void run_layer(DeviceShare* share, Pass* pass, std::int64_t layer, bool back);
  void drop(const DeviceLayerGraph& layer, std::int64_t index) const;
  Node residual(const Pass& pass, const DeviceShare& share, std::int64_t layer) const;

  FrozenModel model_;
  const ParameterPlan& plan_;
  double dropout_;
  std::vector<std::unique_ptr<DeviceShare>> shares_;
  std::unique_ptr<DeviceHead> head_products_;
  std::unique_ptr<Head<float>> head_;

  const Batch* batch_ = nullptr;
  bool is_training_ = false;
  std::vector<Pass> passes_;
};

}  // namespace banchu::lora
