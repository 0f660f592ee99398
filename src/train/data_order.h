// Which rows stand in which step. A pure function of (options, step), so that resuming needs only the step's number.
//
// A step holds batch_rows * accumulation rows; rehearsal_share of them (kept exact over time, not rounded a step) are
// rehearsal rows, drawn in turn from their own shuffled ring. The others walk through the lessons, reshuffled every
// epoch by the seed; an epoch is one pass over the lessons, and the last step may be shorter.
#pragma once

#include <cstdint>
#include <vector>

#include "train/batch.h"
#include "train/train.h"

namespace banchu::lora {

class DataOrder {
 public:
  DataOrder(const std::vector<const LessonRow*>& rows, const TrainOptions& options);

  int total_steps() const { return total_steps_; }
  int steps_per_epoch() const { return steps_per_epoch_; }
  std::vector<const LessonRow*> rows_of_step(int step);

 private:
  // One endless stream: every pass over the rows has a permutation of its own.
  struct Ring {
    const char* label;
    std::vector<const LessonRow*> rows;
    std::int64_t pass = -1;
    std::vector<const LessonRow*> permuted;
  };
  const LessonRow* draw(Ring* ring, std::int64_t index);
  std::int64_t rehearsals_before(std::int64_t step) const;
  std::int64_t lessons_before(std::int64_t step) const { return step * rows_per_step_ - rehearsals_before(step); }
  int steps_for(std::int64_t lessons) const;

  std::uint64_t seed_;
  std::int64_t rows_per_step_;
  double rehearsal_share_;
  Ring lessons_{"lessons", {}, -1, {}};
  Ring rehearsals_{"rehearsal", {}, -1, {}};
  std::int64_t lesson_limit_ = 0;  // draws of all epochs together
  int total_steps_ = 0;
  int steps_per_epoch_ = 0;
};

}  // namespace banchu::lora
