// The frozen self: every weight dequantised, the awake adapters folded in, in the format in which the products are
// fastest.
//
// Two ways of holding a layer's matrices: resident, dequantised once; or streamed, dequantised into one place that all
// such layers share, each time one is asked for (twice a step). Either way a product reads it packed: resident layers
// keep one packing for forward (x W^T) and one for backward (dY W), a streamed one is packed when it is asked for; so
// the products, and every bit of their results, are the same. The file's pages are given back as soon as they are read.
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
#include "train/gemm.h"
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
  // Of W [group.out, group.in]: W^T, for x W^T, and W, for dY W, as a product's b. Of a streamed layer valid until the
  // next one is asked for.
  Matrix forward_matrix(std::int64_t layer, GroupKind kind) const;
  Matrix backward_matrix(std::int64_t layer, GroupKind kind) const;
  const float* output_norm() const { return output_norm_.data(); }  // [n_embd]
  // The same of the vocabulary matrix [n_vocab, n_embd].
  Matrix head_forward() const;
  Matrix head_backward() const;
  void embed(std::int32_t token, float* out) const;  // [n_embd], scaled where the family says so

 private:
  Weights() = default;
  struct Packed {
    Buffer<std::byte> forward, backward;
  };
  // Where the streamed layers pass through: which of them each group holds now, and what one product reads of it.
  struct Passage {
    std::array<Buffer<T>, kGroups> plain;
    std::array<std::int64_t, kGroups> layer{-1, -1, -1, -1};
    Buffer<std::byte> packed;
  };
  const Group& group(std::int64_t layer, std::size_t kind) const;
  Matrix plain(std::int64_t layer, std::size_t kind) const;  // W, dequantised unless it was the last one asked for
  std::shared_ptr<const GgufFile> file_;
  const ParameterPlan* plan_ = nullptr;
  std::shared_ptr<const FrozenUpdates> updates_;
  const GgufTensor* embedding_ = nullptr;
  ModelShape shape_;
  std::vector<LayerWeights> layers_;
  std::vector<std::array<Packed, kGroups>> resident_;
  std::unique_ptr<Passage> passage_ = std::make_unique<Passage>();
  Buffer<float> output_norm_;
  Packed head_;
};

}  // namespace banchu::lora
