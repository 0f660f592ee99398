// The door of arc/, the measuring engine (MS-Arc): how well the structure of a story or a conversation holds together.
// It does not judge how well a thing is said.
//
// Without a session it works on lexicon and rules alone, gives the same bytes on every machine, and says so in notes.
// Threads: pure functions; a session is used by one thread at a time. Errors: InvalidArgument (gamma or tau out of
// range, a text over the limit), FailedPrecondition (a probe of another model), Cancelled.
// A text too short to measure is no error: its reading has no coherence, and a reason.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arc/probe.h"
#include "arc/reading.h"
#include "arc/standard.h"
#include "base/progress.h"
#include "base/result.h"
#include "model/model.h"

namespace banchu {

inline constexpr double kMinGamma = 0;
inline constexpr double kMaxGamma = 8;
inline constexpr double kMinTau = 0.05;
inline constexpr double kMaxTau = 5;
inline constexpr std::size_t kMinUnits = 3;  // fewer sentences have no order to speak of
inline constexpr std::size_t kMaxTextBytes = 256u << 20;

struct ArcOptions {
  double gamma = 1;  // weight of the phase transitions in decoding
  double tau = 1;    // persistence that an extremum must have, in standard deviations of the arc
  std::shared_ptr<const Standard> standard;  // null: `standard` and `ceiling` stay absent
  Session* session = nullptr;                // null: no language model
  std::shared_ptr<const Probe> probe;        // null: valence is the lexicon's; else of the session's model
  bool with_interval = true;                 // false leaves out interval, null and grid (a fast look)
  std::uint64_t seed = 1;
  const CancelFlag* cancel = nullptr;
};

// A sentence of a story (no speaker) or a turn of a conversation.
struct ArcTurn {
  std::string speaker;
  std::string text;
};

// Are gamma and tau within their bounds? The measuring functions ask themselves; this is for a caller who has slow work
// to do first.
Status check_dials(const ArcOptions& options);

// The sentences of a text, English and Korean mixed as they come; broken UTF-8 becomes U+FFFD.
std::vector<ArcTurn> split_sentences(std::string_view text);

Result<Reading> score_text(std::string_view text, const ArcOptions& options);
Result<Reading> score_units(std::span<const ArcTurn> units, const ArcOptions& options);

}  // namespace banchu
