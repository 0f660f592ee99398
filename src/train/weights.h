// The frozen self in memory: every weight dequantised once, the awake adapters folded in, in the format in which the
// products are fastest.
//
// Owns: the matrices. Threads: const after load. One copy serves forward (x W^T) and backward (dy W): oneDNN reads
// a plain matrix either way at some 93 % of the speed of one packed for it, for half the memory.
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

template <typename T>
struct LayerWeights {
  std::array<Buffer<T>, kGroups> linear;    // [group.out, group.in]
  std::array<Buffer<float>, kGroups> bias;  // [group.out]; empty when no member has one
  Buffer<float> attention_norm;             // [n_embd]
  Buffer<float> ffn_norm;                   // [n_embd]
  // Of some families only, else empty (architecture.h).
  Buffer<float> query_norm, key_norm;                // [head_dim]
  Buffer<float> attention_post_norm, ffn_post_norm;  // [n_embd]
};

template <typename T>
class Weights {
 public:
  // The file stays open: token embeddings are read from its map. Errors: InvalidArgument (a frozen adapter for
  // another base).
  static Result<Weights> load(std::shared_ptr<const GgufFile> file, const ModelShape& shape, const ParameterPlan& plan,
                              const std::vector<FrozenAdapter>& frozen);

  const ModelShape& shape() const { return shape_; }
  const LayerWeights<T>& layer(std::int64_t i) const { return layers_[static_cast<std::size_t>(i)]; }
  const float* output_norm() const { return output_norm_.data(); }  // [n_embd]
  const T* head() const { return head_.data(); }                    // [n_vocab, n_embd]
  void embed(std::int32_t token, float* out) const;                 // [n_embd], scaled where the family says so

 private:
  Weights() = default;
  std::shared_ptr<const GgufFile> file_;
  const GgufTensor* embedding_ = nullptr;
  ModelShape shape_;
  std::vector<LayerWeights<T>> layers_;
  Buffer<float> output_norm_;
  Buffer<T> head_;
};

}  // namespace banchu::lora
