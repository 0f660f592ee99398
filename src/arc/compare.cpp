#include "arc/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/rng.h"

namespace banchu {
namespace {

constexpr double kFew = 8;  // a group smaller than this is said to be small

using Values = std::vector<double>;

Values values_of(const CompareGroup& group, std::size_t measure) {
  Values values;
  for (const ComparedText& text : group.texts) {
    if (text.values[measure]) values.push_back(*text.values[measure]);
  }
  return values;
}

double mean_of(const Values& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double median_of(Values values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Values drawn(const Values& values, Rng& rng) {
  Values sample(values.size());
  for (double& value : sample) value = values[static_cast<std::size_t>(rng.below(values.size()))];
  return sample;
}

// The middle 95 % (percentile bootstrap, Efron 1979).
CompareInterval middle_of(Values statistics) {
  std::ranges::sort(statistics);
  const auto at = [&](double share) {
    return statistics[static_cast<std::size_t>(share * static_cast<double>(statistics.size() - 1) + 0.5)];
  };
  return {at(0.025), at(0.975)};
}

std::optional<CompareInterval> mean_interval(const Values& values, int rounds, std::uint64_t seed) {
  if (values.size() < 2 || rounds < 1) return std::nullopt;
  Rng rng(seed, "compare.mean");
  Values means;
  for (int round = 0; round < rounds; ++round) means.push_back(mean_of(drawn(values, rng)));
  return middle_of(std::move(means));
}

// Both kinds are resampled. When they part completely, resampling sees no doubt; then the near end is the rule of
// three's for the smaller group.
CompareAuc auc_with_interval(const Values& people, const Values& machines, int rounds, std::uint64_t seed) {
  CompareAuc found{auc_of(people, machines), {0, 1}};
  if (rounds < 1) return found;
  Rng rng(seed, "compare.auc");
  Values aucs;
  for (int round = 0; round < rounds; ++round) {
    const Values one = drawn(people, rng);
    aucs.push_back(auc_of(one, drawn(machines, rng)));
  }
  found.interval = middle_of(std::move(aucs));
  const double reach = std::min(1.0, 3.0 / static_cast<double>(std::min(people.size(), machines.size())));
  if (found.auc >= 1) found.interval.low = std::min(found.interval.low, 1 - reach);
  if (found.auc <= 0) found.interval.high = std::max(found.interval.high, reach);
  return found;
}

// All texts of one kind together.
Values pooled(std::span<const CompareGroup> groups, bool is_people, std::size_t measure) {
  Values all;
  for (const CompareGroup& group : groups) {
    if (group.is_people != is_people) continue;
    const Values values = values_of(group, measure);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

CompareRow row_of(const CompareGroup& group, const Values& people, int rounds, std::uint64_t seed) {
  const Values values = values_of(group, 0);
  CompareRow row{group.name, group.is_people, group.texts.size(), values.size(), 0, 0, std::nullopt, std::nullopt};
  if (values.empty()) return row;
  row.mean = mean_of(values);
  row.median = median_of(values);
  row.interval = mean_interval(values, rounds, seed);
  if (!group.is_people && !people.empty()) row.against_people = auc_with_interval(people, values, rounds, seed);
  return row;
}

void add_notes(Comparison& comparison) {
  for (const CompareRow& row : comparison.rows) {
    if (row.measured < row.texts)
      comparison.notes.push_back(
          fmt::format("{}: {} of {} texts have no score", row.name, row.texts - row.measured, row.texts));
    if (row.measured > 0 && static_cast<double>(row.measured) < kFew)
      comparison.notes.push_back(
          fmt::format("{}: {} texts are few; its interval is wider than it looks", row.name, row.measured));
  }
}

}  // namespace

ComparedText compared_text(std::string name, const Reading& reading) {
  const ArcSubscores& parts = reading.subscores;
  return {std::move(name),
          {reading.coherence, reading.standard, parts.order, parts.local, parts.peak_valley, parts.tension,
           parts.entities, parts.consistency},
          reading.coherence ? "" : reading.reason};
}

double auc_of(std::span<const double> high, std::span<const double> low) {
  Values sorted(low.begin(), low.end());
  std::ranges::sort(sorted);
  double won = 0;
  for (const double value : high) {
    const auto [first, last] = std::ranges::equal_range(sorted, value);
    won += static_cast<double>(first - sorted.begin()) + 0.5 * static_cast<double>(last - first);
  }
  return won / (static_cast<double>(high.size()) * static_cast<double>(low.size()));
}

Result<Comparison> compare_groups(std::span<const CompareGroup> groups, int rounds, std::uint64_t seed) {
  Comparison comparison;
  const Values people = pooled(groups, true, 0);
  for (const CompareGroup& group : groups) comparison.rows.push_back(row_of(group, people, rounds, seed));
  const auto has_score = [](const CompareRow& row) { return row.measured > 0; };
  if (std::ranges::none_of(comparison.rows, has_score)) {
    std::string why;
    for (const CompareGroup& group : groups) {
      for (const ComparedText& text : group.texts) why = why.empty() ? text.name + ": " + text.reason : why;
    }
    return make_error(Code::InvalidArgument, fmt::format("none of these texts could be measured ({})", why),
                      "a story of at least six sentences has a structure to measure");
  }
  std::ranges::stable_sort(comparison.rows, [&](const CompareRow& a, const CompareRow& b) {
    return has_score(a) != has_score(b) ? has_score(a) : a.mean > b.mean;
  });
  for (std::size_t measure = 0; measure < kCompareMeasures; ++measure) {
    const Values human = pooled(groups, true, measure), machine = pooled(groups, false, measure);
    if (human.empty() || machine.empty()) continue;
    comparison.measures.push_back({kCompareMeasureNames[measure], auc_with_interval(human, machine, rounds, seed)});
  }
  add_notes(comparison);
  return comparison;
}

}  // namespace banchu
