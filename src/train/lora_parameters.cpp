#include "train/lora_parameters.h"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "base/rng.h"

namespace banchu::lora {

namespace {

struct Part {
  const char* name;
  std::int64_t out;
};

using Parts = std::vector<Part>;

Group plan_group(std::int64_t layer, std::int64_t in, std::int64_t rank, const Parts& parts, std::int64_t* size) {
  Group group;
  group.in = in;
  group.a_offset = *size;
  *size += static_cast<std::int64_t>(parts.size()) * rank * in;
  for (const Part& part : parts) {
    group.members.push_back({fmt::format("blk.{}.{}.weight", layer, part.name), part.out, group.out, *size});
    group.out += part.out;
    *size += part.out * rank;
  }
  return group;
}

// f(group, member, A of the member, B of the member), in the plan's order.
template <typename F>
void for_each_tensor(const ParameterPlan& plan, const F& f) {
  for (const LayerGroups& layer : plan.layers) {
    for (const Group& group : layer) {
      for (std::size_t i = 0; i < group.members.size(); ++i) {
        const Member& member = group.members[i];
        f(group, member, group.a_offset + static_cast<std::int64_t>(i) * plan.rank * group.in, member.b_offset);
      }
    }
  }
}

}  // namespace

ParameterPlan plan_parameters(const ModelShape& shape, int rank, double alpha) {
  ParameterPlan plan;
  plan.architecture = shape.kind.name;
  plan.rank = rank;
  plan.scale = static_cast<float>(alpha / rank);
  const std::int64_t kv = shape.kv_width();
  const Parts split_qkv = {{"attn_q", shape.query_width()}, {"attn_k", kv}, {"attn_v", kv}};
  const Parts qkv = shape.fused_qkv ? Parts{{"attn_qkv", shape.qkv_width()}} : split_qkv;
  const Parts gate_up = shape.kind.fused_gate_up ? Parts{{"ffn_up", 2 * shape.n_ff}}
                                                 : Parts{{"ffn_gate", shape.n_ff}, {"ffn_up", shape.n_ff}};
  for (std::int64_t i = 0; i < shape.n_layer; ++i) {
    plan.layers.push_back({plan_group(i, shape.n_embd, rank, qkv, &plan.size),
                           plan_group(i, shape.query_width(), rank, {{"attn_output", shape.n_embd}}, &plan.size),
                           plan_group(i, shape.n_embd, rank, gate_up, &plan.size),
                           plan_group(i, shape.n_ff, rank, {{"ffn_down", shape.n_embd}}, &plan.size)});
  }
  return plan;
}

std::vector<float> fresh_parameters(const ParameterPlan& plan, std::uint64_t seed) {
  std::vector<float> parameters(static_cast<std::size_t>(plan.size), 0.0f);
  for_each_tensor(plan, [&](const Group& group, const Member& member, std::int64_t a, std::int64_t) {
    Rng rng(seed, "lora_a " + member.base);
    const double bound = 1.0 / std::sqrt(static_cast<double>(group.in));
    for (std::int64_t i = 0; i < plan.rank * group.in; ++i) {
      parameters[static_cast<std::size_t>(a + i)] = static_cast<float>((2.0 * rng.uniform() - 1.0) * bound);
    }
  });
  return parameters;
}

Adapter to_adapter(const ParameterPlan& plan, const float* parameters) {
  Adapter adapter{plan.architecture, plan.scale * static_cast<float>(plan.rank), {}};
  for_each_tensor(plan, [&](const Group& group, const Member& member, std::int64_t a, std::int64_t b) {
    adapter.tensors.push_back({member.base, static_cast<std::uint32_t>(group.in),
                               static_cast<std::uint32_t>(member.out), static_cast<std::uint32_t>(plan.rank),
                               std::vector<float>(parameters + a, parameters + a + plan.rank * group.in),
                               std::vector<float>(parameters + b, parameters + b + member.out * plan.rank)});
  });
  return adapter;
}

Result<std::vector<float>> from_adapter(const ParameterPlan& plan, const Adapter& adapter) {
  const float alpha = plan.scale * static_cast<float>(plan.rank);
  if (std::abs(adapter.alpha - alpha) > 1e-4f * alpha) {
    return make_error(Code::InvalidArgument,
                      fmt::format("the adapter to start from has alpha {}, the job {}", adapter.alpha, alpha));
  }
  std::map<std::string, const AdapterTensor*> by_name;
  for (const AdapterTensor& tensor : adapter.tensors) by_name[tensor.base] = &tensor;
  std::vector<float> parameters(static_cast<std::size_t>(plan.size), 0.0f);
  std::string misfit;
  std::size_t used = 0;
  for_each_tensor(plan, [&](const Group& group, const Member& member, std::int64_t a, std::int64_t b) {
    const auto found = by_name.find(member.base);
    const bool fits = found != by_name.end() && found->second->in == group.in && found->second->out == member.out &&
                      found->second->rank == plan.rank;
    if (!fits) {
      misfit = member.base;
      return;
    }
    ++used;
    std::copy(found->second->a.begin(), found->second->a.end(), parameters.begin() + a);
    std::copy(found->second->b.begin(), found->second->b.end(), parameters.begin() + b);
  });
  if (misfit.empty() && used != adapter.tensors.size()) misfit = "one of its tensors";
  if (!misfit.empty()) {
    return make_error(Code::InvalidArgument,
                      fmt::format("the adapter to start from does not fit at {} (rank {})", misfit, plan.rank));
  }
  return parameters;
}

}  // namespace banchu::lora
