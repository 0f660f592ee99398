// Inside the room: a training run with the settings that tests and benchmarks need and nobody else.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "train/element.h"
#include "train/train.h"

namespace banchu::lora {

struct RunSettings {
  std::optional<Element> type;                        // of the products; empty: bf16 where the processor is fast at it
  std::int64_t activation_budget_bytes = 96LL << 20;  // more layers are kept, fewer computed twice; same result
  std::uint64_t memory_limit_bytes = 0;               // 0: what the machine has free
  std::function<void(int step)> after_step;           // called after every step and its checkpoint
};

Result<TrainOutcome> train_with(const TrainJob& job, const RunSettings& settings, const ProgressSink& progress,
                                const CancelFlag* cancel);

}  // namespace banchu::lora
