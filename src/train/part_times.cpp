#include "train/part_times.h"

#include "base/clock.h"

namespace banchu::lora {

namespace {
thread_local PartTimes* asked = nullptr;
thread_local Timed* innermost = nullptr;
}  // namespace

void collect_part_times(PartTimes* into) { asked = into; }

Timed::Timed(Part part) : part_(part) {
  if (asked == nullptr) return;
  began_ = asked->clock();
  outer_ = innermost;
  innermost = this;
}

Timed::~Timed() {
  if (asked == nullptr || innermost != this) return;
  innermost = outer_;
  const double passed = asked->clock() - began_;
  asked->seconds[static_cast<std::size_t>(part_)] += passed;
  if (outer_ != nullptr) asked->seconds[static_cast<std::size_t>(outer_->part_)] -= passed;
}

}  // namespace banchu::lora
