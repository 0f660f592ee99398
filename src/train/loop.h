// The steps of a job: rows in, gradients, optimiser, validation, checkpoint.
#pragma once

#include <string>
#include <vector>

#include "train/data_order.h"
#include "train/job_ends.h"
#include "train/run.h"
#include "train/step_graph.h"
#include "train/training_log.h"

namespace banchu::lora {

// What the steps read; all of it outlives the loop.
struct LoopInputs {
  const TrainJob& job;
  const RunSettings& settings;
  const ParameterPlan& plan;
  const std::vector<Piece>& pieces;
  const JobIdentity& identity;
  const std::vector<const LessonRow*>& train;
  const std::vector<const LessonRow*>& valid;
};

class Loop {
 public:
  Loop(const LoopInputs& inputs, StepGraph* graph, TrainState* state);

  // Until it is done; answers why it stopped. Errors: Cancelled, FailedPrecondition (loss or gradient not finite), and
  // those of writing a checkpoint or the log.
  Result<std::string> run(const ProgressSink& progress, const CancelFlag* cancel);

 private:
  // What the self before this training makes of every pair: the same adapter with B = 0.
  void judge_pairs();
  double log_probability(const std::vector<Token>& tokens, const std::vector<std::uint32_t>& targets);

  Result<TrainPoint> step();
  // The loss of one step's rows, pass by pass; gradients are summed into gradients_.
  double passes(int step, const std::vector<const LessonRow*>& rows);
  Error diverged(const TrainPoint& point);

  bool validates_after(int finished_steps) const;
  void validate(TrainPoint* point);
  double valid_loss(const std::vector<float>& parameters);
  bool out_of_patience() const;

  void report(const ProgressSink& progress, const TrainPoint& point) const;
  Status save();
  Status cancelled();

  const TrainJob& job_;
  const TrainOptions& options_;
  const LoopInputs inputs_;
  StepGraph& graph_;
  TrainState& state_;
  DataOrder order_;
  KindWeights weights_;
  References references_;
  double peak_rate_;
  int validate_every_;
  double started_;
  double seconds_before_;
  std::vector<float> gradients_;
};

}  // namespace banchu::lora
