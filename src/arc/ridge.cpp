// A letter to the reader. Ridge regression asks for one w, and w is the solution of (X'X + l I) w = X'y. X'X is a sum
// over rows, so the sum without a fold is the whole sum less that fold's: the rows are multiplied once, however many
// folds are held out. What is left is to solve a symmetric positive definite system, which Cholesky does: find the
// triangular U with U'U = A, then go down and up through it. Both loops below run along rows of memory and add one
// multiple of a row to another, which a compiler turns into wide instructions without changing the order of any sum.
#include "arc/ridge.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace banchu {
namespace {

constexpr std::size_t kRowsAtOnce = 16;  // a row of the square is fetched once for so many rows of the matrix

// The upper triangle of a symmetric matrix, rows of full length.
class Square {
 public:
  explicit Square(std::size_t size) : size_(size), values_(size * size, 0.0) {}
  std::size_t size() const { return size_; }
  double* row(std::size_t i) { return values_.data() + i * size_; }
  const double* row(std::size_t i) const { return values_.data() + i * size_; }

  void add_products(std::span<const std::vector<float>* const> rows) {
    for (std::size_t first = 0; first < rows.size(); first += kRowsAtOnce) {
      const auto some = rows.subspan(first, std::min(kRowsAtOnce, rows.size() - first));
      for (std::size_t i = 0; i < size_; ++i) {
        for (const std::vector<float>* x : some) add_product(row(i), *x, i);
      }
    }
  }
  void add(const Square& other, double sign) {
    for (std::size_t k = 0; k < values_.size(); ++k) values_[k] += sign * other.values_[k];
  }
  // A + shift I = U'U, in place.
  void factorise(double shift) {
    for (std::size_t i = 0; i < size_; ++i) row(i)[i] += shift;
    for (std::size_t k = 0; k < size_; ++k) {
      double* pivot = row(k);
      // Never hit with shift > 0, but for rounding.
      const double root = std::sqrt(std::max(pivot[k], std::numeric_limits<double>::min()));
      for (std::size_t j = k; j < size_; ++j) pivot[j] /= root;
      for (std::size_t i = k + 1; i < size_; ++i) {
        double* target = row(i);
        const double factor = pivot[i];
        for (std::size_t j = i; j < size_; ++j) target[j] -= factor * pivot[j];
      }
    }
  }
  // U'U w = b, after factorise().
  std::vector<double> solve(std::vector<double> b) const {
    for (std::size_t i = 0; i < size_; ++i) {
      b[i] /= row(i)[i];
      for (std::size_t j = i + 1; j < size_; ++j) b[j] -= row(i)[j] * b[i];
    }
    for (std::size_t i = size_; i-- > 0;) {
      for (std::size_t j = i + 1; j < size_; ++j) b[i] -= row(i)[j] * b[j];
      b[i] /= row(i)[i];
    }
    return b;
  }

 private:
  void add_product(double* target, const std::vector<float>& x, std::size_t i) const {
    const auto factor = static_cast<double>(x[i]);
    for (std::size_t j = i; j < size_; ++j) target[j] += factor * static_cast<double>(x[j]);
  }

  std::size_t size_;
  std::vector<double> values_;
};

double product(const std::vector<float>& x, const std::vector<double>& w) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += static_cast<double>(x[i]) * w[i];
  return sum;
}

class RidgeSolver {
 public:
  explicit RidgeSolver(const RidgeProblem& problem) : problem_(problem), all_(problem.columns) {
    all_products_.assign(problem.y.size(), std::vector<double>(problem.columns, 0.0));
    for (std::size_t fold = 0; fold < kFolds; ++fold) add_fold(fold);
  }

  std::vector<RidgeFit> run() {
    predictions_.assign(problem_.y.size(), {});
    for (auto& of_target : predictions_) of_target.fill(std::vector<double>(problem_.x.size(), 0.0));
    for (std::size_t fold = 0; fold < kFolds; ++fold) {
      if (!rows_[fold].empty()) hold_out(fold);
    }
    std::vector<RidgeFit> fits;
    for (std::size_t t = 0; t < problem_.y.size(); ++t) fits.push_back(choose(t));
    fit_all(fits);
    return fits;
  }

 private:
  void add_fold(std::size_t fold) {
    std::vector<const std::vector<float>*> rows;
    std::vector<std::vector<double>> products(problem_.y.size(), std::vector<double>(problem_.columns, 0.0));
    rows_.emplace_back();
    for (std::size_t r = 0; r < problem_.x.size(); ++r) {
      if (problem_.fold[r] != fold) continue;
      rows_.back().push_back(r);
      rows.push_back(&problem_.x[r]);
      for (std::size_t t = 0; t < products.size(); ++t) {
        for (std::size_t i = 0; i < problem_.columns; ++i) {
          products[t][i] += problem_.y[t][r] * static_cast<double>(problem_.x[r][i]);
        }
      }
    }
    squares_.emplace_back(problem_.columns);
    squares_.back().add_products(rows);
    all_.add(squares_.back(), 1);
    for (std::size_t t = 0; t < products.size(); ++t) {
      for (std::size_t i = 0; i < problem_.columns; ++i) all_products_[t][i] += products[t][i];
    }
    products_.push_back(std::move(products));
  }

  void hold_out(std::size_t fold) {
    Square rest = all_;
    rest.add(squares_[fold], -1);
    const auto rows = static_cast<double>(problem_.x.size() - rows_[fold].size());
    for (std::size_t s = 0; s < kRidgeStrengths.size(); ++s) {
      Square factors = rest;
      factors.factorise(kRidgeStrengths[s] * rows);
      for (std::size_t t = 0; t < problem_.y.size(); ++t) {
        std::vector<double> b = all_products_[t];
        for (std::size_t i = 0; i < b.size(); ++i) b[i] -= products_[fold][t][i];
        const std::vector<double> w = factors.solve(std::move(b));
        for (const std::size_t r : rows_[fold]) predictions_[t][s][r] = product(problem_.x[r], w);
      }
    }
  }

  RidgeFit choose(std::size_t t) {
    std::size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t s = 0; s < kRidgeStrengths.size(); ++s) {
      double error = 0;
      for (std::size_t r = 0; r < problem_.x.size(); ++r) {
        const double off = predictions_[t][s][r] - problem_.y[t][r];
        error += off * off;
      }
      if (error < least) best = s;
      least = std::min(least, error);
    }
    return {kRidgeStrengths[best], {}, std::move(predictions_[t][best])};
  }

  void fit_all(std::vector<RidgeFit>& fits) {
    for (const double strength : kRidgeStrengths) {
      const bool is_wanted = std::ranges::any_of(fits, [&](const RidgeFit& fit) { return fit.strength == strength; });
      if (!is_wanted) continue;
      Square factors = all_;
      factors.factorise(strength * static_cast<double>(problem_.x.size()));
      for (std::size_t t = 0; t < fits.size(); ++t) {
        if (fits[t].strength == strength) fits[t].weights = factors.solve(all_products_[t]);
      }
    }
  }

  const RidgeProblem& problem_;
  Square all_;
  std::vector<std::vector<double>> all_products_;  // X'y [targets][columns]
  std::vector<Square> squares_;                    // X'X of each fold
  std::vector<std::vector<std::vector<double>>> products_;
  std::vector<std::vector<std::size_t>> rows_;  // of each fold
  std::vector<std::array<std::vector<double>, kRidgeStrengths.size()>> predictions_;
};

}  // namespace

std::vector<RidgeFit> fit_ridge(const RidgeProblem& problem) { return RidgeSolver(problem).run(); }

}  // namespace banchu
