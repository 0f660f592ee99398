// Private to arc/: the whole measurement of one text, in the order in which it is made.
//
// Shuffles inside a score use lexicon and discourse alone; a language model reads the text once before
// (model_signals.h).
#pragma once

#include <vector>

#include "arc/arc.h"
#include "arc/coherence.h"
#include "arc/violations.h"

namespace banchu {

inline constexpr int kOrderShuffles = 32;   // for each block size
inline constexpr int kChanceShuffles = 16;  // for the other figures, and for the null
inline constexpr int kBootstraps = 200;
inline constexpr std::array<double, 5> kGammas = {0, 0.5, 1, 2, 4};
inline constexpr std::array<double, 5> kTaus = {0.5, 0.75, 1, 1.5, 2};

class ArcScorer {
 public:
  ArcScorer(const Discourse& discourse, Series series, std::vector<std::string> speakers,
            std::optional<double> model_local, const ArcOptions& options);

  // Fills everything but units, notes, cost and inputs. Errors: Cancelled.
  Status run(Reading& reading);
  // The same sub-scores without a language model's share; after run().
  ArcSubscores subscores_by_words() const;

 private:
  using Order = std::vector<std::uint32_t>;
  Status measure_order_chance();
  Status measure_chance();
  void fill_arc(Reading& reading) const;
  void fill_null(Reading& reading) const;
  Status fill_grid(Reading& reading);
  void fill_interval(Reading& reading) const;
  void fill_evidence(Reading& reading);
  void add_rule_evidence(const Reading& reading, std::vector<Evidence>& all);
  double coherence_with(const RawFigures& raw, const Facts& facts) const;
  Status check_cancelled() const;

  Measure measure_;
  PhaseMoves moves_;  // for the gamma in force
  std::vector<std::string> speakers_;
  const ArcOptions& options_;
  Facts facts_;
  Chance chance_;
  Order told_;
  RawFigures raw_;
  Decoded decoded_;
  std::vector<OrderValues> by_unit_;   // of the told order
  std::vector<double> chance_weight_;  // mean weighed contribution of each unit over shuffles
  std::vector<Order> chance_orders_;
  std::vector<RawFigures> chance_raw_;
  std::vector<Violation> violations_;
};

}  // namespace banchu
