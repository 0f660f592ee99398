#include "arc/extrema.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace banchu {
namespace {

// Alternating turning points, the ends included; of a flat top the middle.
std::vector<std::size_t> turning_points(std::span<const double> series) {
  std::vector<std::size_t> turns;
  if (series.empty()) return turns;
  turns.push_back(0);
  int direction = 0;
  std::size_t flat_from = 0;
  for (std::size_t t = 1; t < series.size(); ++t) {
    const int step = series[t] > series[t - 1] ? 1 : series[t] < series[t - 1] ? -1 : 0;
    if (step == 0) continue;
    if (direction != 0 && step != direction) turns.push_back((flat_from + t - 1) / 2);
    direction = step;
    flat_from = t;
  }
  if (series.size() > 1) turns.push_back(series.size() - 1);
  return turns;
}

// The chain of turning points as a linked list; the smallest step first.
class Cancelling {
 public:
  Cancelling(std::span<const double> series, std::vector<std::size_t> turns)
      : series_(series), turns_(std::move(turns)), next_(turns_.size()), before_(turns_.size()) {
    for (std::size_t i = 0; i < turns_.size(); ++i) {
      next_[i] = i + 1;
      before_[i] = i;  // index + 1 of the one before; 0: none
      if (i + 1 < turns_.size()) steps_.insert({height(i, i + 1), i});
    }
  }

  std::vector<std::size_t> run(double threshold) {
    while (!steps_.empty() && steps_.begin()->first < threshold && steps_.size() > 1) cancel(steps_.begin()->second);
    std::vector<std::size_t> left;
    for (std::size_t i = first_; i < turns_.size(); i = next_[i]) left.push_back(turns_[i]);
    return left;
  }

 private:
  double height(std::size_t a, std::size_t b) const {
    const double step = series_[turns_[a]] - series_[turns_[b]];
    return step < 0 ? -step : step;
  }
  // Removes the step from `a` to the one behind it. An end keeps its place; its partner goes.
  void cancel(std::size_t a) {
    const std::size_t b = next_[a];
    steps_.erase({height(a, b), a});
    const std::size_t left = before_[a];  // + 1
    const std::size_t right = next_[b];   // turns_.size(): none
    if (left != 0) steps_.erase({height(left - 1, a), left - 1});
    if (right < turns_.size()) steps_.erase({height(b, right), b});
    if (left == 0) {  // the beginning stays and is joined to what follows b
      link(a, right);
    } else if (right >= turns_.size()) {
      link(left - 1, b);
    } else {
      link(left - 1, right);
    }
  }
  void link(std::size_t a, std::size_t b) {
    next_[a] = b;
    if (b >= turns_.size()) return;
    before_[b] = a + 1;
    steps_.insert({height(a, b), a});
  }

  std::span<const double> series_;
  std::vector<std::size_t> turns_;
  std::vector<std::size_t> next_;
  std::vector<std::size_t> before_;
  std::set<std::pair<double, std::size_t>> steps_;
  std::size_t first_ = 0;
};

}  // namespace

Extrema find_extrema(std::span<const double> series, double threshold, double deviation) {
  Extrema found;
  for (std::size_t t = 1; t < series.size(); ++t) found.variation += std::abs(series[t] - series[t - 1]);
  const std::vector<std::size_t> left = Cancelling(series, turning_points(series)).run(threshold);
  for (std::size_t i = 0; i + 1 < left.size(); ++i)
    found.persistence += std::abs(series[left[i]] - series[left[i + 1]]);
  for (std::size_t i = 1; i + 1 < left.size(); ++i) {
    const double before = series[left[i]] - series[left[i - 1]];
    const double behind = series[left[i]] - series[left[i + 1]];
    const double prominence = std::min(std::abs(before), std::abs(behind)) / (deviation > 0 ? deviation : 1);
    (before > 0 ? found.peaks : found.valleys).push_back({left[i], prominence});
  }
  return found;
}

}  // namespace banchu
