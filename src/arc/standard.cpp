#include "arc/standard.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "arc/arc.h"
#include "arc/numeric.h"
#include "arc/shuffle.h"

namespace banchu {
namespace {

constexpr std::size_t kFewestEpisodes = 4;
// What the map is drawn through: told episodes stand at 100, spliced and shuffled ones well below their limits (80,
// 60).
constexpr double kTold = 100;
constexpr double kSpliced = 60;
constexpr double kShuffled = 35;
constexpr double kGoldenQuantile = 0.25;
constexpr double kSmallestSpread = 0.02;
constexpr std::uint64_t kSeed = 17;

constexpr std::size_t kFeatures = 4;
using Features = std::array<double, kFeatures>;

// The structure of a reading: what does not depend on how long or how sad it is.
Features features_of(const ArcSubscores& s) {
  return {s.order.value_or(0.5), s.local.value_or(0.5), s.entities.value_or(0.5), s.consistency.value_or(0.5)};
}

// How far features fall short of the golden ones of their language; being better than golden is no merit here.
double raw_of(const Features& features, bool korean, const Standard& standard) {
  double sum = 0;
  for (std::size_t f = 0; f < kFeatures; ++f) {
    const std::size_t at = f + (korean ? kFeatures : 0);
    sum += std::min(0.0, (features[f] - standard.feature_levels[at]) / standard.feature_spreads[at]);
  }
  return sum;
}

struct Pool {
  double raw_sum, score_sum, count;
};

void join_last(std::vector<Pool>& pools) {
  const Pool last = pools.back();
  pools.pop_back();
  pools.back() = {pools.back().raw_sum + last.raw_sum, pools.back().score_sum + last.score_sum,
                  pools.back().count + last.count};
}

// A monotone step function by pooling adjacent violators (Ayer et al. 1955).
std::vector<Standard::Knot> fit_map(std::vector<Standard::Knot> points) {
  std::sort(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.raw < b.raw; });
  std::vector<Pool> pools;
  for (const Standard::Knot& point : points) {
    const bool tie = !pools.empty() && !(pools.back().raw_sum / pools.back().count < point.raw);
    pools.push_back({point.raw, point.score, 1});
    if (tie) join_last(pools);
    while (pools.size() > 1) {
      const Pool& last = pools[pools.size() - 1];
      const Pool& before = pools[pools.size() - 2];
      if (before.score_sum / before.count <= last.score_sum / last.count) break;
      join_last(pools);
    }
  }
  std::vector<Standard::Knot> map;
  for (const Pool& pool : pools) map.push_back({pool.raw_sum / pool.count, pool.score_sum / pool.count});
  return map;
}

double map_score(const std::vector<Standard::Knot>& map, double raw) {
  if (map.empty()) return 0;
  if (raw <= map.front().raw) return map.front().score;
  for (std::size_t i = 1; i < map.size(); ++i) {
    if (raw > map[i].raw) continue;
    const double share = (raw - map[i - 1].raw) / (map[i].raw - map[i - 1].raw);
    return map[i - 1].score + share * (map[i].score - map[i - 1].score);
  }
  return map.back().score;
}

// An episode, and what it is measured against: itself shuffled, and its beginning with another's end.
struct Measured {
  Features told, shuffled, spliced;
  double coherence = 0;
  bool korean = false;
};

Result<Reading> read_units(const std::vector<std::string>& units) {
  std::vector<ArcTurn> turns;
  for (const std::string& unit : units) turns.push_back({"", unit});
  ArcOptions options;
  options.with_interval = false;
  return score_units(turns, options);
}

std::vector<std::string> reordered(const std::vector<std::string>& units, std::uint64_t seed) {
  Rng rng(seed, "standard");
  std::vector<std::string> out;
  for (const std::uint32_t i : shuffled_blocks(units.size(), 1, rng)) out.push_back(units[i]);
  return out;
}

std::vector<std::string> joined(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::vector<std::string> out(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(a.size() / 2));
  out.insert(out.end(), b.begin() + static_cast<std::ptrdiff_t>(b.size() / 2), b.end());
  return out;
}

// The next episode in the same language, or the next at all.
const GoldenEpisode& partner_of(std::span<const GoldenEpisode> episodes, std::size_t i) {
  for (std::size_t step = 1; step < episodes.size(); ++step) {
    const GoldenEpisode& other = episodes[(i + step) % episodes.size()];
    if (other.language == episodes[i].language) return other;
  }
  return episodes[(i + 1) % episodes.size()];
}

Result<Measured> measure_episode(std::span<const GoldenEpisode> episodes, std::size_t i) {
  BANCHU_TRY(const Reading told, read_units(episodes[i].units));
  if (!told.coherence) {
    return make_error(Code::InvalidArgument,
                      fmt::format("the episode {} cannot be measured: {}", episodes[i].id, told.reason),
                      "leave it out of the golden set, or make it longer");
  }
  BANCHU_TRY(const Reading shuffled, read_units(reordered(episodes[i].units, kSeed + i)));
  BANCHU_TRY(const Reading spliced, read_units(joined(episodes[i].units, partner_of(episodes, i).units)));
  return Measured{features_of(told.subscores), features_of(shuffled.subscores), features_of(spliced.subscores),
                  *told.coherence, episodes[i].language == "ko"};
}

// Level and spread of one feature in one language; of both where the set has hardly any episode in it.
void fit_feature(const std::vector<Measured>& all, std::size_t without, std::size_t f, bool korean,
                 Standard& standard) {
  const auto in_language = [&](const Measured& m) { return m.korean == korean; };
  const bool few = static_cast<std::size_t>(std::count_if(all.begin(), all.end(), in_language)) < kFewestEpisodes;
  std::vector<double> told;
  std::vector<double> damaged;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i == without || (!few && !in_language(all[i]))) continue;
    told.push_back(all[i].told[f]);
    damaged.push_back(all[i].shuffled[f]);
  }
  standard.feature_levels.push_back(quantile_of(told, kGoldenQuantile));
  standard.feature_spreads.push_back(std::max(kSmallestSpread, (deviation_of(told) + deviation_of(damaged)) / 2));
}

// Levels, spreads and the map, of all episodes but the one at `without`.
Standard fit_standard(const std::vector<Measured>& all, std::size_t without) {
  Standard standard;
  for (const bool korean : {false, true}) {
    for (std::size_t f = 0; f < kFeatures; ++f) fit_feature(all, without, f, korean, standard);
  }
  std::vector<Standard::Knot> points;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i == without) continue;
    points.push_back({raw_of(all[i].told, all[i].korean, standard), kTold});
    points.push_back({raw_of(all[i].spliced, all[i].korean, standard), kSpliced});
    points.push_back({raw_of(all[i].shuffled, all[i].korean, standard), kShuffled});
  }
  standard.map = fit_map(std::move(points));
  return standard;
}

}  // namespace

Result<Standard> calibrate_standard(std::span<const GoldenEpisode> episodes, const std::string& digest) {
  if (episodes.size() < kFewestEpisodes) {
    return make_error(
        Code::InvalidArgument,
        fmt::format("{} golden episodes are too few; a standard needs {}", episodes.size(), kFewestEpisodes),
        "add episodes, or use the golden set that comes with banchu");
  }
  std::vector<Measured> all;
  std::vector<double> coherences;
  for (std::size_t i = 0; i < episodes.size(); ++i) {
    BANCHU_TRY(const Measured measured, measure_episode(episodes, i));
    all.push_back(measured);
    coherences.push_back(measured.coherence);
  }
  Standard standard = fit_standard(all, all.size());
  standard.digest = digest;
  standard.episodes = episodes.size();
  standard.median_coherence = median_of(coherences);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Standard others = fit_standard(all, i);
    standard.leave_one_out.push_back(map_score(others.map, raw_of(all[i].told, all[i].korean, others)));
  }
  standard.leave_one_out_median = median_of(standard.leave_one_out);
  return standard;
}

double standard_score(const Reading& reading, const Standard& standard) {
  return standard_score(reading.subscores, reading.language, standard);
}

double standard_score(const ArcSubscores& subscores, ArcLanguage language, const Standard& standard) {
  return map_score(standard.map, raw_of(features_of(subscores), language == ArcLanguage::korean, standard));
}

}  // namespace banchu
