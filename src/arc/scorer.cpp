#include "arc/scorer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "arc/numeric.h"
#include "arc/shuffle.h"

namespace banchu {
namespace {

constexpr std::size_t kShownEvidence = 40;
constexpr double kSmallestPoints = 0.05;
constexpr std::size_t kManyUnits = 20000;  // a novel's chance is as well known from fewer shuffles
constexpr int kFewShuffles = 8;

std::vector<double> column(const std::vector<RawFigures>& rows, double RawFigures::*field) {
  std::vector<double> values;
  values.reserve(rows.size());
  for (const RawFigures& row : rows) values.push_back(row.*field);
  return values;
}

bool contradicts(ViolationKind kind) { return kind == ViolationKind::repetition || kind == ViolationKind::address; }
bool unresolved(ViolationKind kind) { return kind == ViolationKind::article || kind == ViolationKind::pronoun; }

}  // namespace

ArcScorer::ArcScorer(const Discourse& discourse, Series series, std::vector<std::string> speakers,
                     std::optional<double> model_local, const ArcOptions& options)
    : measure_(discourse, std::move(series), options.seed),
      moves_(measure_.moves(options.gamma)),
      speakers_(std::move(speakers)),
      options_(options) {
  told_.resize(discourse.size());
  std::iota(told_.begin(), told_.end(), 0u);
  violations_ = find_violations(discourse, speakers_);
  const auto contradictions =
      std::count_if(violations_.begin(), violations_.end(), [](const Violation& v) { return contradicts(v.kind); });
  facts_ = {discourse.size(), measure_.asked(), static_cast<double>(contradictions), model_local};
}

Status ArcScorer::check_cancelled() const {
  return is_cancelled(options_.cancel) ? Status(make_error(Code::Cancelled, "stopped while measuring")) : Status();
}

Status ArcScorer::run(Reading& reading) {
  raw_ = measure_.figures(told_, moves_, options_.tau, &by_unit_);
  decoded_ = measure_.decode(told_, moves_, {}, true);
  BANCHU_TRY_STATUS(measure_order_chance());
  BANCHU_TRY_STATUS(measure_chance());
  reading.subscores = subscores_of(raw_, chance_, facts_);
  reading.coherence = coherence_of(reading.subscores, facts_);
  fill_arc(reading);
  if (options_.with_interval) {
    fill_null(reading);
    fill_interval(reading);
    BANCHU_TRY_STATUS(fill_grid(reading));
  }
  fill_evidence(reading);
  return {};
}

ArcSubscores ArcScorer::subscores_by_words() const {
  Facts facts = facts_;
  facts.model_local.reset();
  return subscores_of(raw_, chance_, facts);
}

Status ArcScorer::measure_order_chance() {
  const int shuffles = facts_.units > kManyUnits ? kFewShuffles : kOrderShuffles;
  chance_weight_.assign(facts_.units, 0.0);
  std::vector<OrderValues> by_unit;
  double orders = 0;
  for (std::size_t b = 0; b < kBlocks.size(); ++b) {
    if (facts_.units <= kBlocks[b]) continue;
    std::vector<double> evidence;
    for (int i = 0; i < shuffles; ++i) {
      BANCHU_TRY_STATUS(check_cancelled());
      Rng rng(options_.seed * 1000 + kBlocks[b] * 100 + static_cast<std::uint64_t>(i), "order");
      const Order order = shuffled_blocks(facts_.units, kBlocks[b], rng);
      evidence.push_back(measure_.evidence(order, &by_unit));
      for (std::size_t u = 0; u < facts_.units; ++u) chance_weight_[u] += measure_.weigh(by_unit[u]);
      orders += 1;
    }
    chance_.evidence[b] = spread_of(evidence);
  }
  for (double& weight : chance_weight_) weight /= std::max(1.0, orders);
  return {};
}

// Mean and spread of the other figures, over shuffles of single units; and, for the null, over all block sizes.
Status ArcScorer::measure_chance() {
  for (int i = 0; i < kChanceShuffles; ++i) {
    BANCHU_TRY_STATUS(check_cancelled());
    Rng rng(options_.seed + static_cast<std::uint64_t>(i), "chance");
    chance_orders_.push_back(shuffled_blocks(facts_.units, 1, rng));
    chance_raw_.push_back(measure_.figures(chance_orders_.back(), moves_, options_.tau));
  }
  chance_.resolved = spread_of(column(chance_raw_, &RawFigures::resolved));
  chance_.link = spread_of(column(chance_raw_, &RawFigures::link));
  chance_.persistence = spread_of(column(chance_raw_, &RawFigures::persistence));
  chance_.tension = spread_of(column(chance_raw_, &RawFigures::tension));
  return {};
}

double ArcScorer::coherence_with(const RawFigures& raw, const Facts& facts) const {
  return coherence_of(subscores_of(raw, chance_, facts), facts);
}

void ArcScorer::fill_arc(Reading& reading) const {
  const std::size_t places = measure_.places();
  reading.arc.resize(facts_.units);
  for (std::size_t u = 0; u < facts_.units; ++u) reading.arc[u] = decoded_.arc[measure_.place_of(u)];
  for (std::size_t u = 0; u < facts_.units; ++u) {
    const Phase phase = decoded_.phases[measure_.place_of(u)];
    if (reading.phases.empty() || reading.phases.back().phase != phase) reading.phases.push_back({phase, u, u});
    reading.phases.back().end = u + 1;
  }
  if (facts_.units < kMinArcUnits) return;
  const double deviation = deviation_of(decoded_.arc);
  Extrema extrema = find_extrema(decoded_.arc, options_.tau * deviation, deviation);
  const auto to_units = [&](std::vector<Extremum> found) {
    for (Extremum& extremum : found) extremum.at = (extremum.at * facts_.units + facts_.units / 2) / places;
    return found;
  };
  reading.peaks = to_units(std::move(extrema.peaks));
  reading.valleys = to_units(std::move(extrema.valleys));
}

void ArcScorer::fill_null(Reading& reading) const {
  std::vector<double> null;
  for (const RawFigures& raw : chance_raw_) null.push_back(coherence_with(raw, facts_));
  reading.null = median_of(std::move(null));
}

Status ArcScorer::fill_grid(Reading& reading) {
  std::vector<double> all;
  const Chance kept = chance_;
  for (const double gamma : kGammas) {
    const PhaseMoves moves = measure_.moves(gamma);
    const Decoded told = measure_.decode(told_, moves);
    std::vector<Decoded> chance;
    for (const Order& order : chance_orders_) {
      BANCHU_TRY_STATUS(check_cancelled());
      chance.push_back(measure_.decode(order, moves));
    }
    for (const double tau : kTaus) {
      RawFigures raw = raw_;
      raw.persistence = measure_.persistence(told, tau);
      std::vector<double> persistences;
      for (const Decoded& one : chance) persistences.push_back(measure_.persistence(one, tau));
      chance_.persistence = spread_of(persistences);
      reading.grid.push_back({gamma, tau, coherence_with(raw, facts_)});
      all.push_back(reading.grid.back().coherence);
    }
  }
  chance_ = kept;
  reading.robust = median_of(std::move(all));
  return {};
}

// Moving-block bootstrap: blocks of sqrt(T) units are drawn with replacement; every figure is a sum over units.
void ArcScorer::fill_interval(Reading& reading) const {
  const auto units = static_cast<double>(facts_.units);
  const auto block = std::max<std::size_t>(1, static_cast<std::size_t>(std::sqrt(units)));
  std::vector<double> bad(facts_.units, 0.0);
  std::vector<double> contradictions(facts_.units, 0.0);
  for (const Violation& violation : violations_) {
    bad[violation.unit] += unresolved(violation.kind);
    contradictions[violation.unit] += contradicts(violation.kind);
  }
  std::vector<double> links(facts_.units, raw_.link);
  for (std::uint32_t u = 1; u < facts_.units; ++u) links[u] = measure_.link_share(u - 1, u);
  double height = 1e-12;
  for (std::size_t u = 0; u < facts_.units; ++u) height += std::abs(reading.arc[u]);
  double expected = 0;
  for (const double weight : chance_weight_) expected += weight;

  std::vector<double> draws;
  Rng rng(options_.seed, "interval");
  for (int i = 0; i < kBootstraps; ++i) {
    double excess = 0, unsolved = 0, contradicted = 0, link = 0, arc = 0;
    std::size_t drawn = 0;
    while (drawn < facts_.units) {
      const std::size_t begin = rng.below(facts_.units - block + 1);
      for (std::size_t u = begin; u < begin + block && drawn < facts_.units; ++u, ++drawn) {
        excess += measure_.weigh(by_unit_[u]) - chance_weight_[u];
        unsolved += bad[u];
        contradicted += contradictions[u];
        link += links[u];
        arc += std::abs(reading.arc[u]) / height;
      }
    }
    RawFigures raw = raw_;
    raw.evidence = expected + excess;
    raw.link = link / units;
    if (facts_.asked > 0) {
      const double now = std::accumulate(bad.begin(), bad.end(), 0.0);
      raw.resolved = std::min(1.0, raw_.resolved + (now - unsolved) / facts_.asked);
    }
    raw.persistence = raw_.persistence * arc;
    Facts facts = facts_;
    facts.contradictions = contradicted;
    draws.push_back(coherence_with(raw, facts));
  }
  reading.interval = std::array<double, 2>{quantile_of(draws, 0.025), quantile_of(draws, 0.975)};
}

// A violation's points: the coherence of the text without it, taken away from the one with it.
void ArcScorer::fill_evidence(Reading& reading) {
  const double now = *reading.coherence;
  std::vector<Evidence> all;
  for (const Violation& violation : violations_) {
    RawFigures raw = raw_;
    Facts facts = facts_;
    if (unresolved(violation.kind)) raw.resolved = std::min(1.0, raw.resolved + 1 / facts_.asked);
    if (contradicts(violation.kind)) facts.contradictions -= 1;
    if (violation.kind == ViolationKind::quote) {
      OrderValues quote{};
      quote[kQuotes] = measure_.scale();
      raw.evidence += measure_.weigh(quote);
    }
    all.push_back({violation.unit, now - coherence_with(raw, facts), violation_name(violation.kind), violation.detail});
  }
  add_rule_evidence(reading, all);
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.points < b.points; });
  std::erase_if(all, [](const Evidence& e) { return std::abs(e.points) < kSmallestPoints; });
  if (all.size() > kShownEvidence) all.resize(kShownEvidence);
  reading.evidence = std::move(all);
}

// The decoder's rules, each switched off once: what did it give or take, and where did it move the arc most?
void ArcScorer::add_rule_evidence(const Reading& reading, std::vector<Evidence>& all) {
  if (facts_.units < kMinArcUnits) return;
  const std::array<std::pair<const char*, DecoderRules>, 3> rules = {{{"decoder: contrast", {false, true, true}},
                                                                      {"decoder: position", {true, false, true}},
                                                                      {"decoder: repetition", {true, true, false}}}};
  for (const auto& [name, without] : rules) {
    const Decoded other = measure_.decode(told_, moves_, without);
    RawFigures raw = raw_;
    raw.persistence = measure_.persistence(other, options_.tau);
    std::size_t most = 0;
    double moved = 0;
    for (std::size_t u = 0; u < facts_.units; ++u) {
      const double by = std::abs(other.arc[measure_.place_of(u)] - reading.arc[u]);
      if (by > moved) most = u;
      moved = std::max(moved, by);
    }
    if (moved > 0) all.push_back({most, *reading.coherence - coherence_with(raw, facts_), name, ""});
  }
}

}  // namespace banchu
