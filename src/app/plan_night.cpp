#include "app/plan_night.h"

#include <algorithm>
#include <cstdlib>

#include "base/file.h"
#include "base/json.h"
#include "ruminate/lesson.h"
#include "train/flops.h"
#include "train/gemm.h"
#include "train/memory.h"
#include "train/optimiser.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
constexpr int kMostMegabytes = 1 << 24;  // 16 TB

lora::ModelShape trainer_shape(const plan::Shape& shape) {
  lora::ModelShape own;
  own.n_layer = shape.layers;
  own.n_embd = shape.width;
  own.n_head = shape.heads;
  own.n_head_kv = shape.kv_heads;
  own.head_dim = shape.head_width;
  own.n_ff = shape.inner_width;
  own.n_vocab = shape.vocabulary;
  own.tied_output = shape.tied;
  return own;
}

// A job of full rows: the largest pass there can be.
struct FullJob {
  FullJob(const plan::Shape& planned, const NightSize& size) : shape(trainer_shape(planned)) {
    LessonRow row;
    row.tokens.assign(static_cast<std::size_t>(size.row_tokens), 1);
    rows = TrainSet(std::vector<LessonRow>(static_cast<std::size_t>(size.rows), row));
    job.train = &rows;
    job.options.rank = size.rank;
    job.options.batch_rows = size.rows;
    job.options.context_tokens = size.row_tokens;
    if (size.small_states) job.options.optimiser = TrainOptions::Optimiser::adamw_8bit;
    plan = lora::plan_parameters(shape, size.rank, 2.0 * size.rank);
  }
  FullJob(const FullJob&) = delete;
  FullJob& operator=(const FullJob&) = delete;

  Result<lora::MemoryChoice> choose(int limit_mb) {
    job.options.memory_limit_mb = limit_mb;
    return lora::choose_memory(job, shape, plan, lora::has_fast_bf16() ? lora::Element::bf16 : lora::Element::f32);
  }
  // The smallest limit under which the trainer would start.
  int least_mb() {
    int too_small = 1, enough = kMostMegabytes;
    while (enough - too_small > 1) {
      const int middle = too_small + (enough - too_small) / 2;
      (choose(middle) ? enough : too_small) = middle;
    }
    return enough;
  }

  lora::ModelShape shape;
  lora::ParameterPlan plan;
  TrainSet rows;
  TrainJob job;
};

fs::path rate_file() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const fs::path folder =
      cache != nullptr && fs::path(cache).is_absolute() ? fs::path(cache) : fs::path(home ? home : ".") / ".cache";
  return folder / "banchu" / "rate.json";
}

}  // namespace

Result<NightNeed> night_need(const plan::Shape& shape, const NightSize& size) {
  FullJob full(shape, size);
  NightNeed need;
  need.least = static_cast<std::uint64_t>(full.least_mb()) << 20;
  BANCHU_TRY(const lora::MemoryChoice all, full.choose(kMostMegabytes));
  need.comfortable = static_cast<std::uint64_t>(all.expected_bytes);
  // All layers but one: the one that is always there is in the rest.
  const auto kept = static_cast<std::uint64_t>(all.activation_bytes);
  const auto layers = static_cast<std::uint64_t>(shape.layers);
  need.activations = layers > 1 ? kept / (layers - 1) * layers : kept;
  if (const auto here = full.choose(0)) need.expected = static_cast<std::uint64_t>(here->expected_bytes);
  need.optimiser = lora::adam_state_bytes(full.job.options.optimiser, lora::pieces_of(full.plan));
  need.parameters = static_cast<std::uint64_t>(full.plan.size);
  const lora::StepSize step{size.rows, size.row_tokens, static_cast<std::int64_t>(size.rows) * size.row_tokens};
  need.flops_per_token = lora::step_flops(full.shape, full.plan, step) / static_cast<double>(step.targets);
  return need;
}

std::optional<TrainingRate> known_rate() {
  const Result<std::string> text = read_file(rate_file(), 1 << 16);
  if (!text) return std::nullopt;
  const Result<Json> json = parse_json(*text, "rate.json");
  if (!json || number_at(*json, "gflops") <= 0) return std::nullopt;
  return TrainingRate{number_at(*json, "gflops"), string_at(*json, "model"), string_at(*json, "time")};
}

Status remember_rate(const TrainingRate& rate) {
  std::error_code failure;
  fs::create_directories(rate_file().parent_path(), failure);
  return write_file_atomic(rate_file(),
                           to_line({{"gflops", rate.gflops}, {"model", rate.model}, {"time", rate.time}}) + "\n");
}

}  // namespace banchu
