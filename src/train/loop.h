// The steps of a job: rows in, gradients, optimiser, validation, checkpoint; and its first and last breath.
#pragma once

#include <string>
#include <vector>

#include "train/data_order.h"
#include "train/graph.h"
#include "train/run.h"
#include "train/state.h"

namespace banchu::lora {

// The checkpoint of the same job when there is one, else the beginning. Errors: InvalidArgument (an initial adapter
// that does not fit).
Result<TrainState> start_state(const TrainJob& job, const ParameterPlan& plan, const std::string& digest);

// Writes the best adapter, removes the checkpoint.
Result<TrainOutcome> finish(const TrainJob& job, const ParameterPlan& plan, const TrainState& state,
                            const std::string& stopped_because, bool resumed);

template <typename T>
class Loop {
 public:
  Loop(const TrainJob& job, const RunSettings& settings, const ParameterPlan& plan, const std::string& digest,
       Graph<T>* graph, TrainState* state);

  // Until it is done; answers why it stopped. Errors: Cancelled, FailedPrecondition (loss or gradient not finite), and
  // those of writing a checkpoint.
  Result<std::string> run(const ProgressSink& progress, const CancelFlag* cancel);

 private:
  Result<TrainPoint> step();
  // The loss of one step's rows, pass by pass; gradients are summed into gradients_.
  double passes(int step, const std::vector<const LessonRow*>& rows);
  bool validates_after(int finished_steps) const;
  void validate(TrainPoint* point);
  double valid_loss();
  bool out_of_patience() const;
  void report(const ProgressSink& progress, const TrainPoint& point) const;
  Status cancelled();

  const TrainJob& job_;
  const TrainOptions& options_;
  const RunSettings& settings_;
  const ParameterPlan& plan_;
  const std::string& digest_;
  Graph<T>& graph_;
  TrainState& state_;
  DataOrder order_;
  KindWeights weights_;
  double peak_rate_;
  int validate_every_;
  double started_;
  double seconds_before_;
  std::vector<float> gradients_;
};

}  // namespace banchu::lora
