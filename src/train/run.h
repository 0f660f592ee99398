// Inside the room: a training run with the settings that tests and benchmarks need and nobody else.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "train/element.h"
#include "train/train.h"

namespace banchu::lora {

struct RunSettings {
  std::optional<Element> type;  // of the products; empty: bf16 where the processor is fast at it
  // At most so much of what the memory limit leaves: fewer layers are kept, or resident. Same result, for tests.
  std::int64_t activation_budget_bytes = 1LL << 40;
  std::int64_t resident_layers = 1LL << 40;
  std::function<void()> before_first_step;
  std::function<void(int step)> after_step;  // called after every step and its checkpoint
};

Result<TrainOutcome> train_with(const TrainJob& job, const RunSettings& settings, const ProgressSink& progress,
                                const CancelFlag* cancel);

}  // namespace banchu::lora
