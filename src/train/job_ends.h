// A job's first and last breath: where it starts from, and what it leaves.
#pragma once

#include <string>
#include <vector>

#include "train/state.h"

namespace banchu::lora {

struct Started {
  TrainState state;
  std::string note;  // why a checkpoint that lay there was not taken; "" when nothing is to be said
};
// The checkpoint of the same job when there is one, else the beginning. Errors: InvalidArgument (an initial adapter
// that does not fit), those of paging the optimiser's states.
Result<Started> start_state(const TrainJob& job, const ParameterPlan& plan, const std::vector<Piece>& pieces,
                            const JobIdentity& identity);

// Writes the best adapter, removes the checkpoint.
Result<TrainOutcome> finish(const TrainJob& job, const ParameterPlan& plan, const TrainState& state,
                            const std::string& stopped_because, bool resumed);

}  // namespace banchu::lora
