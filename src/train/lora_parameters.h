// Where every trained number lives: one flat array, and the plan that says what is at which offset.
//
// The linear maps of a layer that read the same input form a group: q k v read the normed residual, gate and up read
// the second norm. A group's A matrices stand below each other as one [members * rank, in] matrix, so that one
// product serves all of them; every member has its own B [out, rank]. Where the file holds a group as one fused tensor
// (attn_qkv; ffn_up with gate above up), the group has that one member: the engine adapts what the file holds.
// A member that is not among the target modules stays in its group (its base weights are there) without A and B.
//
// The detour's scale: alpha / rank (Hu et al., arXiv 2106.09685), or alpha / sqrt(rank), rank-stabilised (Kalajdzievski,
// arXiv 2312.03732). The adapter file knows only alpha / rank, so there alpha' = alpha sqrt(rank) is written.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "train/adapter.h"
#include "train/shape.h"
#include "train/train.h"

namespace banchu::lora {

struct Member {
  std::string base;  // "blk.0.attn_q.weight"
  std::int64_t out = 0;
  std::int64_t out_offset = 0;  // its first column in the group's output
  std::int64_t b_offset = 0;    // of B [out, rank] in the flat array
  std::int64_t h_offset = -1;   // its first column in H = X A^T; -1: it is not adapted
  bool is_adapted() const { return h_offset >= 0; }
};

struct Group {
  std::int64_t in = 0;
  std::int64_t out = 0;       // of all members together
  std::int64_t a_offset = 0;  // of A [h_width, in] in the flat array
  std::int64_t h_width = 0;   // adapted members * rank
  std::vector<Member> members;
};

enum GroupKind { kQkv, kOutput, kGateUp, kDown, kGroups };
using LayerGroups = std::array<Group, kGroups>;

struct ParameterPlan {
  std::string architecture;
  std::int64_t rank = 0;
  float scale = 1;
  std::int64_t size = 0;
  std::vector<LayerGroups> layers;
};

// Every linear map.
ParameterPlan plan_parameters(const ModelShape& shape, int rank, double alpha);
// The options' target modules, by PEFT's names (q_proj ... down_proj; qkv_proj and gate_up_proj where the file has them
// fused). Errors: InvalidArgument, a name this model does not have, with those it has.
Result<ParameterPlan> plan_parameters(const ModelShape& shape, const TrainOptions& options);

// One trained matrix, in the order of the flat array, without gaps.
struct ParameterTensor {
  std::string name;  // "blk.0.attn_q.weight.lora_b"
  std::int64_t begin = 0;
  std::int64_t size = 0;
  bool is_b = false;
};
std::vector<ParameterTensor> tensors_of(const ParameterPlan& plan);
// The first tensor with a NaN or an infinity among `numbers` [plan.size]; "" when there is none.
std::string first_not_finite(const ParameterPlan& plan, const std::vector<float>& numbers);

// A uniform in +-1/sqrt(in) (PEFT's kaiming_uniform with a = sqrt 5), B zero; every tensor has its own stream.
std::vector<float> fresh_parameters(const ParameterPlan& plan, std::uint64_t seed);

Adapter to_adapter(const ParameterPlan& plan, const float* parameters);
// Errors: InvalidArgument when the adapter's tensors, rank or alpha are not those of the plan.
Result<std::vector<float>> from_adapter(const ParameterPlan& plan, const Adapter& adapter);

}  // namespace banchu::lora
