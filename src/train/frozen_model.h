// The self that training leaves as it is, read from the file: every matrix dequantised when it is asked for, the awake
// adapters folded in. Who holds the matrices, and in which layout, is another matter (weights.h, device_weights.h).
//
// Owns: the open file, the small vectors. Threads: any may read; one at a time writes into one `out`. The file's pages
// are given back as soon as they are read.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "base/result.h"
#include "train/adapter.h"
#include "train/element.h"
#include "train/lora_parameters.h"
#include "train/shape.h"

namespace banchu::lora {

struct FrozenAdapter {
  Adapter adapter;
  float scale = 1;
};

struct LayerWeights {
  std::array<Buffer<float>, kGroups> bias;  // [group.out]; empty when no member has one
  Buffer<float> attention_norm;             // [n_embd]
  Buffer<float> ffn_norm;                   // [n_embd]
  // Of some families only, else empty (architecture.h).
  Buffer<float> query_norm, key_norm;                // [head_dim]
  Buffer<float> attention_post_norm, ffn_post_norm;  // [n_embd]
};

struct FrozenUpdates;  // the frozen adapters, by base tensor

class FrozenModel {
 public:
  // `plan` must outlive the model. Errors: InvalidArgument (a frozen adapter for another base).
  static Result<FrozenModel> load(std::shared_ptr<const GgufFile> file, const ModelShape& shape,
                                  const ParameterPlan& plan, std::vector<FrozenAdapter> frozen);

  const ModelShape& shape() const { return shape_; }
  const LayerWeights& layer(std::int64_t i) const { return layers_[static_cast<std::size_t>(i)]; }
  const Group& group(std::int64_t layer, std::size_t kind) const {
    return plan_->layers[static_cast<std::size_t>(layer)][kind];
  }
  const float* output_norm() const { return output_norm_.data(); }  // [n_embd]

  // W [group.out, group.in], the members below each other.
  template <typename T>
  void read_group(std::int64_t layer, std::size_t kind, T* out) const;
  // The vocabulary matrix [n_vocab, n_embd].
  template <typename T>
  void read_head(T* out) const;
  void embed(std::int32_t token, float* out) const;  // [n_embd], scaled where the family says so

 private:
  FrozenModel() = default;

  std::shared_ptr<const GgufFile> file_;
  const ParameterPlan* plan_ = nullptr;
  std::shared_ptr<const FrozenUpdates> updates_;
  const GgufTensor* embedding_ = nullptr;
  const GgufTensor* head_ = nullptr;
  ModelShape shape_;
  std::vector<LayerWeights> layers_;
  Buffer<float> output_norm_;
};

}  // namespace banchu::lora
