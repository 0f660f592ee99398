#include "evaluate/bootstrap.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "base/rng.h"

namespace banchu {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double quantile(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1) + 0.5)];
}

// The mean of as many values as there are, drawn with replacement.
double resampled_mean(std::span<const double> values, Rng& rng) {
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) sum += values[static_cast<std::size_t>(rng.below(values.size()))];
  return sum / static_cast<double>(values.size());
}

}  // namespace

double mean(std::span<const double> values) {
  if (values.empty()) return kNone;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double median(std::span<const double> values) {
  if (values.empty()) return kNone;
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

Interval bootstrap_ratio(std::span<const double> numerators, std::span<const double> denominators, int rounds,
                         std::uint64_t seed) {
  const std::size_t n = numerators.size();
  if (n < 2 || rounds < 1) return {kNone, kNone};
  Rng rng(seed, "bootstrap");
  std::vector<double> ratios;
  ratios.reserve(static_cast<std::size_t>(rounds));
  for (int round = 0; round < rounds; ++round) {
    double above = 0;
    double below = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const auto drawn = static_cast<std::size_t>(rng.below(n));
      above += numerators[drawn];
      below += denominators[drawn];
    }
    ratios.push_back(above / below);
  }
  std::sort(ratios.begin(), ratios.end());
  return {quantile(ratios, 0.025), quantile(ratios, 0.975)};
}

Interval bootstrap_mean(std::span<const double> values, int rounds, std::uint64_t seed) {
  const std::vector<double> ones(values.size(), 1.0);
  return bootstrap_ratio(values, ones, rounds, seed);
}

Interval bootstrap_rise(std::span<const double> before, std::span<const double> after, int rounds, std::uint64_t seed) {
  if (before.size() < 2 || after.size() < 2 || rounds < 1) return {kNone, kNone};
  Rng rng(seed, "bootstrap");
  std::vector<double> rises;
  rises.reserve(static_cast<std::size_t>(rounds));
  for (int round = 0; round < rounds; ++round)
    rises.push_back(resampled_mean(after, rng) - resampled_mean(before, rng));
  std::sort(rises.begin(), rises.end());
  return {quantile(rises, 0.025), quantile(rises, 0.975)};
}

Interval share_interval(std::span<const double> hits, int rounds, std::uint64_t seed) {
  const double share = mean(hits);
  const double reach = hits.empty() ? 1.0 : std::min(1.0, 3.0 / static_cast<double>(hits.size()));
  if (share >= 1.0) return {1.0 - reach, 1.0};
  if (share <= 0.0) return {0.0, reach};
  return bootstrap_mean(hits, rounds, seed);
}

}  // namespace banchu
