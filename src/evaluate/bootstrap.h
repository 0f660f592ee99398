// Intervals by resampling: how far would this number have moved had other prompts been drawn?
//
// Percentile bootstrap (Efron 1979), 95 %, seeded. Pure functions. Fewer than two samples: NaN.
#pragma once

#include <cstdint>
#include <span>

namespace banchu {

struct Interval {
  double low;
  double high;
};

double mean(std::span<const double> values);  // NaN for none
double median(std::span<const double> values);

// Of sum(numerators) / sum(denominators), resampled in pairs: losses over texts of different lengths.
Interval bootstrap_ratio(std::span<const double> numerators, std::span<const double> denominators, int rounds,
                         std::uint64_t seed);
Interval bootstrap_mean(std::span<const double> values, int rounds, std::uint64_t seed);

// Of mean(after) - mean(before), each resampled by itself: they need not answer the same prompts.
Interval bootstrap_rise(std::span<const double> before, std::span<const double> after, int rounds, std::uint64_t seed);

// Of a share (values 0 or 1). When all samples agree, resampling sees no doubt at all; then the far end is the
// rule of three's, 3 / n away.
Interval share_interval(std::span<const double> hits, int rounds, std::uint64_t seed);

}  // namespace banchu
