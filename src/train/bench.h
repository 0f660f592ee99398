// `bench train`: how fast this machine trains, beside how fast it can multiply.
//
// A real training of a few steps on made-up rows (every token a target), by the very code of a night, and then, in the
// same run, the products of such a step alone with oneDNN's best packing. The tokens of row 0, 1, ... are the numbers
// x = (1103515245 x + 12345) mod 2^31, x_0 = seed, end to end, each modulo the vocabulary: other programs can do the
// identical work (bench/peers).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"

namespace banchu {

struct TrainBenchOptions {
  std::filesystem::path model;
  int rank = 16;
  int rows = 4;
  int row_tokens = 256;
  int steps = 5;      // timed
  int warm_up = 1;    // before them
  std::string dtype;  // "bf16", "f32"; "": what the trainer chooses
  int memory_limit_mb = 0;
  std::vector<std::string> devices;  // as in TrainOptions
  std::vector<double> device_shares;
  int threads = 0;
  std::uint64_t seed = 1;
  bool by_cpu_time = false;   // one thread on a machine that others use too: what it would take alone
  bool measures_peak = true;  // of the products, on the processor
};

struct TrainBench {
  std::vector<double> step_seconds;  // of each timed step
  double tokens_per_second = 0;      // by the median step
  int step_tokens = 0;
  std::uint64_t peak_rss_bytes = 0;  // of the training alone
  double flops_per_token = 0;        // counted as flops.h says
  double achieved_gflops = 0;
  double gemm_peak_gflops = 0;  // weighted by this step's own products; 0: not measured
  double share = 0;             // achieved / peak
  std::string dtype;
  std::string memory_choice;  // what the trainer chose under its memory limit
  double load_seconds = 0;    // before the first step
  std::vector<double> losses;
  std::vector<std::pair<std::string, double>> parts;  // seconds a step
};

// Errors: those of train().
Result<TrainBench> bench_train(const TrainBenchOptions& options, const ProgressSink& progress,
                               const CancelFlag* cancel);

}  // namespace banchu
