#include "arc/turning_points.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "arc/numeric.h"

namespace banchu {
namespace {

constexpr std::size_t kAround = 3;  // units before and behind
constexpr double kEdge = 0.03;
constexpr std::array<std::string_view, 11> kContrast = {"but",    "however", "despite", "although", "though", "instead",
                                                        "하지만", "그러나",  "그런데",  "그렇지만", "그래도"};

// Made by tools/make_arc_turning.py.
constexpr std::array<TurningFeatures, kTurningPoints> kWeights = {{
    {-12.67, -1.552, 1.897, 2.592, 0.7398, -0.2887, -0.451, 0.03705, 0.3888},
    {-14.81, -2.402, 6.233, 2.875, 0.3677, 0.3711, 0.1735, -0.2254, 0.1813},
    {13.25, -12.09, 7.338, 6.663, 0.2757, 0.7338, 0.1178, -0.1502, 0.413},
    {13.92, 6.66, 3.897, 7.292, 0.4303, 4.401, 0.2012, -0.3575, 0.8119},
    {12.97, 3.85, 3.737, 1.945, 0.3183, 1.462, -0.06046, 1.622, 0.4634},
}};

bool has_contrast(const Discourse& discourse, std::size_t unit) {
  if (discourse.unit(unit).contrast) return true;
  return std::ranges::any_of(discourse.words(unit), [&](std::uint32_t id) {
    return std::ranges::find(kContrast, discourse.vocabulary().word(id).text) != kContrast.end();
  });
}

// Of the words that stand in more than one unit, how many stand in one of [begin, end) too?
double shared_with(const Discourse& discourse, std::size_t unit, std::size_t begin, std::size_t end) {
  double shared = 0;
  double repeated = 0;
  for (const std::uint32_t stem : discourse.contents(unit)) {
    if (discourse.unit_counts()[stem] < 2) continue;
    repeated += 1;
    for (std::size_t other = begin; other < end; ++other) {
      if (std::ranges::find(discourse.contents(other), stem) == discourse.contents(other).end()) continue;
      shared += 1;
      break;
    }
  }
  return shared / (1 + repeated);
}

using Shares = std::vector<double>;  // one a unit, summing to 1

Shares shares_of(const std::vector<TurningFeatures>& features, const TurningFeatures& weights) {
  Shares scores;
  for (const TurningFeatures& unit : features) {
    double score = 0;
    for (std::size_t f = 0; f < kTurningFeatures; ++f) score += weights[f] * unit[f];
    scores.push_back(score);
  }
  const double highest = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& score : scores) sum += score = exact_exp(score - highest);
  for (double& score : scores) score /= sum;
  return scores;
}

// ahead[k][u]: point k stands at u and those before it stand before; in `behind` those after it stand after.
void chain(const std::array<Shares, kTurningPoints>& alone, std::array<Shares, kTurningPoints>& ahead,
           std::array<Shares, kTurningPoints>& behind) {
  const std::size_t units = alone[0].size();
  ahead[0] = alone[0];
  behind[kTurningPoints - 1].assign(units, 1.0);
  for (std::size_t k = 1; k < kTurningPoints; ++k) {
    ahead[k].resize(units);
    double before = 0;
    for (std::size_t u = 0; u < units; ++u) {
      ahead[k][u] = alone[k][u] * before;
      before += ahead[k - 1][u];
    }
  }
  for (std::size_t k = kTurningPoints - 1; k-- > 0;) {
    behind[k].resize(units);
    double after = 0;
    for (std::size_t u = units; u-- > 0;) {
      behind[k][u] = after;
      after += alone[k + 1][u] * behind[k + 1][u];
    }
  }
}

std::size_t median_unit(const Shares& ahead, const Shares& behind) {
  double total = 0;
  for (std::size_t u = 0; u < ahead.size(); ++u) total += ahead[u] * behind[u];
  double sum = 0;
  for (std::size_t u = 0; u < ahead.size(); ++u) {
    sum += ahead[u] * behind[u];
    if (sum >= total / 2) return u;
  }
  return ahead.size() - 1;
}

}  // namespace

std::vector<TurningFeatures> turning_features(const Discourse& discourse) {
  const std::size_t units = discourse.size();
  std::vector<double> length(units);
  std::vector<double> harm(units);
  for (std::size_t u = 0; u < units; ++u) {
    length[u] = exact_log(static_cast<double>(discourse.words(u).size()) + 1);
    harm[u] = std::max(0.0, -discourse.unit(u).emotion.valence);
  }
  const double mean_length = mean_of(length);
  const double mean_harm = mean_of(harm);
  std::vector<TurningFeatures> all;
  for (std::size_t u = 0; u < units; ++u) {
    const double x = units > 1 ? static_cast<double>(u) / static_cast<double>(units - 1) : 0;
    const double before = shared_with(discourse, u, u > kAround ? u - kAround : 0, u);
    const double behind = shared_with(discourse, u, u + 1, std::min(units, u + 1 + kAround));
    all.push_back({x, x * x, exact_log(x + kEdge), exact_log(1 - x + kEdge), length[u] - mean_length,
                   harm[u] - mean_harm, has_contrast(discourse, u) ? 1.0 : 0.0, before, behind});
  }
  return all;
}

std::vector<std::size_t> find_turning_points(const Discourse& discourse, std::size_t least) {
  if (discourse.size() < std::max(least, kTurningPoints)) return {};
  const std::vector<TurningFeatures> features = turning_features(discourse);
  std::array<Shares, kTurningPoints> alone, ahead, behind;
  for (std::size_t k = 0; k < kTurningPoints; ++k) alone[k] = shares_of(features, kWeights[k]);
  chain(alone, ahead, behind);
  std::vector<std::size_t> points;
  for (std::size_t k = 0; k < kTurningPoints; ++k) points.push_back(median_unit(ahead[k], behind[k]));
  return points;
}

}  // namespace banchu
