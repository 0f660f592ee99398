#include "app/arc_gate.h"

#include "arc/arc.h"

namespace banchu {

ReplyGate arc_gate(double floor) {
  const auto score = [](const std::string& reply) -> std::optional<double> {
    ArcOptions options;
    options.with_interval = false;
    const Result<Reading> reading = score_text(reply, options);
    if (!reading || reading->units.size() < kLongReplySentences) return std::nullopt;
    return reading->coherence;
  };
  return {score, floor};
}

}  // namespace banchu
