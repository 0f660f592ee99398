// Private to arc/: the few transcendental functions that scores need, the same bits on every machine.
//
// The C library's exp and log differ in the last bit between versions and processors. These use only +, -, *, / and
// sqrt, which IEEE 754 fixes, and the room is compiled without contraction into fused multiply-adds (CMakeLists.txt).
// Relative error below 1e-14 against the C library (tests/arc/numeric_test.cpp).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace banchu {

double exact_exp(double x);  // 0 below -745, infinity above 709
double exact_log(double x);  // x > 0
double exact_cos(double x);  // |x| < 1e6
inline double sigmoid(double x) { return x >= 0 ? 1 / (1 + exact_exp(-x)) : exact_exp(x) / (1 + exact_exp(x)); }
// The standard normal distribution function by its logistic approximation (error below 0.01): sigmoid(1.702 x).
inline double normal_share(double x) { return sigmoid(1.702 * x); }

double mean_of(std::span<const double> values);       // 0 of nothing
double deviation_of(std::span<const double> values);  // population; 0 of fewer than 2
double median_of(std::vector<double> values);         // 0 of nothing
// The q-quantile, linear between order statistics.
double quantile_of(std::vector<double> values, double q);
// Spearman's rank correlation, mean ranks for ties; 0 when one side is constant.
double rank_correlation(std::span<const double> a, std::span<const double> b);

}  // namespace banchu
