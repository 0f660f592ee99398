// Private to arc/: ridge regression of several targets on one matrix, its strength chosen by cross-validation.
//
// Minimises |y - X w|^2 + lambda n |w|^2 by the normal equations (Hoerl and Kennard 1970) and Cholesky's factors, every
// sum in double and in a fixed order: the same rows give the same weights, bit by bit. Columns and targets are expected
// around 0, columns of spread 1. Cost: n d^2 for the products, d^3 / 3 for each of 31 factorisations; d^2 doubles a
// fold. Threads: any. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

namespace banchu {

inline constexpr std::size_t kFolds = 5;
inline constexpr std::array<double, 6> kRidgeStrengths = {0.03, 0.1, 0.3, 1, 3, 10};

struct RidgeProblem {
  std::size_t columns = 0;
  std::vector<std::vector<float>> x;   // [rows][columns]
  std::vector<std::vector<double>> y;  // [targets][rows]
  std::vector<std::size_t> fold;       // [rows], 0 .. kFolds - 1
};

struct RidgeFit {
  double strength = 0;              // of kRidgeStrengths, the one of the smallest error on rows held out
  std::vector<double> weights;      // [columns], of all rows
  std::vector<double> predictions;  // [rows], each by the folds that it is not in
};

std::vector<RidgeFit> fit_ridge(const RidgeProblem& problem);  // [targets]

}  // namespace banchu
