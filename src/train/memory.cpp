#include "train/memory.h"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <fstream>
#include <limits>

#include "train/graph.h"
#include "train/job.h"
#include "train/optimiser.h"

namespace banchu::lora {

namespace {

// The process before it trains: code, libraries, compiled products, heap.
constexpr std::int64_t kProcessBytes = 80LL << 20;
constexpr std::int64_t kHeadRows = 256;  // of head.cpp's chunk
// Nobody asked for more: a night beside other work stays this small as long as the least fits into it.
constexpr std::int64_t kModestBytes = 1200LL << 20;

struct Need {
  std::int64_t least = 0;              // without any of the following
  std::int64_t layer_activations = 0;  // of one more layer that keeps them, in the largest pass
  std::int64_t usual_activations = 0;  // the same in a pass of rows of middling length
  std::int64_t layer_weights = 0;      // of one more layer that is resident
  std::int64_t passage = 0;            // in the least: where streamed layers pass through
};

std::int64_t width_of(Element type) { return type == Element::bf16 ? 2 : 4; }

std::int64_t scratch_bytes(const ModelShape& s, std::int64_t tokens, std::int64_t width) {
  const std::int64_t widest = std::max({s.n_ff, s.n_embd, s.query_width()});
  const std::int64_t residual = s.n_embd * ((s.kind.post_norms ? 3 : 2) * 4 + 2 * width);
  return tokens * (residual + widest * 4 + s.n_ff * width + std::max(2 * s.n_ff, s.qkv_width()) * width);
}

std::int64_t attention_bytes(const ModelShape& s, std::int64_t row, std::int64_t width) {
  constexpr std::int64_t kBlock = 64;
  const std::int64_t scores = s.queries_per_kv() * kBlock * row * 2 * (4 + width);
  return omp_get_max_threads() * (scores + row * s.head_dim * 2 * (4 + width));
}

// Parameters, gradients, the best so far, the running mean, the optimiser's states, and the copy that is multiplied.
std::int64_t parameter_bytes(const TrainJob& job, const ParameterPlan& plan, Element type) {
  const std::int64_t copies = 2 + (job.valid != nullptr ? 1 : 0) + (job.options.ema_decay > 0 ? 1 : 0);
  const auto states = static_cast<std::int64_t>(adam_state_bytes(job.options.optimiser, pieces_of(plan)));
  return plan.size * (copies * 4 + width_of(type)) + states;
}

Need need_of(const TrainJob& job, const ModelShape& s, const ParameterPlan& plan, const PassSize& pass, Element type) {
  const std::int64_t width = width_of(type);
  const std::int64_t linear = s.n_embd * (s.qkv_width() + s.query_width() + 3 * s.n_ff);
  const std::int64_t parameters = parameter_bytes(job, plan, type);
  const std::int64_t head = 2 * width * s.n_vocab * s.n_embd + kHeadRows * s.n_vocab * (4 + width);
  const std::int64_t residuals = 2 * s.n_layer * pass.tokens * s.n_embd * width;
  Need need;
  need.layer_activations = layer_memory_bytes(s, plan, type, pass.tokens);
  need.usual_activations = layer_memory_bytes(s, plan, type, std::min(pass.tokens, pass.usual_tokens));
  need.layer_weights = 2 * width * linear;  // packed both ways
  need.passage = width * (linear + 2 * s.n_embd * s.n_ff);
  need.least = kProcessBytes + parameters + head + residuals + scratch_bytes(s, pass.tokens, width) +
               attention_bytes(s, pass.longest_row, width) + need.layer_activations + need.passage;
  return need;
}

double megabytes(std::int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

// Settings of the same model that fit: fewer rows a pass, then shorter rows.
std::string advice(const TrainJob& job, const ModelShape& s, const ParameterPlan& plan, Element type,
                   std::int64_t limit) {
  const auto fits = [&](int rows, int context) {
    return need_of(job, s, plan, largest_pass(job, rows, context), type).least <= limit;
  };
  for (int rows = job.options.batch_rows / 2; rows >= 1; rows /= 2) {
    if (!fits(rows, job.options.context_tokens)) continue;
    return fmt::format("micro_batch_size {} would fit (gradient_accumulation_steps {} keeps the step as it is)", rows,
                       job.options.accumulation * ((job.options.batch_rows + rows - 1) / rows));
  }
  for (int context = job.options.context_tokens / 2; context >= 64; context /= 2) {
    if (fits(1, context)) return fmt::format("micro_batch_size 1 and sequence_len {} would fit", context);
  }
  return "take a smaller model, a lower lora_r, or a machine with more memory";
}

// First what usual passes need to compute nothing twice; then matrices, which every pass reads; what is left again to
// activations, for the largest passes.
MemoryChoice spend(const ModelShape& s, const Need& need, std::int64_t spare) {
  // One layer is in the least already.
  const std::int64_t usual = std::min(spare, (s.n_layer - 1) * need.usual_activations);
  // With all of them resident nothing passes through.
  const bool all = spare - usual + need.passage >= s.n_layer * need.layer_weights;
  const std::int64_t resident =
      all ? s.n_layer : std::clamp<std::int64_t>((spare - usual) / need.layer_weights, 0, s.n_layer);
  const std::int64_t matrices = resident * need.layer_weights - (all ? need.passage : 0);
  MemoryChoice choice;
  choice.activation_bytes = std::min(spare - matrices, (s.n_layer - 1) * need.layer_activations);
  choice.resident_layers = resident;
  choice.expected_bytes = need.least + choice.activation_bytes + matrices;
  const std::int64_t kept = 1 + choice.activation_bytes / need.layer_activations;
  choice.in_words = fmt::format(
      "{:.0f} MB expected: of {} layers {} keep their activations in the largest step, {} are computed twice; {} stay "
      "dequantised, {} are read from the file twice a step",
      megabytes(choice.expected_bytes), s.n_layer, kept, s.n_layer - kept, resident, s.n_layer - resident);
  return choice;
}

std::uint64_t number_in(const char* path, const std::string& key) {
  std::ifstream file(path);
  std::string word;
  std::uint64_t value = 0;
  if (key.empty()) return file >> value ? value : std::numeric_limits<std::uint64_t>::max();
  while (file >> word) {
    if (word == key && file >> value) return value * 1024;
  }
  return std::numeric_limits<std::uint64_t>::max();
}

}  // namespace

std::uint64_t available_memory_bytes() {
  const std::uint64_t machine = number_in("/proc/meminfo", "MemAvailable:");
  const std::uint64_t limit = number_in("/sys/fs/cgroup/memory.max", "");
  const std::uint64_t used = number_in("/sys/fs/cgroup/memory.current", "");
  if (limit == std::numeric_limits<std::uint64_t>::max() || used > limit) return machine;
  return std::min(machine, limit - used);
}

Result<MemoryChoice> choose_memory(const TrainJob& job, const ModelShape& shape, const ParameterPlan& plan,
                                   Element type) {
  const bool is_told = job.options.memory_limit_mb > 0;
  const std::uint64_t bytes = is_told ? static_cast<std::uint64_t>(job.options.memory_limit_mb) << 20
                                      : std::min<std::uint64_t>(available_memory_bytes(), 1ULL << 50);
  const auto limit = static_cast<std::int64_t>(bytes);
  const PassSize pass = largest_pass(job, job.options.batch_rows, job.options.context_tokens);
  const Need need = need_of(job, shape, plan, pass, type);
  const std::int64_t budget = is_told || need.least > kModestBytes ? limit : std::min(limit, kModestBytes);
  if (need.least <= budget) return spend(shape, need, budget - need.least);
  return make_error(Code::NoSpace,
                    fmt::format("training would need at least {:.0f} MB of memory, {} {:.0f} MB", megabytes(need.least),
                                is_told ? "the limit is" : "the machine has free", megabytes(limit)),
                    advice(job, shape, plan, type, limit));
}

}  // namespace banchu::lora
