// chat --arc-gate: a long reply whose structure scores under the floor is held back and drawn again.
#pragma once

#include "chat/reply_gate.h"

namespace banchu {

inline constexpr std::size_t kLongReplySentences = 6;  // a shorter one has no arc worth judging

// `floor`: of coherence, 0 to 100. By lexicon and rules alone: milliseconds a reply.
ReplyGate arc_gate(double floor);

}  // namespace banchu
