// How long work speaks while it runs, and how it is told to stop. Rooms never print: app decides how this looks.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

namespace banchu {

struct Progress {
  std::string stage;       // "chewing over", "engraving", "measuring", "waking"
  std::uint64_t done = 0;  // of `total`, in `unit`
  std::uint64_t total = 0;
  std::string unit;    // "step", "reply", "entry"
  std::string detail;  // "loss 0.31   valid 0.35   412 tok/s"
};
using ProgressSink = std::function<void(const Progress&)>;  // may be empty

// Set by Ctrl-C; long work looks at it between steps and answers Cancelled.
using CancelFlag = std::atomic<bool>;

inline bool is_cancelled(const CancelFlag* flag) { return flag != nullptr && flag->load(std::memory_order_relaxed); }

}  // namespace banchu
