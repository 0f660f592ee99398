// bench train: the machine's own limit beside what is reached.
#include "train/bench.h"

#include <fmt/format.h>

#include "app/device_flags.h"
#include "app/open.h"
#include "app/progress_bar.h"
#include "app/verbs.h"

namespace banchu {
namespace {

struct BenchFlags {
  TrainBenchOptions train;
  std::string clock = "wall";
  bool profile = false;
  DeviceFlags device;
};

Json bench_to_json(const BenchFlags& flags, const TrainBench& bench) {
  Json answer{{"tokens_per_second", bench.tokens_per_second},
              {"step_tokens", bench.step_tokens},
              {"step_seconds", bench.step_seconds},
              {"peak_rss_bytes", bench.peak_rss_bytes},
              {"flops_per_token", bench.flops_per_token},
              {"achieved_gflops", bench.achieved_gflops},
              {"gemm_peak_gflops", bench.gemm_peak_gflops},
              {"share", bench.share},
              {"dtype", bench.dtype},
              {"model", flags.train.model.filename().string()},
              {"rank", flags.train.rank},
              {"rows", flags.train.rows},
              {"row_tokens", flags.train.row_tokens},
              {"load_seconds", bench.load_seconds},
              {"clock", flags.clock},
              {"threads", flags.train.threads},
              {"memory_limit_mb", flags.train.memory_limit_mb},
              {"memory_choice", bench.memory_choice},
              {"losses", bench.losses}};
  if (flags.profile) {
    Json parts = Json::object();
    for (const auto& [name, seconds] : bench.parts) parts[name] = seconds;
    answer["parts"] = parts;
  }
  return answer;
}

void print_bench(const AppContext& context, const BenchFlags& flags, const TrainBench& bench) {
  context.say("{:.0f} tok/s  {} x {} tokens a step, rank {}, {}, peak {}", bench.tokens_per_second, flags.train.rows,
              flags.train.row_tokens, flags.train.rank, bench.dtype, format_bytes(bench.peak_rss_bytes));
  if (bench.gemm_peak_gflops > 0) {
    context.say("{:.0f} GFLOP/s of the {:.0f} that this step's products alone reach: {:.0f} %", bench.achieved_gflops,
                bench.gemm_peak_gflops, 100 * bench.share);
  }
  if (!bench.memory_choice.empty()) context.print(translated(bench.memory_choice, context.language));
  if (!flags.profile) return;
  const double step = bench.step_tokens / bench.tokens_per_second;
  for (const auto& [name, seconds] : bench.parts) {
    context.print(fmt::format("  {:<16} {:7.1f} ms  {:4.1f} %", name, 1e3 * seconds, 100 * seconds / step));
  }
}

Result<int> run_bench_train(AppContext& context, BenchFlags flags) {
  std::unique_ptr<Bag> bag;
  if (context.options.model.empty() && bag_exists(context)) {
    BANCHU_TRY(bag, open_bag(context, Bag::Access::read_only));
  }
  BANCHU_TRY(flags.train.model, find_model(context, bag.get(), nullptr));
  flags.train.devices = chosen_devices(flags.device);
  flags.train.device_shares = flags.device.split;
  flags.train.by_cpu_time = flags.clock == "cpu";
  flags.train.threads = context.options.threads;
  flags.train.seed = context.seed_or(1);
  ProgressBar bar(context);
  const Result<TrainBench> bench = bench_train(flags.train, bar.sink(), &context.cancel);
  bar.clear();
  if (!bench) return bench.error();
  context.answer(bench_to_json(flags, *bench));
  print_bench(context, flags, *bench);
  return 0;
}

}  // namespace

void add_bench_verbs(CLI::App& app, AppContext& context) {
  CLI::App* group = add_group(app, "bench", "How fast this machine is, beside what it could be", "banchu bench train");
  auto flags = std::make_shared<BenchFlags>();
  TrainBenchOptions& train = flags->train;
  CLI::App* verb = add_verb(*group, "train", "Trains a few steps on made-up rows and measures",
                            "banchu bench train --rank 16 --rows 4 --row-tokens 256 --profile");
  verb->add_option("--rank", train.rank, "Of the adapter")->check(CLI::Range(1, 256));
  verb->add_option("--rows", train.rows, "Rows of a step")->check(CLI::Range(1, 256));
  verb->add_option("--row-tokens", train.row_tokens, "Tokens of a row, all of them targets")
      ->check(CLI::Range(2, 131072));
  verb->add_option("--steps", train.steps, "Timed steps")->check(CLI::Range(1, 1000));
  verb->add_option("--warm-up", train.warm_up, "Steps before them that are not timed")->check(CLI::Range(0, 100));
  verb->add_option("--clock", flags->clock, "wall; or cpu, with --threads 1, on a machine that others use too")
      ->check(CLI::IsMember({"wall", "cpu"}));
  verb->add_option("--dtype", train.dtype, "bf16 or f32 (default: what this processor is faster at)")
      ->check(CLI::IsMember({"bf16", "f32"}));
  verb->add_option("--memory-limit", train.memory_limit_mb, "Trains within this many MB")
      ->type_name("MB")
      ->check(CLI::Range(0, 1 << 30));
  add_device_flags(verb, &flags->device);
  verb->add_flag("--profile", flags->profile, "Says where the time of a step goes");
  on_run(verb, context, [&context, flags] { return run_bench_train(context, *flags); });
}

}  // namespace banchu
