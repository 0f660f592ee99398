// Private to arc/: does a unit follow from what was told before it?
//
// Two witnesses. A language model that read the unit twice, behind the others and alone: what share of its surprise
// did the context take away? And the words themselves, because a sentence said twice is the one that a context helps
// most: repetition is counted apart. The weights tell windows of tales from damaged copies of themselves (a sentence
// or phrase said twice, another order, strange words, strange sentences, a negation; bench/arc/damages.py). No rating
// by people taught them.
#pragma once

#include <span>
#include <vector>

#include "arc/discourse.h"
#include "model/message.h"

namespace banchu {

// One unit as a model read it. `alone` may have another first token than `in_context` (no blank before it), so the two
// are laid beside each other from their ends.
struct TwiceRead {
  std::vector<Token> tokens;      // in context
  std::vector<float> in_context;  // log p of each, nats
  std::vector<float> alone;
};

// Of one unit behind others.
struct FollowFigures {
  double relative = 0;  // share of the unit's own surprise that the context takes away
  double capped = 0;    // mean gain of its tokens, each within +-kGainCap nats
  double fresh = 0;     // the same over tokens new to the text; 0 where there are none
  double overlap = 0;   // largest share of words shared with one of the kLookBack units before
  double repeated = 0;  // share of its runs of four words that stand there, or twice in itself
};

inline constexpr double kGainCap = 2;
inline constexpr std::size_t kLookBack = 4;

double sum_of(std::span<const float> values);
// Units from the second on; empty for fewer than two. `read` has as many units as the discourse.
std::vector<FollowFigures> follow_figures(std::span<const TwiceRead> read, const Discourse& discourse);
// All units together: 0 .. 1, about .5 half way between told windows and damaged ones.
double follow_share(std::span<const FollowFigures> figures);

}  // namespace banchu
