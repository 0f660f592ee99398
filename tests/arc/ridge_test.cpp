#include "arc/ridge.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"

namespace banchu {
namespace {

constexpr std::size_t kRows = 90;
constexpr std::size_t kColumns = 7;

RidgeProblem noisy(double noise) {
  Rng rng(5, "ridge");
  RidgeProblem problem;
  problem.columns = kColumns;
  problem.y.assign(2, {});
  for (std::size_t r = 0; r < kRows; ++r) {
    std::vector<float> row(kColumns);
    for (float& x : row) x = static_cast<float>(rng.normal());
    problem.y[0].push_back(2.0 * static_cast<double>(row[1]) - static_cast<double>(row[4]) + noise * rng.normal());
    problem.y[1].push_back(rng.normal());  // of nothing
    problem.x.push_back(row);
    problem.fold.push_back(r % kFolds);
  }
  return problem;
}

// By elimination with pivots on the full matrix: another way to the same solution.
std::vector<double> solved_otherwise(const RidgeProblem& problem, std::size_t target, double strength,
                                     std::size_t without_fold) {
  const std::size_t n = problem.columns;
  std::vector<std::vector<double>> a(n, std::vector<double>(n + 1, 0.0));
  double rows = 0;
  for (std::size_t r = 0; r < problem.x.size(); ++r) {
    if (problem.fold[r] == without_fold) continue;
    rows += 1;
    for (std::size_t i = 0; i < n; ++i) {
      const auto x = static_cast<double>(problem.x[r][i]);
      for (std::size_t j = 0; j < n; ++j) a[i][j] += x * static_cast<double>(problem.x[r][j]);
      a[i][n] += x * problem.y[target][r];
    }
  }
  for (std::size_t i = 0; i < n; ++i) a[i][i] += strength * rows;
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t best = k;
    for (std::size_t i = k; i < n; ++i) best = std::abs(a[i][k]) > std::abs(a[best][k]) ? i : best;
    std::swap(a[k], a[best]);
    for (std::size_t i = 0; i < n; ++i) {
      if (i == k) continue;
      const double factor = a[i][k] / a[k][k];
      for (std::size_t j = k; j <= n; ++j) a[i][j] -= factor * a[k][j];
    }
  }
  std::vector<double> w;
  for (std::size_t i = 0; i < n; ++i) w.push_back(a[i][n] / a[i][i]);
  return w;
}

TEST(Ridge, SolvesTheNormalEquationsOfAllRows) {
  const RidgeProblem problem = noisy(0.5);
  const std::vector<RidgeFit> fits = fit_ridge(problem);
  for (std::size_t t = 0; t < 2; ++t) {
    const std::vector<double> w = solved_otherwise(problem, t, fits[t].strength, kFolds);
    for (std::size_t i = 0; i < kColumns; ++i) EXPECT_NEAR(fits[t].weights[i], w[i], 1e-9);
  }
}

TEST(Ridge, PredictsARowFromTheFoldsThatItIsNotIn) {
  const RidgeProblem problem = noisy(0.5);
  const RidgeFit fit = fit_ridge(problem)[0];
  for (std::size_t r = 0; r < 10; ++r) {
    const std::vector<double> w = solved_otherwise(problem, 0, fit.strength, problem.fold[r]);
    double predicted = 0;
    for (std::size_t i = 0; i < kColumns; ++i) predicted += w[i] * static_cast<double>(problem.x[r][i]);
    EXPECT_NEAR(fit.predictions[r], predicted, 1e-9);
  }
}

TEST(Ridge, HoldsBackWhereThereIsNothingToLearn) {
  const std::vector<RidgeFit> fits = fit_ridge(noisy(0.1));
  EXPECT_EQ(fits[0].strength, kRidgeStrengths.front());
  EXPECT_GE(fits[1].strength, 3);
}

TEST(Ridge, ColumnsThatSayNothingAndColumnsThatRepeatAreNoFault) {
  RidgeProblem problem = noisy(0.1);
  for (auto& row : problem.x) {
    row[0] = 0;
    row[2] = row[1];
  }
  const RidgeFit fit = fit_ridge(problem)[0];
  for (const double weight : fit.weights) EXPECT_TRUE(std::isfinite(weight));
}

}  // namespace
}  // namespace banchu
