// How the processor's own kernels hold the frozen self: in the format in which the products are fastest.
//
// Two ways of holding a layer's matrices: resident, dequantised once; or streamed, dequantised into one place that all
// such layers share, each time one is asked for (twice a step). Either way a product reads it packed: resident layers
// keep one packing for forward (x W^T) and one for backward (dY W), a streamed one is packed when it is asked for; so
// the products, and every bit of their results, are the same.
//
// Owns: the matrices. Threads: one at a time, for streaming.
#pragma once

#include <array>
#include <limits>
#include <memory>
#include <vector>

#include "train/frozen_model.h"
#include "train/gemm.h"

namespace banchu::lora {

template <typename T>
class Weights {
 public:
  // The first `resident_layers` are resident, the others streamed. The file stays open; `plan` must outlive the
  // weights. Errors: InvalidArgument (a frozen adapter for another base).
  static Result<Weights> load(std::shared_ptr<const GgufFile> file, const ModelShape& shape, const ParameterPlan& plan,
                              std::vector<FrozenAdapter> frozen,
                              std::int64_t resident_layers = std::numeric_limits<std::int64_t>::max());

  const FrozenModel& model() const { return model_; }
  const ModelShape& shape() const { return model_.shape(); }
  const LayerWeights& layer(std::int64_t i) const { return model_.layer(i); }
  // Of W [group.out, group.in]: W^T, for x W^T, and W, for dY W, as a product's b. Of a streamed layer valid until the
  // next one is asked for.
  Matrix forward_matrix(std::int64_t layer, GroupKind kind) const;
  Matrix backward_matrix(std::int64_t layer, GroupKind kind) const;
  // The same of the vocabulary matrix [n_vocab, n_embd].
  Matrix head_forward() const;
  Matrix head_backward() const;

 private:
  explicit Weights(FrozenModel model) : model_(std::move(model)) {}
  struct Packed {
    Buffer<std::byte> forward, backward;
  };
  // Where the streamed layers pass through: which of them each group holds now, and what one product reads of it.
  struct Passage {
    std::array<Buffer<T>, kGroups> plain;
    std::array<std::int64_t, kGroups> layer{-1, -1, -1, -1};
    Buffer<std::byte> packed;
  };
  Matrix plain(std::int64_t layer, std::size_t kind) const;  // W, dequantised unless it was the last one asked for

  FrozenModel model_;
  std::vector<std::array<Packed, kGroups>> resident_;
  std::unique_ptr<Passage> passage_ = std::make_unique<Passage>();
  Packed head_;
};

}  // namespace banchu::lora
