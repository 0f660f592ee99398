#include "arc/golden_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "arc/arc.h"
#include "base/rng.h"

namespace banchu {
namespace {

constexpr std::size_t kFolds = 4;
constexpr std::size_t kFewestEpisodes = 8;

using Units = std::vector<std::string>;

void settle(GoldenScores& found) {
  if (found.scores.empty()) return;
  std::vector<double> sorted = found.scores;
  std::ranges::sort(sorted);
  const std::size_t middle = sorted.size() / 2;
  found.median = sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  found.low = sorted.front();
  found.high = sorted.back();
}

// A text without a measurable structure agrees with no standard.
Result<double> agreement(const Units& units, const std::shared_ptr<const Standard>& standard,
                         const GoldenCheckOptions& options) {
  std::vector<ArcTurn> turns;
  for (const std::string& unit : units) turns.push_back({"", unit});
  ArcOptions arc;
  arc.gamma = options.gamma;
  arc.tau = options.tau;
  arc.standard = standard;
  arc.with_interval = false;
  arc.cancel = options.cancel;
  BANCHU_TRY(const Reading reading, score_units(turns, arc));
  return reading.standard.value_or(0);
}

// The next story of the same language outside of the fold's standard, round about.
const GoldenStory& partner_of(const GoldenSet& set, std::size_t i) {
  for (std::size_t step = kFolds; step < set.stories.size() * kFolds; step += kFolds) {
    const GoldenStory& other = set.stories[(i + step) % set.stories.size()];
    if (&other != &set.stories[i] && other.episode.language == set.stories[i].episode.language) return other;
  }
  return set.stories[(i + 1) % set.stories.size()];
}

Result<std::shared_ptr<const Standard>> standard_without(const GoldenSet& set, std::size_t fold) {
  std::vector<GoldenEpisode> kept;
  for (std::size_t i = 0; i < set.stories.size(); ++i) {
    if (i % kFolds != fold) kept.push_back(set.stories[i].episode);
  }
  BANCHU_TRY(Standard standard, calibrate_standard(kept, set.digest));
  return std::shared_ptr<const Standard>(std::make_shared<Standard>(std::move(standard)));
}

Status check_fold(const GoldenSet& set, std::size_t fold, const GoldenCheckOptions& options, GoldenCheck& check) {
  BANCHU_TRY(const std::shared_ptr<const Standard> standard, standard_without(set, fold));
  for (std::size_t i = fold; i < set.stories.size(); i += kFolds) {
    if (is_cancelled(options.cancel)) return make_error(Code::Cancelled, "the check was stopped");
    const Units& units = set.stories[i].episode.units;
    BANCHU_TRY(const double shuffled, agreement(shuffled_units(units, options.seed + i), standard, options));
    BANCHU_TRY(const double spliced,
               agreement(spliced_units(units, partner_of(set, i).episode.units), standard, options));
    check.shuffled.scores.push_back(shuffled);
    check.spliced.scores.push_back(spliced);
    if (options.progress)
      options.progress({"checking", check.shuffled.scores.size(), set.stories.size(), "episode", set.stories[i].title});
  }
  return {};
}

void judge(GoldenCheck& check) {
  const auto complain = [&](bool is_wrong, const char* what, double median, const char* bound, double limit) {
    if (is_wrong)
      check.reasons.push_back(fmt::format("{}: median {:.1f}, must be {} {:.0f}", what, median, bound, limit));
  };
  complain(!(check.held_out.median >= kGoldenFloor), "golden episodes, each held out", check.held_out.median,
           "at least", kGoldenFloor);
  complain(!(check.shuffled.median < kShuffledLimit), "shuffled episodes", check.shuffled.median, "below",
           kShuffledLimit);
  complain(!(check.spliced.median < kSplicedLimit), "spliced episodes", check.spliced.median, "below", kSplicedLimit);
}

}  // namespace

std::vector<std::string> shuffled_units(const std::vector<std::string>& units, std::uint64_t seed) {
  Rng rng(seed, "golden.shuffle");
  std::vector<std::size_t> order(units.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  rng.shuffle(order);
  for (std::size_t i = 0; i < order.size() && order.size() > 1; ++i) {
    if (order[i] == i) std::swap(order[i], order[(i + 1) % order.size()]);
  }
  Units shuffled;
  for (const std::size_t i : order) shuffled.push_back(units[i]);
  return shuffled;
}

std::vector<std::string> spliced_units(const std::vector<std::string>& first, const std::vector<std::string>& second) {
  Units spliced(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(first.size() / 2));
  spliced.insert(spliced.end(), second.begin() + static_cast<std::ptrdiff_t>(second.size() / 2), second.end());
  return spliced;
}

Result<GoldenCheck> check_golden(const GoldenSet& set, const GoldenCheckOptions& options) {
  if (set.stories.size() < kFewestEpisodes)
    return make_error(Code::InvalidArgument,
                      fmt::format("a golden set of {} episodes cannot be checked; {} are needed", set.stories.size(),
                                  kFewestEpisodes),
                      "`banchu arc golden make BOOK...` adds episodes from your books");
  GoldenCheck check;
  const std::vector<GoldenEpisode> episodes = episodes_of(set);
  BANCHU_TRY(const Standard standard, calibrate_standard(episodes, set.digest));
  check.held_out.scores = standard.leave_one_out;
  for (std::size_t fold = 0; fold < kFolds; ++fold) BANCHU_TRY_STATUS(check_fold(set, fold, options, check));
  for (GoldenScores* scores : {&check.held_out, &check.shuffled, &check.spliced}) settle(*scores);
  judge(check);
  return check;
}

}  // namespace banchu
