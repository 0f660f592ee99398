#include "train/bench.h"

#include <omp.h>
#include <time.h>

#include <algorithm>

#include "base/clock.h"
#include "base/file.h"
#include "train/flops.h"
#include "train/gemm.h"
#include "train/part_times.h"
#include "train/run.h"

namespace banchu {

namespace {

using lora::Element;

TrainSet made_up_rows(const TrainBenchOptions& options, std::int64_t n_vocab) {
  std::uint64_t x = options.seed;
  std::vector<LessonRow> rows(static_cast<std::size_t>(options.rows));
  for (LessonRow& row : rows) {
    for (int t = 0; t < options.row_tokens; ++t) {
      x = (1103515245 * x + 12345) % (1ULL << 31);
      row.tokens.push_back(static_cast<Token>(x % static_cast<std::uint64_t>(n_vocab)));
      if (t > 0) row.targets.push_back(static_cast<std::uint32_t>(t));
    }
  }
  return TrainSet(std::move(rows));
}

TrainOptions plain_options(const TrainBenchOptions& options) {
  TrainOptions out;
  out.rank = options.rank;
  out.alpha = 2.0 * options.rank;
  out.learning_rate = 1e-4;
  out.batch_rows = options.rows;
  out.context_tokens = options.row_tokens;
  out.epochs = options.steps + options.warm_up;  // all rows make one step
  out.schedule = TrainOptions::Schedule::constant;
  out.warmup_share = 0;
  out.rehearsal_share = 0;
  out.patience = 0;
  out.threads = options.threads;
  out.memory_limit_mb = options.memory_limit_mb;
  out.devices = options.devices;
  out.device_shares = options.device_shares;
  out.seed = options.seed;
  return out;
}

double process_cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

// Rate of the step's own products, each with its best packing, weighted by their share of the step.
double product_gflops(const std::vector<lora::ProductShape>& products, Element type, double (*clock)()) {
  double flops = 0;
  double seconds = 0;
  for (const lora::ProductShape& product : products) {
    flops += product.flops();
    seconds +=
        static_cast<double>(product.times) * lora::packed_product_seconds(type, product.m, product.k, product.n, clock);
  }
  return flops / seconds * 1e-9;
}

// Marks the end of every step, and what the whole training cost when the last one is done.
struct Watch {
  double (*clock)() = steady_seconds;
  std::vector<double> ends;  // the first one of the loading
  std::uint64_t peak_rss_bytes = 0;
  lora::PartTimes before_timed;
};

Result<TrainBench> finish(const TrainBenchOptions& options, const Watch& watch, const lora::PartTimes& times,
                          const TrainOutcome& outcome, double began) {
  TrainBench bench;
  for (std::size_t i = 1 + static_cast<std::size_t>(options.warm_up); i < watch.ends.size(); ++i)
    bench.step_seconds.push_back(watch.ends[i] - watch.ends[i - 1]);
  bench.load_seconds = watch.ends.front() - began;
  bench.peak_rss_bytes = watch.peak_rss_bytes;
  bench.step_tokens = options.rows * options.row_tokens;
  bench.tokens_per_second = bench.step_tokens / median(bench.step_seconds);
  bench.memory_choice = outcome.memory_choice;
  for (const TrainPoint& point : outcome.curve) bench.losses.push_back(point.loss);
  for (std::size_t i = 0; i < lora::kParts; ++i) {
    const double seconds = times.seconds[i] - watch.before_timed.seconds[i];
    bench.parts.emplace_back(lora::kPartNames[i], seconds / static_cast<double>(bench.step_seconds.size()));
  }
  return bench;
}

void compare(const TrainBenchOptions& options, const lora::ModelShape& shape, Element type, double (*clock)(),
             TrainBench* bench) {
  const lora::StepSize size{options.rows, options.row_tokens,
                            static_cast<std::int64_t>(options.rows) * (options.row_tokens - 1)};
  const lora::ParameterPlan plan = lora::plan_parameters(shape, options.rank, 2.0 * options.rank);
  bench->dtype = type == Element::bf16 ? "bf16" : "f32";
  bench->flops_per_token = lora::step_flops(shape, plan, size) / bench->step_tokens;
  bench->achieved_gflops = bench->flops_per_token * bench->tokens_per_second * 1e-9;
  if (!options.measures_peak || !options.devices.empty()) return;
  bench->gemm_peak_gflops = product_gflops(lora::step_products(shape, plan, size), type, clock);
  bench->share = bench->achieved_gflops / bench->gemm_peak_gflops;
}

}  // namespace

Result<TrainBench> bench_train(const TrainBenchOptions& options, const ProgressSink& progress,
                               const CancelFlag* cancel) {
  if (options.by_cpu_time && options.threads != 1) {
    return make_error(Code::InvalidArgument, "CPU time says how long one thread would take alone",
                      "give --threads 1 with --clock cpu");
  }
  const double began = options.by_cpu_time ? process_cpu_seconds() : steady_seconds();
  BANCHU_TRY(auto file, GgufFile::open(options.model));
  BANCHU_TRY(const lora::ModelShape shape, lora::read_shape(*file, options.row_tokens));
  file.reset();
  const TrainSet rows = made_up_rows(options, shape.n_vocab);
  BANCHU_TRY(const TemporaryFolder folder, TemporaryFolder::create("banchu-bench"));
  TrainJob job;
  job.base = options.model;
  job.train = &rows;
  job.options = plain_options(options);
  job.output = folder.path() / "adapter.gguf";
  const bool is_fast = options.devices.empty() && lora::has_fast_bf16();
  const Element type = options.dtype.empty() ? (is_fast ? Element::bf16 : Element::f32)
                                             : (options.dtype == "bf16" ? Element::bf16 : Element::f32);
  Watch watch;
  if (options.by_cpu_time) watch.clock = process_cpu_seconds;
  lora::PartTimes times;
  times.clock = watch.clock;
  lora::RunSettings settings;
  if (options.devices.empty()) settings.type = type;
  settings.before_first_step = [&] { watch.ends.push_back(watch.clock()); };
  settings.after_step = [&](int step) {
    watch.ends.push_back(watch.clock());
    watch.peak_rss_bytes = peak_rss_bytes();
    if (step == options.warm_up) watch.before_timed = times;
  };
  lora::collect_part_times(&times);
  const auto outcome = lora::train_with(job, settings, progress, cancel);
  lora::collect_part_times(nullptr);
  if (!outcome) return outcome.error();
  BANCHU_TRY(TrainBench bench, finish(options, watch, times, *outcome, began));
  const int before = omp_get_max_threads();
  if (options.threads > 0) omp_set_num_threads(options.threads);
  compare(options, shape, type, watch.clock, &bench);
  omp_set_num_threads(before);
  return bench;
}

}  // namespace banchu
