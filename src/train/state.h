// Everything that changes while a job trains, and its file: what is needed to go on as if nothing had happened.
//
// On disk: "train.checkpoint", a header, the digests of every input of the job, the numbers below, a checksum. A file
// that is damaged, of another version or of another job is not an error: the job begins anew and says why.
#pragma once

#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "base/result.h"
#include "train/job.h"
#include "train/optimiser.h"
#include "train/train.h"

namespace banchu::lora {

struct TrainState {
  int step = 0;  // finished steps; the data order and every random stream follow from it
  std::vector<float> parameters;
  AdamState adam;
  std::vector<float> best;  // empty until the first validation
  std::vector<float> mean;  // the running mean; empty without ema_decay
  bool best_is_mean = false;
  double best_loss = std::numeric_limits<double>::infinity();
  double first_valid_loss = std::numeric_limits<double>::quiet_NaN();
  int validations_without_gain = 0;
  std::uint64_t tokens = 0;
  double step_seconds = 0;  // spent in steps
  double seconds = 0;       // spent in all
  std::vector<TrainPoint> curve;
};

std::filesystem::path checkpoint_path(const std::filesystem::path& folder);
// Errors: those of writing a file (NoSpace, FailedPrecondition). The old checkpoint stays until the new one is whole.
Status save_checkpoint(const TrainState& state, const JobIdentity& job, const std::filesystem::path& folder);

// Fills `state`, whose adam has the size this job needs. `loaded` false: why_not says what stood in the way, "" when
// there is no file; the state is then not usable.
struct CheckpointFound {
  bool loaded = false;
  std::string why_not;
};
CheckpointFound load_checkpoint(const JobIdentity& job, const std::filesystem::path& folder, TrainState* state);
void remove_checkpoint(const std::filesystem::path& folder);

}  // namespace banchu::lora
