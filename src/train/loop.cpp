#include "train/loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/rng.h"

namespace banchu::lora {

Result<TrainState> start_state(const TrainJob& job, const ParameterPlan& plan, const std::string& digest) {
  if (!job.checkpoint_folder.empty()) {
    if (auto found = load_checkpoint(digest, job.checkpoint_folder)) return std::move(*found);
  }
  TrainState state;
  if (job.initial != nullptr) {
    BANCHU_TRY(state.parameters, from_adapter(plan, *job.initial));
  } else {
    state.parameters = fresh_parameters(plan, job.options.seed);
  }
  state.adam.m.assign(state.parameters.size(), 0.0f);
  state.adam.v.assign(state.parameters.size(), 0.0f);
  return state;
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
  return outcome;
}

template <typename T>
Loop<T>::Loop(const TrainJob& job, const RunSettings& settings, const ParameterPlan& plan, const std::string& digest,
              Graph<T>* graph, TrainState* state)
    : job_(job),
      options_(job.options),
      settings_(settings),
      plan_(plan),
      digest_(digest),
      graph_(*graph),
      state_(*state),
      order_(job.train->rows(), job.options),
      weights_{options_.distill_weight, options_.sft_weight, options_.rehearsal_weight},
      started_(steady_seconds()),
      seconds_before_(state->seconds),
      gradients_(static_cast<std::size_t>(plan.size)) {
  const auto width = static_cast<std::uint32_t>(plan.layers.front()[kQkv].in);
  peak_rate_ = options_.learning_rate > 0 ? options_.learning_rate : default_learning_rate(width);
  validate_every_ =
      options_.validate_every > 0 ? options_.validate_every : std::max(1, (order_.steps_per_epoch() + 1) / 2);
}

template <typename T>
double Loop<T>::passes(int step, const std::vector<const LessonRow*>& rows) {
  const double normaliser = std::max(total_weight(rows, weights_, options_.context_tokens), 1e-30);
  double loss = 0;
  const auto each = static_cast<std::size_t>(options_.batch_rows);
  for (std::size_t first = 0; first < rows.size(); first += each) {
    const auto end = std::min(first + each, rows.size());
    const std::vector<const LessonRow*> part(rows.begin() + static_cast<std::ptrdiff_t>(first),
                                             rows.begin() + static_cast<std::ptrdiff_t>(end));
    Batch batch = pack(part, weights_, options_.context_tokens, normaliser);
    batch.dropout_key = Rng(options_.seed, fmt::format("dropout {} {}", step, first)).next() | 1U;
    loss += graph_.loss_and_gradients(batch, gradients_.data());
    state_.tokens += batch.tokens.size();
  }
  return loss;
}

template <typename T>
Result<TrainPoint> Loop<T>::step() {
  const double before = steady_seconds();
  TrainPoint point;
  point.valid_loss = std::numeric_limits<double>::quiet_NaN();
  point.learning_rate = learning_rate_at(options_, peak_rate_, state_.step, order_.total_steps());
  graph_.use_parameters(state_.parameters.data());
  std::fill(gradients_.begin(), gradients_.end(), 0.0f);
  point.loss = passes(state_.step, order_.rows_of_step(state_.step));
  point.grad_norm = gradient_norm(gradients_);
  if (!std::isfinite(point.loss) || !std::isfinite(point.grad_norm)) {
    return make_error(Code::FailedPrecondition,
                      fmt::format("training diverged in step {}: the loss is {}, the gradient's length {}",
                                  state_.step + 1, point.loss, point.grad_norm),
                      "no adapter was written; train with a lower learning_rate");
  }
  adamw_step(options_, point.learning_rate, point.grad_norm, gradients_, &state_.adam, &state_.parameters);
  point.step = ++state_.step;
  state_.step_seconds += steady_seconds() - before;
  return point;
}

template <typename T>
double Loop<T>::valid_loss() {
  std::vector<const LessonRow*> rows;
  for (const LessonRow& row : job_.valid->rows()) rows.push_back(&row);
  const double normaliser = std::max(total_weight(rows, weights_, options_.context_tokens), 1e-30);
  graph_.use_parameters(state_.parameters.data());
  double loss = 0;
  const auto each = static_cast<std::size_t>(options_.batch_rows);
  for (std::size_t first = 0; first < rows.size(); first += each) {
    const auto end = std::min(first + each, rows.size());
    loss += graph_.loss(
        pack({rows.begin() + static_cast<std::ptrdiff_t>(first), rows.begin() + static_cast<std::ptrdiff_t>(end)},
             weights_, options_.context_tokens, normaliser));
  }
  return loss;
}

template <typename T>
bool Loop<T>::validates_after(int finished_steps) const {
  if (job_.valid == nullptr || job_.valid->rows().empty()) return false;
  return finished_steps % validate_every_ == 0 || finished_steps == order_.total_steps();
}

template <typename T>
void Loop<T>::validate(TrainPoint* point) {
  point->valid_loss = valid_loss();
  if (point->valid_loss < state_.best_loss) {
    state_.best_loss = point->valid_loss;
    state_.best = state_.parameters;
    state_.validations_without_gain = 0;
  } else {
    ++state_.validations_without_gain;
  }
}

template <typename T>
bool Loop<T>::out_of_patience() const {
  return options_.patience > 0 && state_.validations_without_gain >= options_.patience;
}

template <typename T>
void Loop<T>::report(const ProgressSink& progress, const TrainPoint& point) const {
  if (!progress) return;
  std::string detail = fmt::format("loss {:.3f}", point.loss);
  if (std::isfinite(state_.best_loss)) detail += fmt::format("   best valid {:.3f}", state_.best_loss);
  detail += fmt::format("   {:.0f} tok/s", static_cast<double>(state_.tokens) / std::max(state_.step_seconds, 1e-9));
  progress({"engraving", static_cast<std::uint64_t>(state_.step), static_cast<std::uint64_t>(order_.total_steps()),
            "step", detail});
}

template <typename T>
Status Loop<T>::cancelled() {
  state_.seconds = seconds_before_ + steady_seconds() - started_;
  if (!job_.checkpoint_folder.empty()) {
    BANCHU_TRY_STATUS(save_checkpoint(state_, digest_, job_.checkpoint_folder));
  }
  return make_error(Code::Cancelled, fmt::format("training was stopped after step {}", state_.step),
                    "start the same night again: it goes on from there");
}

template <typename T>
Result<std::string> Loop<T>::run(const ProgressSink& progress, const CancelFlag* cancel) {
  if (state_.step == 0 && validates_after(0)) state_.first_valid_loss = valid_loss();
  while (state_.step < order_.total_steps()) {
    if (is_cancelled(cancel)) return cancelled().error();
    BANCHU_TRY(TrainPoint point, step());
    const bool validates = validates_after(state_.step);
    if (validates) validate(&point);
    state_.curve.push_back(point);
    state_.seconds = seconds_before_ + steady_seconds() - started_;
    report(progress, point);
    if (validates && out_of_patience()) return std::string("patience");
    if (!job_.checkpoint_folder.empty() && state_.step % options_.checkpoint_every == 0) {
      BANCHU_TRY_STATUS(save_checkpoint(state_, digest_, job_.checkpoint_folder));
    }
    if (settings_.after_step) settings_.after_step(state_.step);
  }
  return std::string(options_.max_steps > 0 ? "max_steps" : "epochs");
}

template class Loop<float>;
template class Loop<Bf16>;

}  // namespace banchu::lora
