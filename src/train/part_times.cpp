#include "train/part_times.h"

#include "base/clock.h"

namespace banchu::lora {

namespace {
thread_local PartTimes* asked = nullptr;
}

void collect_part_times(PartTimes* into) { asked = into; }

Timed::Timed(Part part) : part_(part) {
  if (asked != nullptr) began_ = steady_seconds();
}

Timed::~Timed() {
  if (asked != nullptr && began_ > 0) asked->seconds[static_cast<std::size_t>(part_)] += steady_seconds() - began_;
}

}  // namespace banchu::lora
