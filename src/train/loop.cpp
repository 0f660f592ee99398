#include "train/loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/clock.h"
#include "base/rng.h"

namespace banchu::lora {

Loop::Loop(const LoopInputs& inputs, StepGraph* graph, TrainState* state)
    : job_(inputs.job),
      options_(inputs.job.options),
      inputs_(inputs),
      graph_(*graph),
      state_(*state),
      order_(inputs.train, options_),
      weights_{options_.distill_weight,    options_.sft_weight,      options_.rehearsal_weight,
               options_.preference_weight, options_.preference_beta, &references_},
      started_(steady_seconds()),
      seconds_before_(state->seconds),
      gradients_(static_cast<std::size_t>(inputs.plan.size)) {
  const auto width = static_cast<std::uint32_t>(inputs.plan.layers.front()[kQkv].in);
  peak_rate_ = options_.learning_rate > 0 ? options_.learning_rate : default_learning_rate(width);
  validate_every_ =
      options_.validate_every > 0 ? options_.validate_every : std::max(1, (order_.steps_per_epoch() + 1) / 2);
}

// --- pairs

double Loop::log_probability(const std::vector<Token>& tokens, const std::vector<std::uint32_t>& targets) {
  Batch batch;
  batch.tokens = tokens;
  batch.rows = {{0, static_cast<std::int64_t>(tokens.size())}};
  for (const std::uint32_t t : targets) batch.targets.push_back({t - 1, tokens[t], nullptr, 1});
  return -graph_.loss(batch);
}

void Loop::judge_pairs() {
  const std::vector<float> nothing(static_cast<std::size_t>(inputs_.plan.size), 0.0f);
  graph_.use_parameters(nothing.data());
  for (const auto* rows : {&inputs_.train, &inputs_.valid}) {
    for (const LessonRow* row : *rows) {
      if (row->kind != RowKind::preference) continue;
      references_[row] =
          log_probability(row->tokens, row->targets) - log_probability(row->rejected, row->rejected_targets);
    }
  }
}

// --- a step

double Loop::passes(int step, const std::vector<const LessonRow*>& rows) {
  const double normaliser = std::max(total_weight(rows, weights_, options_.context_tokens), 1e-30);
  double loss = 0;
  const auto each = static_cast<std::size_t>(options_.batch_rows);
  for (std::size_t first = 0; first < rows.size(); first += each) {
    const auto end = std::min(first + each, rows.size());
    const std::vector<const LessonRow*> part(rows.begin() + static_cast<std::ptrdiff_t>(first),
                                             rows.begin() + static_cast<std::ptrdiff_t>(end));
    Batch batch = pack(part, weights_, options_.context_tokens, normaliser);
    batch.dropout_key = Rng(options_.seed, fmt::format("dropout {} {}", step, first)).next() | 1U;
    batch.noise_alpha = options_.neftune_alpha;
    batch.noise_key = Rng(options_.seed, fmt::format("neftune {} {}", step, first)).next();
    loss += graph_.loss_and_gradients(batch, gradients_.data());
    state_.tokens += batch.tokens.size();
  }
  return loss;
}

// The state is still that of before the step: it is kept, and nothing of the bad step is.
Error Loop::diverged(const TrainPoint& point) {
  const std::string tensor = first_not_finite(inputs_.plan, gradients_);
  const std::string where = tensor.empty() ? "the loss" : "the gradient of " + tensor;
  std::string kept = "no adapter was written";
  if (!job_.checkpoint_folder.empty() && save()) {
    kept += fmt::format(", the state after step {} is kept in {}", state_.step, job_.checkpoint_folder.string());
  }
  return make_error(Code::FailedPrecondition,
                    fmt::format("training diverged in step {}: {} is not a number (loss {}, length of the gradient {})",
                                state_.step + 1, where, point.loss, point.grad_norm),
                    kept + "; train with a lower learning_rate");
}

Result<TrainPoint> Loop::step() {
  const double before = steady_seconds();
  TrainPoint point;
  point.valid_loss = point.valid_loss_of_mean = std::numeric_limits<double>::quiet_NaN();
  point.learning_rate = learning_rate_at(options_, peak_rate_, state_.step, order_.total_steps());
  graph_.use_parameters(state_.parameters.data());
  std::fill(gradients_.begin(), gradients_.end(), 0.0f);
  const std::uint64_t tokens_before = state_.tokens;
  point.loss = passes(state_.step, order_.rows_of_step(state_.step));
  point.grad_norm = gradient_norm(gradients_);
  if (!std::isfinite(point.loss) || !std::isfinite(point.grad_norm)) {
    state_.tokens = tokens_before;
    return diverged(point);
  }
  adamw_step(options_, point.learning_rate, point.grad_norm, gradients_, inputs_.pieces, &state_.adam,
             &state_.parameters);
  point.step = ++state_.step;
  if (options_.ema_decay > 0) move_average(options_.ema_decay, state_.step, state_.parameters, &state_.mean);
  state_.step_seconds += steady_seconds() - before;
  return point;
}

// --- validation

double Loop::valid_loss(const std::vector<float>& parameters) {
  const std::vector<const LessonRow*>& rows = inputs_.valid;
  const double normaliser = std::max(total_weight(rows, weights_, options_.context_tokens), 1e-30);
  graph_.use_parameters(parameters.data());
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

bool Loop::validates_after(int finished_steps) const {
  if (inputs_.valid.empty()) return false;
  return finished_steps % validate_every_ == 0 || finished_steps == order_.total_steps();
}

// Two candidates: where the steps have led, and their running mean. The better one is compared with the best so far.
// None before every lesson was seen once: a few held-out replies can be nearest to their words while the rate still
// warms up, and what is to be learned is hardly there.
void Loop::validate(TrainPoint* point) {
  point->valid_loss = valid_loss(state_.parameters);
  if (options_.ema_decay > 0) point->valid_loss_of_mean = valid_loss(state_.mean);
  if (state_.step < std::min(order_.steps_per_epoch(), order_.total_steps())) return;
  const bool mean = point->valid_loss_of_mean < point->valid_loss;
  const double loss = mean ? point->valid_loss_of_mean : point->valid_loss;
  if (loss < state_.best_loss) {
    state_.best_loss = loss;
    state_.best = mean ? state_.mean : state_.parameters;
    state_.best_is_mean = mean;
    state_.validations_without_gain = 0;
  } else {
    ++state_.validations_without_gain;
  }
}

bool Loop::out_of_patience() const {
  return options_.patience > 0 && state_.validations_without_gain >= options_.patience;
}

// --- around the steps

void Loop::report(const ProgressSink& progress, const TrainPoint& point) const {
  if (!progress) return;
  std::string detail = fmt::format("loss {:.3f}", point.loss);
  if (std::isfinite(state_.best_loss)) detail += fmt::format("   best valid {:.3f}", state_.best_loss);
  detail += fmt::format("   {:.0f} tok/s", static_cast<double>(state_.tokens) / std::max(state_.step_seconds, 1e-9));
  progress({"engraving", static_cast<std::uint64_t>(state_.step), static_cast<std::uint64_t>(order_.total_steps()),
            "step", detail});
}

Status Loop::save() { return save_checkpoint(state_, inputs_.identity, job_.checkpoint_folder); }

Status Loop::cancelled() {
  state_.seconds = seconds_before_ + steady_seconds() - started_;
  if (!job_.checkpoint_folder.empty()) BANCHU_TRY_STATUS(save());
  return make_error(Code::Cancelled, fmt::format("training was stopped after step {}", state_.step),
                    "start the same night again: it goes on from there");
}

Result<std::string> Loop::run(const ProgressSink& progress, const CancelFlag* cancel) {
  BANCHU_TRY(TrainingLog log, TrainingLog::open(job_.log, state_.curve));
  judge_pairs();
  if (state_.step == 0 && validates_after(0)) state_.first_valid_loss = valid_loss(state_.parameters);
  while (state_.step < order_.total_steps()) {
    if (is_cancelled(cancel)) return cancelled().error();
    BANCHU_TRY(TrainPoint point, step());
    const bool validates = validates_after(state_.step);
    if (validates) validate(&point);
    state_.curve.push_back(point);
    state_.seconds = seconds_before_ + steady_seconds() - started_;
    report(progress, point);
    BANCHU_TRY_STATUS(log.add(point));
    if (validates && out_of_patience()) return std::string("patience");
    if (!job_.checkpoint_folder.empty() && state_.step % options_.checkpoint_every == 0) BANCHU_TRY_STATUS(save());
    if (inputs_.settings.after_step) inputs_.settings.after_step(state_.step);
  }
  return std::string(options_.max_steps > 0 ? "max_steps" : "epochs");
}

}  // namespace banchu::lora
