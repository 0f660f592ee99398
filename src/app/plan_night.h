// What a night will take on this machine, asked of the trainer's own estimator (train/memory.h), and the rate measured
// here.
//
// Errors: InvalidArgument (a shape that the trainer cannot have), those of reading and writing the rate.
// On disk: rate.json in $XDG_CACHE_HOME/banchu (else ~/.cache/banchu): {"gflops","model","time"}; losing it costs a
// measurement.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "plan/plan_shape.h"

namespace banchu {

struct NightSize {
  int rank = 32;
  int rows = 6;
  int row_tokens = 1024;
  bool small_states = false;  // the optimiser's in 8 bit
};

struct NightNeed {
  std::uint64_t least = 0;        // everything that can be computed or read twice is
  std::uint64_t comfortable = 0;  // nothing is
  std::uint64_t expected = 0;     // what the trainer would choose here; 0: it does not fit
  std::uint64_t activations = 0;  // of all layers
  std::uint64_t optimiser = 0;
  std::uint64_t parameters = 0;  // how many numbers the adapter has
  double flops_per_token = 0;
};
Result<NightNeed> night_need(const plan::Shape& shape, const NightSize& size);

struct TrainingRate {
  double gflops = 0;  // achieved by whole training steps
  std::string model;
  std::string time;
};
std::optional<TrainingRate> known_rate();
Status remember_rate(const TrainingRate& rate);

}  // namespace banchu
