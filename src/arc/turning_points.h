// Private to arc/: where a story turns, five times: the opportunity, the change of plans, the point of no return, the
// major setback, the climax (the five of the TRIPOD set of annotated film synopses).
//
// A letter to the reader. Position alone is strong: people put the five near 10, 25, 50, 75 and 95 % of a synopsis, and
// whoever guesses just that is 7 % of the text away. So position is the prior here, and the text may only pull: longer
// sentences, harm, contrast ("but", 하지만), and words that go on from before or go on behind. Each point has a
// log-linear law over the units; the five are drawn together in their order, by the same forward and backward sums as
// the decoder's; and what is answered is each point's median, because the error is counted as a distance, and the
// median is what makes a distance smallest.
//
// Weights: tools/make_arc_turning.py, from the annotated training synopses; sentences of none are in here.
// Threads: pure functions. Cost: one pass over the words.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "arc/discourse.h"
#include "arc/reading.h"

namespace banchu {

inline constexpr std::size_t kTurningFeatures = 9;
// Of one unit: position x, x^2, log(x + .03), log(1 - x + .03); length, harm (both against the text's mean), contrast,
// words shared with the three units before, and with the three behind.
using TurningFeatures = std::array<double, kTurningFeatures>;
std::vector<TurningFeatures> turning_features(const Discourse& discourse);

// Five units, rising; empty for fewer than `least` units.
std::vector<std::size_t> find_turning_points(const Discourse& discourse, std::size_t least);

}  // namespace banchu
