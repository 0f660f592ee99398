#include "arc/numeric.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>

namespace banchu {
namespace {

constexpr double kLn2High = 0x1.62e42fefa0000p-1;  // ln 2 in two parts, so that k * high is exact
constexpr double kLn2Low = 0x1.cf79abc9e3b3ap-40;
constexpr double kTwoPi = 0x1.921fb54442d18p+2;

// 1/n! and 1/(2n+1), divided once.
constexpr std::array<double, 15> kOverFactorial = [] {
  std::array<double, 15> over{};
  double factorial = 1;
  for (std::size_t n = 0; n < over.size(); ++n) {
    over[n] = 1 / factorial;
    factorial *= static_cast<double>(n + 1);
  }
  return over;
}();
constexpr std::array<double, 12> kOverOdd = [] {
  std::array<double, 12> over{};
  for (std::size_t n = 0; n < over.size(); ++n) over[n] = 1 / static_cast<double>(2 * n + 1);
  return over;
}();

// 2^k for -1074 <= k <= 1023, in two factors so that subnormal results are rounded once.
double times_power_of_two(double x, int k) {
  const auto power = [](int e) { return std::bit_cast<double>(static_cast<std::uint64_t>(e + 1023) << 52); };
  if (k < -1022) return x * power(k + 200) * power(-200);
  return k > 1023 ? x * power(k - 1) * 2 : x * power(k);
}

std::vector<double> ranks_of(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t i = 0; i < order.size();) {
    std::size_t j = i;
    while (j < order.size() && !(values[order[i]] < values[order[j]])) ++j;
    for (std::size_t k = i; k < j; ++k) ranks[order[k]] = 0.5 * static_cast<double>(i + j - 1);
    i = j;
  }
  return ranks;
}

}  // namespace

double exact_exp(double x) {
  if (!(x >= -745)) return 0;
  if (x > 709.7) return std::numeric_limits<double>::infinity();
  const double k = std::floor(x * 0x1.71547652b82fep+0 + 0.5);
  const double r = (x - k * kLn2High) - k * kLn2Low;  // |r| <= 0.35
  double sum = 0;
  for (std::size_t n = kOverFactorial.size(); n-- > 0;) sum = sum * r + kOverFactorial[n];  // r^15/15! is below 1e-18
  return times_power_of_two(sum, static_cast<int>(k));
}

double exact_log(double x) {
  if (!(x > 0)) return -std::numeric_limits<double>::infinity();
  int exponent = 0;
  double m = std::frexp(x, &exponent);  // [0.5, 1)
  if (m < 0x1.6a09e667f3bcdp-1) {
    m *= 2;
    --exponent;
  }
  const double s = (m - 1) / (m + 1);  // log m = 2 atanh s, |s| <= 0.172
  const double square = s * s;
  double sum = 0;
  for (std::size_t n = kOverOdd.size(); n-- > 0;) sum = sum * square + kOverOdd[n];
  return (exponent * kLn2Low + 2 * s * sum) + exponent * kLn2High;
}

double exact_cos(double x) {
  const double r = x - kTwoPi * std::floor(x / kTwoPi + 0.5);  // [-pi, pi]
  const double square = r * r;
  double sum = 1;
  for (int n = 28; n >= 2; n -= 2) sum = 1 - sum * square / (n * (n - 1));
  return sum;
}

double mean_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double deviation_of(std::span<const double> values) {
  if (values.size() < 2) return 0;
  const double mean = mean_of(values);
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return std::sqrt(sum / static_cast<double>(values.size()));
}

double median_of(std::vector<double> values) { return quantile_of(std::move(values), 0.5); }

double quantile_of(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double place = q * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(place);
  const std::size_t high = std::min(low + 1, values.size() - 1);
  return values[low] + (place - static_cast<double>(low)) * (values[high] - values[low]);
}

double rank_correlation(std::span<const double> a, std::span<const double> b) {
  const std::vector<double> x = ranks_of(a);
  const std::vector<double> y = ranks_of(b);
  const double mean_x = mean_of(x);
  const double mean_y = mean_of(y);
  double both = 0;
  for (std::size_t i = 0; i < x.size(); ++i) both += (x[i] - mean_x) * (y[i] - mean_y);
  const double scale = deviation_of(x) * deviation_of(y) * static_cast<double>(x.size());
  return scale > 0 ? both / scale : 0;
}

}  // namespace banchu
