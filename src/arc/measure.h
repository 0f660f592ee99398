// Private to arc/: the raw figures of one text, for its own order and for any other.
//
// Everything that does not depend on the order is prepared once. Threads: one at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "arc/extrema.h"
#include "arc/order.h"
#include "arc/phase_decoder.h"

namespace banchu {

// Of one order. Nothing here is corrected for chance.
struct RawFigures {
  double evidence = 0;     // OrderEvidence::weigh
  double resolved = 1;     // share of mentions and pronouns that find what they presume
  double link = 0.5;       // share of random predecessors that link worse than the real one
  double chain = 1;        // at the weakest cut: what goes on across it, over what would in a random order
  double persistence = 0;  // sum of the kept persistences of the arc, in sd of the valence
  double tension = 0;      // range of the smoothed arousal + its drop behind the climax, in sd of the arousal
};

struct Series {
  std::vector<double> valence;  // z-scores, one a unit
  std::vector<double> arousal;
  std::vector<double> witness;
};

class Measure {
 public:
  Measure(const Discourse& discourse, Series series, std::uint64_t seed);

  // Figures of an order; the arc's part for this gamma and tau. With `by_unit`, the order features of each unit.
  RawFigures figures(std::span<const std::uint32_t> order, const PhaseMoves& moves, double tau,
                     std::vector<OrderValues>* by_unit = nullptr);
  // Only evidence: what the 128 shuffles of the order sub-score need.
  double evidence(std::span<const std::uint32_t> order, std::vector<OrderValues>* by_unit = nullptr);

  PhaseMoves moves(double gamma) const { return {places_, gamma}; }
  Decoded decode(std::span<const std::uint32_t> order, const PhaseMoves& moves, const DecoderRules& rules = {},
                 bool with_phases = false) const;
  double persistence(const Decoded& decoded, double tau) const;
  double chain(std::span<const std::uint32_t> order) const;
  double tension(std::span<const std::uint32_t> order) const;
  // Does unit `at` link better to `before` than to random others? 0 .. 1
  double link_share(std::uint32_t before, std::uint32_t at) const;

  std::size_t units() const { return discourse_.size(); }
  std::size_t places() const { return places_; }
  std::size_t place_of(std::size_t rank) const { return rank * places_ / std::max<std::size_t>(1, units()); }
  double asked() const { return asked_; }  // mentions and pronouns that presume something
  double weigh(const OrderValues& values) const { return order_.weigh(values); }
  double scale() const { return order_.scale(); }
  const Discourse& discourse() const { return discourse_; }
  const Series& series() const { return series_; }

 private:
  double link(std::uint32_t before, std::uint32_t at) const;
  std::vector<double> pooled(std::span<const std::uint32_t> order, std::span<const double> values) const;

  const Discourse& discourse_;
  Series series_;
  OrderEvidence order_;
  std::size_t places_;
  double asked_ = 0;
  std::vector<float> idf_;
  std::vector<float> chance_links_;  // kChanceLinks a unit
};

// Gaussian smoothing, `width` the standard deviation in places; the ends are renormalised.
std::vector<double> smoothed(std::span<const double> series, double width);

}  // namespace banchu
