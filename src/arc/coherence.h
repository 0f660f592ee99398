// Private to arc/: from raw figures to sub-scores and one number.
//
// Each sub-score compares a figure with what shuffles of the same text reach, so that 0 is chance; divides by what
// told tales reach (ceilings, tools/make_arc_scale.py), so that 1 is "as good as told"; and is drawn towards one half
// where the text is too short to say much (kPriorUnits units of doubt). Coherence is their weighted geometric mean:
// one broken dimension shows.   C = 100 exp(sum_i w_i log max(S_i, 0.01) / sum_i w_i), over those that could be
// measured.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "arc/measure.h"
#include "arc/reading.h"

namespace banchu {

struct Spread {
  double mean = 0;
  double deviation = 0;
};
Spread spread_of(std::span<const double> values);

inline constexpr std::array<std::size_t, 4> kBlocks = {1, 3, 5, 10};

// What shuffles of this text reach.
struct Chance {
  std::array<Spread, kBlocks.size()> evidence;  // deviation 0: no such shuffle exists
  Spread resolved;
  Spread link;
  Spread persistence;  // for the gamma and tau in force
  Spread tension;
};

// What does not change with the order.
struct Facts {
  std::size_t units = 0;
  double asked = 0;
  double contradictions = 0;
  std::optional<double> model_local;  // a language model's share, 0 .. 1, chance-corrected already
};

ArcSubscores subscores_of(const RawFigures& raw, const Chance& chance, const Facts& facts);
// With a language model `local` counts four times, and the more the shorter the text: what the others say of five
// sentences is mostly doubt (docs/arc.md).
double coherence_of(const ArcSubscores& subscores, const Facts& facts);

inline constexpr std::size_t kMinArcUnits = 12;  // fewer units have no arc to speak of

}  // namespace banchu
