#include "train/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace banchu::lora {

namespace {

// The pair, as a real number, that makes this many turns over the original context.
double pair_of_turns(const RopeShape& shape, std::int64_t pairs, double turns) {
  const double per_radian = static_cast<double>(shape.original_context) / (turns * 2 * std::numbers::pi);
  return static_cast<double>(pairs) * std::log(per_radian) / std::log(shape.base);
}

// m_i of the header.
double kept_share(const RopeShape& shape, std::int64_t pairs, std::int64_t pair) {
  constexpr double kFastTurns = 32, kSlowTurns = 1;
  const double low = std::max(0.0, std::floor(pair_of_turns(shape, pairs, kFastTurns)));
  const double high = std::min(static_cast<double>(2 * pairs - 1), std::ceil(pair_of_turns(shape, pairs, kSlowTurns)));
  const double way = (static_cast<double>(pair) - low) / std::max(0.001, high - low);
  return 1 - std::clamp(way, 0.0, 1.0);
}

}  // namespace

double RopeTable::frequency(std::int64_t pair) const {
  double f = std::pow(shape_.base, -static_cast<double>(pair) / static_cast<double>(pairs_));
  if (!shape_.factors.empty()) f /= static_cast<double>(shape_.factors[static_cast<std::size_t>(pair)]);
  if (shape_.stretch == 1) return f;
  const double kept = shape_.yarn ? kept_share(shape_, pairs_, pair) : 0;
  return f * (kept + (1 - kept) / shape_.stretch);
}

void RopeTable::extend(std::int64_t positions) {
  if (positions <= positions_) return;
  cosines_.resize(static_cast<std::size_t>(positions * pairs_));
  sines_.resize(cosines_.size());
  for (std::int64_t i = 0; i < pairs_; ++i) {
    const double f = frequency(i);
    for (std::int64_t t = 0; t < positions; ++t) {
      const auto at = static_cast<std::size_t>(t * pairs_ + i);
      cosines_[at] = static_cast<float>(shape_.magnitude * std::cos(static_cast<double>(t) * f));
      sines_[at] = static_cast<float>(shape_.magnitude * std::sin(static_cast<double>(t) * f));
    }
  }
  positions_ = positions;
}

}  // namespace banchu::lora
