// The frozen self: every weight dequantised, the awake adapters folded in, in the format in which the products are
// fastest.
//
// Two ways of holding a layer's matrices: resident, dequantised once; or streamed, dequantised into one place that all
// such layers share, each time one is asked for (twice a step). The numbers are the same. One copy serves forward
// (x W^T) and backward (dy W). The file's pages are given back as soon as they are read.
//
// Owns: the matrices. Threads: one at a time, for streaming.
#pragma once

#include <array>
#include <limits>
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

template <typename T>
class Weights {
 public:
  // The first `resident_layers` are resident, the others streamed. The file stays open; `plan` must outlive the
  // weights. Errors: InvalidArgument (a frozen adapter for another base).
  static Result<Weights> load(std::shared_ptr<const GgufFile> file, const ModelShape& shape, const ParameterPlan& plan,
                              std::vector<FrozenAdapter> frozen,
                              std::int64_t resident_layers = std::numeric_limits<std::int64_t>::max());

  const ModelShape& shape() const { return shape_; }
  const LayerWeights& layer(std::int64_t i) const { return layers_[static_cast<std::size_t>(i)]; }
  // [group.out, group.in]; of a streamed layer valid until the same kind of another one is asked for.
  const T* linear(std::int64_t layer, GroupKind kind) const;
  const float* output_norm() const { return output_norm_.data(); }  // [n_embd]
  const T* head() const { return head_.data(); }                    // [n_vocab, n_embd]
  void embed(std::int32_t token, float* out) const;                 // [n_embd], scaled where the family says so

 private:
  Weights() = default;
  void fill(std::int64_t layer, std::size_t kind, Buffer<T>* out) const;

  // Where the streamed layers pass through: which of them each group holds now.
  struct Passage {
    std::array<Buffer<T>, kGroups> linear;
    std::array<std::int64_t, kGroups> layer{-1, -1, -1, -1};
  };
  std::shared_ptr<const GgufFile> file_;
  const ParameterPlan* plan_ = nullptr;
  std::shared_ptr<const FrozenUpdates> updates_;
  const GgufTensor* embedding_ = nullptr;
  ModelShape shape_;
  std::vector<LayerWeights> layers_;
  std::vector<std::array<Buffer<T>, kGroups>> resident_;
  std::unique_ptr<Passage> passage_ = std::make_unique<Passage>();
  Buffer<float> output_norm_;
  Buffer<T> head_;
};

}  // namespace banchu::lora
