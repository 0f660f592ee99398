#include "arc/coherence.h"

#include <algorithm>
#include <cmath>

#include "arc/numeric.h"

namespace banchu {
namespace {

constexpr double kPriorUnits = 12;
constexpr double kArcUnits = 24;  // one arc is one observation, however long the text
constexpr double kFloor = 0.01;
constexpr double kContradictionCost = 4;
constexpr double kModelWeight = 4;   // of local in a long text; 13.6 in five sentences
constexpr double kModelShare = 0.9;  // of local: told windows against strangers, .85 by gain, .53 by words

// Ceilings (upper quartile of told tales) and weights: see docs/arc.md, "Where the constants come from".
struct Scale {
  double ceiling;
  double weight;
};
constexpr Scale kOrder = {1.0, 0.28};
constexpr Scale kLocal = {0.36, 0.17};
constexpr Scale kPeakValley = {0.8, 0.05};
constexpr Scale kTension = {0.8, 0.02};
constexpr Scale kEntities = {1.0, 0.28};
constexpr Scale kConsistency = {1.0, 0.20};

double above_chance(double value, const Spread& chance) {
  if (!(chance.deviation > 0)) return 0;
  return std::max(0.0, 2 * normal_share((value - chance.mean) / chance.deviation) - 1);
}

// Of the way from chance to everything, how much.
double part_of_rest(double value, double chance) {
  return chance < 1 ? std::clamp((value - chance) / (1 - chance), 0.0, 1.0) : 0;
}

// Two figures of how things go on: mentions that find what they presume, and words that cross the weakest cut.
constexpr double kChainNone = 0.25;
constexpr double kChainFull = 0.65;
double chain_score(double chain) { return std::clamp((chain - kChainNone) / (kChainFull - kChainNone), 0.0, 1.0); }

double settled(double value, const Scale& scale, double units) {
  const double share = std::min(1.0, value / scale.ceiling);
  return (units * share + kPriorUnits * 0.5) / (units + kPriorUnits);
}

double order_score(double evidence, const Chance& chance) {
  double sum = 0;
  double count = 0;
  for (const Spread& spread : chance.evidence) {
    if (!(spread.deviation > 0)) continue;
    sum += above_chance(evidence, spread);
    count += 1;
  }
  return count > 0 ? sum / count : 0;
}

}  // namespace

Spread spread_of(std::span<const double> values) { return {mean_of(values), deviation_of(values)}; }

ArcSubscores subscores_of(const RawFigures& raw, const Chance& chance, const Facts& facts) {
  const auto units = static_cast<double>(facts.units);
  ArcSubscores scores;
  scores.order = settled(order_score(raw.evidence, chance), kOrder, units);
  const double linked = settled(part_of_rest(raw.link, chance.link.mean), kLocal, units);
  scores.local = facts.model_local ? (1 - kModelShare) * linked + kModelShare * *facts.model_local : linked;
  const double chained = settled(chain_score(raw.chain), {1, 0}, units);
  scores.entities = chained;
  if (facts.asked > 0) {
    const double resolved = settled(part_of_rest(raw.resolved, chance.resolved.mean), kEntities, facts.asked);
    scores.entities = std::sqrt(resolved * chained);
  }
  scores.consistency =
      settled(std::max(0.0, 1 - kContradictionCost * facts.contradictions / units), kConsistency, units * 4);
  if (facts.units >= kMinArcUnits) {
    scores.peak_valley =
        settled(above_chance(raw.persistence, chance.persistence), kPeakValley, std::min(units, kArcUnits));
    scores.tension = settled(above_chance(raw.tension, chance.tension), kTension, std::min(units, kArcUnits));
  }
  return scores;
}

double coherence_of(const ArcSubscores& scores, const Facts& facts) {
  const auto units = static_cast<double>(facts.units);
  const double share_of_local = facts.model_local ? kModelWeight * (units + kPriorUnits) / units : 1;
  double sum = 0;
  double weights = 0;
  const auto add = [&](const std::optional<double>& score, const Scale& scale) {
    if (!score) return;
    sum += scale.weight * exact_log(std::max(*score, kFloor));
    weights += scale.weight;
  };
  add(scores.order, kOrder);
  add(scores.local, {kLocal.ceiling, kLocal.weight * share_of_local});
  add(scores.peak_valley, kPeakValley);
  add(scores.tension, kTension);
  add(scores.entities, kEntities);
  add(scores.consistency, kConsistency);
  return weights > 0 ? 100 * exact_exp(sum / weights) : 0;
}

}  // namespace banchu
