// Private to arc/: the decoder. Reads a noisy series of valences as a story that moves through phases.
//
// A letter to the reader. A sentence's valence is a poor witness: most of what a lexicon says about one sentence is
// noise, and the label it would give is wrong as often as not. But a story does not jump. So nobody is asked about one
// sentence alone. The hidden state of a place is (phase, level): the phase says where the story stands (setup, rise,
// peak, fall, valley, close) and what the level may do next (climb in a rise, stay in a peak), the level is what the
// valence is around. A place's valence is its level plus noise; how much noise, the series itself says: what
// neighbours share is signal, what they do not is noise (autocovariance). The arc is the posterior mean of the level,
// given everything before and after: never the most likely label, which throws the certainty away. Noise in, flat arc
// out.
//
//   J(y) = sum_t log p(x_t | level) + gamma sum_t log A(y_t-1, y_t) + sum_r lambda_r R_r(y, t)
//
// The sums are forward-backward with scaling and fixed order, the phases are Viterbi's. Rules R are potentials inside
// the same sums: a contrast ("but", 그러나) makes a turn cheaper at its place; setup wants to stand at the beginning,
// close at the end; turns like the places where films turn (means and spreads of TRIPOD's five turning points as
// given in docs/arc.md); a unit said twice is no second witness. A phase lasts at least two places.
//
// At most kMaxPlaces places: a longer text is pooled. Cost O(places x states). Threads: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "arc/reading.h"

namespace banchu {

inline constexpr std::size_t kMaxPlaces = 512;

struct DecoderRules {
  bool contrast = true;
  bool position = true;
  bool repetition = true;
};

// One place of the series.
struct Place {
  double value = 0;       // z-score
  double witness = 1;     // 0: says nothing (repeated), 1: full
  bool contrast = false;  // opens with a contrast
};

struct Decoded {
  std::vector<double> arc;        // posterior mean, one a place
  std::vector<Phase> phases;      // Viterbi
  std::vector<double> certainty;  // posterior of that phase, one a place
  double gain = 0;                // log p(x | moving) - log p(x | one level), a place
  double signal_share = 0;        // of the variance, by autocovariance
};

// The transitions for one gamma and one number of places; made once for the many series of a text.
class PhaseMoves {
 public:
  PhaseMoves(std::size_t places, double gamma);
  struct Move {
    std::uint32_t from;
    std::uint32_t to;
    double weight;  // A^gamma - floor^gamma
    bool turn;
  };
  double floor() const { return floor_; }
  std::span<const Move> moves() const { return moves_; }
  std::size_t places() const { return places_; }

 private:
  std::size_t places_;
  double floor_;
  std::vector<Move> moves_;
};

// gamma as in the formula. Fewer than 2 places: all zero, setup. Without `with_phases` only the arc and the gain.
Decoded decode_phases(std::span<const Place> places, const PhaseMoves& moves, const DecoderRules& rules = {},
                      bool with_phases = true);

// z-scores; a constant series gives zeros.
std::vector<double> standardised(std::span<const double> values);
// Share of the variance that neighbours have in common, within [0.02, 0.9].
double signal_share_of(std::span<const double> z);

}  // namespace banchu
