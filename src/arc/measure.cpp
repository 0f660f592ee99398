#include "arc/measure.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "arc/numeric.h"
#include "arc/order_tables.h"
#include "base/rng.h"

namespace banchu {
namespace {

constexpr std::size_t kChanceLinks = 8;
constexpr double kTensionWidth = 0.04;  // share of the text
constexpr double kCutMargin = 0.15;
constexpr double kRecurrenceLink = 0.12;
constexpr double kAntecedentLink = 1.3;

}  // namespace

Measure::Measure(const Discourse& discourse, Series series, std::uint64_t seed)
    : discourse_(discourse), series_(std::move(series)), order_(discourse), places_(std::min(kMaxPlaces, units())) {
  const auto total = static_cast<double>(units());
  for (const std::uint32_t count : discourse.unit_counts()) {
    idf_.push_back(count > 1 ? static_cast<float>(exact_log((total + 1) / count)) : 0.0f);
  }
  std::vector<std::uint8_t> forms(discourse.vocabulary().size(), 0);
  for (std::size_t i = 0; i < units(); ++i) {
    asked_ += std::popcount(static_cast<unsigned>(discourse.unit(i).asks & (kAnyHe | kAnyShe | kAnyThey)));
    for (const Mention& mention : discourse.mentions(i)) forms[mention.stem] |= form_bit(mention.form);
  }
  asked_ += static_cast<double>(std::count(forms.begin(), forms.end(), 3));
  Rng rng(seed, "links");
  for (std::uint32_t i = 0; i < units(); ++i) {
    for (std::size_t c = 0; c < kChanceLinks; ++c) {
      const std::uint64_t other = rng.below(units());
      const auto stranger = static_cast<std::uint32_t>(other == i ? (other + 1) % units() : other);
      chance_links_.push_back(static_cast<float>(link(stranger, i)));
    }
  }
}

double Measure::link(std::uint32_t before, std::uint32_t at) const {
  const DiscourseUnit& a = discourse_.unit(before);
  const DiscourseUnit& b = discourse_.unit(at);
  double sum = discourse_.language() == ArcLanguage::english ? order_.adjacency(a.shape, b.shape) : 0;
  const auto left = discourse_.contents(before);
  const auto right = discourse_.contents(at);
  for (std::size_t i = 0, j = 0; i < left.size() && j < right.size();) {
    if (left[i] == right[j]) sum += kRecurrenceLink * static_cast<double>(idf_[left[i]]);
    const bool step_left = left[i] <= right[j];
    const bool step_right = right[j] <= left[i];
    i += step_left;
    j += step_right;
  }
  return sum + kAntecedentLink * std::popcount(static_cast<unsigned>(b.asks & a.offers));
}

double Measure::link_share(std::uint32_t before, std::uint32_t at) const {
  // What only says the same again does not lead on.
  if (discourse_.unit(before).fingerprint == discourse_.unit(at).fingerprint) return 0;
  const auto real = static_cast<float>(link(before, at));
  double share = 0;
  for (std::size_t c = 0; c < kChanceLinks; ++c) {
    const float chance = chance_links_[at * kChanceLinks + c];
    share += real > chance ? 1 : real < chance ? 0 : 0.5;
  }
  return share / kChanceLinks;
}

double Measure::evidence(std::span<const std::uint32_t> order, std::vector<OrderValues>* by_unit) {
  return order_.weigh(order_.measure(order, by_unit));
}

std::vector<double> Measure::pooled(std::span<const std::uint32_t> order, std::span<const double> values) const {
  std::vector<double> sums(places_, 0.0);
  std::vector<double> counts(places_, 0.0);
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    sums[place_of(rank)] += values[order[rank]];
    counts[place_of(rank)] += 1;
  }
  for (std::size_t p = 0; p < places_; ++p) sums[p] /= std::max(1.0, counts[p]);
  return sums;
}

Decoded Measure::decode(std::span<const std::uint32_t> order, const PhaseMoves& moves, const DecoderRules& rules,
                        bool with_phases) const {
  const std::vector<double> z = standardised(pooled(order, series_.valence));
  const std::vector<double> witness = pooled(order, series_.witness);
  std::vector<Place> places(places_);
  for (std::size_t p = 0; p < places_; ++p) places[p] = {z[p], witness[p], false};
  if (units() <= kMaxPlaces) {  // in a pooled place of a novel a "but" means nothing
    for (std::size_t rank = 0; rank < order.size(); ++rank)
      places[rank].contrast = discourse_.unit(order[rank]).contrast;
  }
  return decode_phases(places, moves, rules, with_phases);
}

double Measure::persistence(const Decoded& decoded, double tau) const {
  const double deviation = deviation_of(decoded.arc);
  return find_extrema(decoded.arc, tau * deviation, deviation).persistence;
}

// A cut at c is crossed by every word that stands on both sides. In a random order a word in n units crosses a cut at
// share q with probability 1 - q^n - (1 - q)^n. Told texts hang together; two texts glued into one do not at the seam.
double Measure::chain(std::span<const std::uint32_t> order) const {
  constexpr std::size_t kCounts = 32;  // a word in more units crosses nearly every cut
  const std::size_t count = order.size();
  std::vector<std::uint32_t> first(idf_.size(), 0);
  std::vector<std::uint32_t> last(idf_.size(), 0);
  for (std::uint32_t rank = 0; rank < count; ++rank) {
    for (const std::uint32_t stem : discourse_.contents(order[rank])) {
      if (first[stem] == 0) first[stem] = rank + 1;
      last[stem] = rank + 1;
    }
  }
  std::vector<double> change(count + 2, 0.0);
  std::array<double, kCounts + 1> weight{};
  for (std::size_t stem = 0; stem < idf_.size(); ++stem) {
    if (!(idf_[stem] > 0)) continue;
    change[first[stem]] += static_cast<double>(idf_[stem]);
    change[last[stem]] -= static_cast<double>(idf_[stem]);
    weight[std::min<std::size_t>(discourse_.unit_counts()[stem], kCounts)] += static_cast<double>(idf_[stem]);
  }
  double weakest = 1;
  double open = 0;
  for (std::size_t c = 1; c < count; ++c) {
    open += change[c];
    const double q = static_cast<double>(c) / static_cast<double>(count);
    if (q < kCutMargin || q > 1 - kCutMargin) continue;
    double expected = 0;
    double left = q;
    double right = 1 - q;
    for (std::size_t n = 2; n <= kCounts; ++n) {
      left *= q;
      right *= 1 - q;
      expected += weight[n] * (1 - left - right);
    }
    if (expected > 0) weakest = std::min(weakest, open / expected);
  }
  return weakest;
}

double Measure::tension(std::span<const std::uint32_t> order) const {
  const std::vector<double> z = standardised(pooled(order, series_.arousal));
  const std::vector<double> line = smoothed(z, std::max(1.5, kTensionWidth * static_cast<double>(places_)));
  if (line.empty()) return 0;
  const auto top = std::max_element(line.begin(), line.end());
  const double low = *std::min_element(line.begin(), line.end());
  return (*top - low) + (*top - line.back());
}

RawFigures Measure::figures(std::span<const std::uint32_t> order, const PhaseMoves& moves, double tau,
                            std::vector<OrderValues>* by_unit) {
  RawFigures raw;
  const OrderValues values = order_.measure(order, by_unit);
  raw.evidence = order_.weigh(values);
  if (asked_ > 0) raw.resolved = 0.5 + 0.5 * (values[kArticleFirst] + values[kAntecedent]) / order_.scale() / asked_;
  double sum = 0;
  for (std::size_t p = 1; p < order.size(); ++p) sum += link_share(order[p - 1], order[p]);
  raw.link = order.size() > 1 ? sum / static_cast<double>(order.size() - 1) : 0.5;
  raw.chain = chain(order);
  raw.persistence = persistence(decode(order, moves), tau);
  raw.tension = tension(order);
  return raw;
}

std::vector<double> smoothed(std::span<const double> series, double width) {
  const auto reach = static_cast<std::ptrdiff_t>(width * 3) + 1;
  std::vector<double> kernel;
  for (std::ptrdiff_t d = 0; d <= reach; ++d) {
    kernel.push_back(exact_exp(-0.5 * static_cast<double>(d * d) / (width * width)));
  }
  const auto count = static_cast<std::ptrdiff_t>(series.size());
  std::vector<double> out(series.size());
  for (std::ptrdiff_t t = 0; t < count; ++t) {
    double sum = 0;
    double weight = 0;
    for (std::ptrdiff_t s = std::max<std::ptrdiff_t>(0, t - reach); s <= std::min(count - 1, t + reach); ++s) {
      const double w = kernel[static_cast<std::size_t>(s < t ? t - s : s - t)];
      sum += w * series[static_cast<std::size_t>(s)];
      weight += w;
    }
    out[static_cast<std::size_t>(t)] = sum / weight;
  }
  return out;
}

}  // namespace banchu
