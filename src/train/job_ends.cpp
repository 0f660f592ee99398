#include "train/job_ends.h"

#include <limits>

#include "base/digest.h"
#include "base/file.h"

namespace banchu::lora {

namespace {

Result<TrainState> empty_state(const TrainJob& job, const std::vector<Piece>& pieces) {
  TrainState state;
  // Without a checkpoint folder pages go beside the adapter.
  const std::filesystem::path& folder =
      job.checkpoint_folder.empty() ? job.output.parent_path() : job.checkpoint_folder;
  BANCHU_TRY(state.adam, fresh_adam(job.options, pieces, folder));
  return state;
}

}  // namespace

Result<Started> start_state(const TrainJob& job, const ParameterPlan& plan, const std::vector<Piece>& pieces,
                            const JobIdentity& identity) {
  Started started;
  BANCHU_TRY(started.state, empty_state(job, pieces));
  if (!job.checkpoint_folder.empty()) {
    CheckpointFound found = load_checkpoint(identity, job.checkpoint_folder, &started.state);
    if (found.loaded) return started;
    if (!found.why_not.empty()) {
      started.note = std::move(found.why_not);
      BANCHU_TRY(started.state, empty_state(job, pieces));
    }
  }
  TrainState& state = started.state;
  if (job.initial != nullptr) {
    BANCHU_TRY(state.parameters, from_adapter(plan, *job.initial));
  } else {
    state.parameters = fresh_parameters(plan, job.options.seed);
  }
  if (job.options.ema_decay > 0) state.mean = state.parameters;
  return started;
}

Result<TrainOutcome> finish(const TrainJob& job, const ParameterPlan& plan, const TrainState& state,
                            const std::string& stopped_because, bool resumed) {
  const std::vector<float>& parameters = state.best.empty() ? state.parameters : state.best;
  BANCHU_TRY_STATUS(write_adapter(to_adapter(plan, parameters.data()), job.output));
  TrainOutcome outcome;
  BANCHU_TRY(outcome.adapter_digest, sha256_file(job.output));
  if (!job.checkpoint_folder.empty()) remove_checkpoint(job.checkpoint_folder);
  outcome.steps = state.step;
  outcome.tokens = state.tokens;
  outcome.seconds = state.seconds;
  outcome.tokens_per_second = state.step_seconds > 0 ? static_cast<double>(state.tokens) / state.step_seconds : 0;
  if (!state.curve.empty()) {
    outcome.loss_first = state.curve.front().loss;
    outcome.loss_last = state.curve.back().loss;
  }
  outcome.valid_loss_first = state.first_valid_loss;
  outcome.valid_loss_best = state.best.empty() ? std::numeric_limits<double>::quiet_NaN() : state.best_loss;
  outcome.peak_rss_bytes = peak_rss_bytes();
  outcome.stopped_because = stopped_because;
  outcome.curve = state.curve;
  outcome.resumed = resumed;
  outcome.kept_the_mean = !state.best.empty() && state.best_is_mean;
  return outcome;
}

}  // namespace banchu::lora
