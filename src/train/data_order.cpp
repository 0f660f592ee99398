#include "train/data_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/rng.h"

namespace banchu::lora {

DataOrder::DataOrder(const std::vector<const LessonRow*>& rows, const TrainOptions& options)
    : seed_(options.seed), rows_per_step_(static_cast<std::int64_t>(options.batch_rows) * options.accumulation) {
  for (const LessonRow* row : rows) (row->kind == RowKind::rehearsal ? rehearsals_ : lessons_).rows.push_back(row);
  rehearsal_share_ = rehearsals_.rows.empty() ? 0.0 : options.rehearsal_share;
  const auto n = static_cast<std::int64_t>(lessons_.rows.size());
  if (n == 0) return;
  steps_per_epoch_ = steps_for(n);
  if (options.max_steps > 0) {
    lesson_limit_ = std::numeric_limits<std::int64_t>::max();
    total_steps_ = options.max_steps;
  } else {
    lesson_limit_ = std::max<std::int64_t>(1, std::llround(options.epochs * static_cast<double>(n)));
    total_steps_ = steps_for(lesson_limit_);
  }
}

std::int64_t DataOrder::rehearsals_before(std::int64_t step) const {
  return static_cast<std::int64_t>(std::floor(static_cast<double>(step * rows_per_step_) * rehearsal_share_ + 1e-9));
}

int DataOrder::steps_for(std::int64_t lessons) const {
  int steps = 1;
  while (lessons_before(steps) < lessons) ++steps;
  return steps;
}

const LessonRow* DataOrder::draw(Ring* ring, std::int64_t index) {
  const auto n = static_cast<std::int64_t>(ring->rows.size());
  if (ring->pass != index / n) {
    ring->pass = index / n;
    ring->permuted = ring->rows;
    Rng rng(seed_, fmt::format("{} {}", ring->label, ring->pass));
    rng.shuffle(ring->permuted);
  }
  return ring->permuted[static_cast<std::size_t>(index % n)];
}

std::vector<const LessonRow*> DataOrder::rows_of_step(int step) {
  std::vector<const LessonRow*> rows;
  const std::int64_t end = std::min(lessons_before(step + 1), lesson_limit_);
  for (std::int64_t i = lessons_before(step); i < end; ++i) rows.push_back(draw(&lessons_, i));
  for (std::int64_t i = rehearsals_before(step); i < rehearsals_before(step + 1); ++i) {
    rows.push_back(draw(&rehearsals_, i));
  }
  return rows;
}

}  // namespace banchu::lora
