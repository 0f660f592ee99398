#include "train/lora_parameters.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/rng.h"

namespace banchu::lora {

namespace {

struct Part {
  const char* name;    // in the file
  const char* module;  // in PEFT
  std::int64_t out;
};
using Parts = std::vector<Part>;

std::array<Parts, kGroups> parts_of(const ModelShape& shape) {
  const std::int64_t kv = shape.kv_width();
  const Parts split_qkv = {
      {"attn_q", "q_proj", shape.query_width()}, {"attn_k", "k_proj", kv}, {"attn_v", "v_proj", kv}};
  const Parts fused_qkv = {{"attn_qkv", "qkv_proj", shape.qkv_width()}};
  const Parts split_gate = {{"ffn_gate", "gate_proj", shape.n_ff}, {"ffn_up", "up_proj", shape.n_ff}};
  const Parts fused_gate = {{"ffn_up", "gate_up_proj", 2 * shape.n_ff}};
  return {shape.fused_qkv ? fused_qkv : split_qkv,
          {{"attn_output", "o_proj", shape.n_embd}},
          shape.kind.fused_gate_up ? fused_gate : split_gate,
          {{"ffn_down", "down_proj", shape.n_embd}}};
}

using Modules = std::set<std::string, std::less<>>;  // empty: all

Group plan_group(std::int64_t layer, std::int64_t in, std::int64_t rank, const Parts& parts, const Modules& modules,
                 std::int64_t* size) {
  Group group;
  group.in = in;
  group.a_offset = *size;
  for (const Part& part : parts) {
    Member member{fmt::format("blk.{}.{}.weight", layer, part.name), part.out, group.out};
    if (modules.empty() || modules.contains(part.module)) {
      member.h_offset = group.h_width;
      group.h_width += rank;
    }
    group.out += part.out;
    group.members.push_back(std::move(member));
  }
  *size += group.h_width * in;
  for (Member& member : group.members) {
    if (!member.is_adapted()) continue;
    member.b_offset = *size;
    *size += member.out * rank;
  }
  return group;
}

ParameterPlan plan_modules(const ModelShape& shape, int rank, const Modules& modules) {
  ParameterPlan plan;
  plan.architecture = shape.kind.name;
  plan.rank = rank;
  const std::array<Parts, kGroups> parts = parts_of(shape);
  const std::array<std::int64_t, kGroups> inputs = {shape.n_embd, shape.query_width(), shape.n_embd, shape.n_ff};
  for (std::int64_t i = 0; i < shape.n_layer; ++i) {
    LayerGroups layer;
    for (std::size_t g = 0; g < kGroups; ++g) {
      layer[g] = plan_group(i, inputs[g], rank, parts[g], modules, &plan.size);
    }
    plan.layers.push_back(std::move(layer));
  }
  return plan;
}

// f(group, member, A of the member, B of the member), in the plan's order.
template <typename F>
void for_each_tensor(const ParameterPlan& plan, const F& f) {
  for (const LayerGroups& layer : plan.layers) {
    for (const Group& group : layer) {
      for (const Member& member : group.members) {
        if (member.is_adapted()) f(group, member, group.a_offset + member.h_offset * group.in, member.b_offset);
      }
    }
  }
}

void add_tensors(const Group& group, std::int64_t rank, bool is_b, std::vector<ParameterTensor>* tensors) {
  for (const Member& member : group.members) {
    if (!member.is_adapted()) continue;
    if (is_b) {
      tensors->push_back({member.base + ".lora_b", member.b_offset, member.out * rank, true});
    } else {
      tensors->push_back({member.base + ".lora_a", group.a_offset + member.h_offset * group.in, rank * group.in});
    }
  }
}

}  // namespace

ParameterPlan plan_parameters(const ModelShape& shape, int rank, double alpha) {
  ParameterPlan plan = plan_modules(shape, rank, {});
  plan.scale = static_cast<float>(alpha / rank);
  return plan;
}

Result<ParameterPlan> plan_parameters(const ModelShape& shape, const TrainOptions& options) {
  Modules known;
  for (const Parts& parts : parts_of(shape)) {
    for (const Part& part : parts) known.insert(part.module);
  }
  for (const std::string& name : options.target_modules) {
    if (known.contains(name)) continue;
    return make_error(Code::InvalidArgument, fmt::format("lora_target_modules names {}, which this {} does not have",
                                                         name, shape.kind.name),
                      fmt::format("it has {}", fmt::join(known, ", ")));
  }
  ParameterPlan plan =
      plan_modules(shape, options.rank, Modules(options.target_modules.begin(), options.target_modules.end()));
  plan.scale = static_cast<float>(options.alpha / (options.rank_stabilised ? std::sqrt(options.rank) : options.rank));
  return plan;
}

std::vector<ParameterTensor> tensors_of(const ParameterPlan& plan) {
  std::vector<ParameterTensor> tensors;
  for (const LayerGroups& layer : plan.layers) {
    for (const Group& group : layer) {
      add_tensors(group, plan.rank, false, &tensors);
      add_tensors(group, plan.rank, true, &tensors);
    }
  }
  return tensors;
}

std::string first_not_finite(const ParameterPlan& plan, const std::vector<float>& numbers) {
  for (const ParameterTensor& tensor : tensors_of(plan)) {
    const auto begin = numbers.begin() + tensor.begin;
    if (!std::all_of(begin, begin + tensor.size, [](float x) { return std::isfinite(x); })) return tensor.name;
  }
  return "";
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
