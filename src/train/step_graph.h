// What the steps of a training ask of a forward and backward pass, whatever computes it: graph.h does it with the
// processor's own kernels, device_graph.h on a graphics card.
#pragma once

#include "train/batch.h"

namespace banchu::lora {

class StepGraph {
 public:
  StepGraph() = default;
  virtual ~StepGraph() = default;
  StepGraph(const StepGraph&) = delete;
  StepGraph& operator=(const StepGraph&) = delete;
  // The parameters of the next passes, [plan.size].
  virtual void use_parameters(const float* parameters) = 0;
  // The batch's loss, sum of weight * loss over its targets.
  virtual double loss(const Batch& batch) = 0;
  // The same, and adds the gradients to gradients [plan.size].
  virtual double loss_and_gradients(const Batch& batch, float* gradients) = 0;
};

}  // namespace banchu::lora
