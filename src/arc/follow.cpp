#include "arc/follow.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <unordered_set>

#include "arc/numeric.h"

namespace banchu {
namespace {

constexpr std::size_t kRun = 4;  // words

// A logistic fit on the differences of told windows and damaged ones (C = .01 in spreads of the differences), then on
// single windows: which of the two is this? 80 windows, five damages of equal weight.
constexpr double kRelative = 10.67;
constexpr double kCapped = 0.61;
constexpr double kFresh = 0.48;
constexpr double kOverlap = -4.18;
constexpr double kRepeated = -7.45;
constexpr double kHalfWay = -2.64;

using Run = std::array<std::uint32_t, kRun>;

std::vector<Run> runs_of(std::span<const std::uint32_t> words) {
  std::vector<Run> runs;
  for (std::size_t i = 0; i + kRun <= words.size(); ++i) {
    std::copy_n(words.begin() + static_cast<std::ptrdiff_t>(i), kRun, runs.emplace_back().begin());
  }
  return runs;
}

std::vector<std::uint32_t> distinct(std::span<const std::uint32_t> words) {
  std::vector<std::uint32_t> set(words.begin(), words.end());
  std::sort(set.begin(), set.end());
  set.erase(std::unique(set.begin(), set.end()), set.end());
  return set;
}

double shared(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b) {
  std::vector<std::uint32_t> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  const std::size_t smaller = std::min(a.size(), b.size());
  return smaller == 0 ? 0 : static_cast<double>(both.size()) / static_cast<double>(smaller);
}

void add_repetition(const Discourse& discourse, std::size_t unit, FollowFigures& figures) {
  const std::vector<std::uint32_t> own = distinct(discourse.words(unit));
  std::vector<Run> before;
  for (std::size_t other = unit > kLookBack ? unit - kLookBack : 0; other < unit; ++other) {
    figures.overlap = std::max(figures.overlap, shared(own, distinct(discourse.words(other))));
    for (const Run& run : runs_of(discourse.words(other))) before.push_back(run);
  }
  const std::vector<Run> runs = runs_of(discourse.words(unit));
  double again = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto here = runs.begin() + static_cast<std::ptrdiff_t>(i);
    again += std::find(runs.begin(), here, runs[i]) != here ||
             std::find(before.begin(), before.end(), runs[i]) != before.end();
  }
  if (!runs.empty()) figures.repeated = again / static_cast<double>(runs.size());
}

void add_gain(const TwiceRead& unit, const std::unordered_set<Token>& known, FollowFigures& figures) {
  const double alone = sum_of(unit.alone);
  figures.relative = (sum_of(unit.in_context) - alone) / std::max(1.0, -alone);
  double capped = 0, fresh = 0, fresh_tokens = 0;
  for (std::size_t i = 0; i < unit.tokens.size(); ++i) {
    const std::size_t from_end = unit.tokens.size() - i;
    if (from_end > unit.alone.size()) continue;
    const double gain =
        static_cast<double>(unit.in_context[i]) - static_cast<double>(unit.alone[unit.alone.size() - from_end]);
    const double bounded = std::clamp(gain, -kGainCap, kGainCap);
    capped += bounded;
    if (known.contains(unit.tokens[i])) continue;
    fresh += bounded;
    fresh_tokens += 1;
  }
  if (!unit.tokens.empty()) figures.capped = capped / static_cast<double>(unit.tokens.size());
  if (fresh_tokens > 0) figures.fresh = fresh / fresh_tokens;
}

}  // namespace

double sum_of(std::span<const float> values) {
  return std::accumulate(values.begin(), values.end(), 0.0,
                         [](double sum, float value) { return sum + static_cast<double>(value); });
}

std::vector<FollowFigures> follow_figures(std::span<const TwiceRead> read, const Discourse& discourse) {
  std::vector<FollowFigures> all;
  std::unordered_set<Token> known;
  for (std::size_t unit = 0; unit < read.size(); ++unit) {
    if (unit > 0) {
      FollowFigures figures;
      add_gain(read[unit], known, figures);
      add_repetition(discourse, unit, figures);
      all.push_back(figures);
    }
    known.insert(read[unit].tokens.begin(), read[unit].tokens.end());
  }
  return all;
}

double follow_share(std::span<const FollowFigures> figures) {
  if (figures.empty()) return 0.5;
  double sum = 0;
  for (const FollowFigures& unit : figures) {
    sum += kRelative * unit.relative + kCapped * unit.capped + kFresh * unit.fresh + kOverlap * unit.overlap +
           kRepeated * unit.repeated;
  }
  return sigmoid(kHalfWay + sum / static_cast<double>(figures.size()));
}

}  // namespace banchu
