// Is it still itself? The loss on plain text, on held-out rows, on fairness pairs; and where it leans without words.

#include <algorithm>

#include "evaluate/measures.h"

namespace banchu {
namespace {

std::vector<double> differences(const std::vector<double>& after, const std::vector<double>& before) {
  std::vector<double> rises;
  for (std::size_t i = 0; i < std::min(after.size(), before.size()); ++i) rises.push_back(after[i] - before[i]);
  return rises;
}

Check loss_check(const Measuring& m, std::string name, const Sums& before, const Sums& after, double limit) {
  Check check;
  check.name = std::move(name);
  check.unit = "nats/token";
  check.before = before.mean_per_token();
  check.after = after.mean_per_token();
  check.limit = limit;
  check.rule = Check::Rule::rise_at_most;
  check.samples = static_cast<int>(after.tokens.size());
  const Interval interval =
      bootstrap_ratio(differences(after.nats, before.nats), after.tokens, m.options.bootstrap, m.seed(check.name));
  check.interval_low = interval.low;
  check.interval_high = interval.high;
  return check;
}

Check mean_rise_check(const Measuring& m, std::string name, const std::vector<double>& before,
                      const std::vector<double>& after, double limit) {
  const std::vector<double> ones(after.size(), 1.0);
  return loss_check(m, std::move(name), {before, ones}, {after, ones}, limit);
}

Status measure_general(Measuring& m) {
  m.meter.enter("plain language");
  BANCHU_TRY(const Sums first, text_loss(m.first, m.input.suite->general_test));
  Sums before = first;
  if (&m.first != &m.before) {
    BANCHU_TRY(before, text_loss(m.before, m.input.suite->general_test));
  }
  BANCHU_TRY(const Sums after, text_loss(m.after, m.input.suite->general_test));
  m.add(loss_check(m, "general loss", before, after, m.options.general_rise_at_most));
  m.add(loss_check(m, "general loss since birth", first, after, m.options.general_rise_total_at_most));
  return {};
}

std::vector<double> per_token(const Sums& sums) {
  std::vector<double> values;
  for (std::size_t i = 0; i < sums.nats.size(); ++i) values.push_back(sums.nats[i] / sums.tokens[i]);
  return values;
}

// Lesson rows of conversations that were not trained on: learning that helps only there is memorising.
Status measure_held_out(Measuring& m) {
  BANCHU_TRY(const Sums before, row_loss(m.before, m.input.test->rows()));
  if (before.nats.empty()) return {};
  BANCHU_TRY(const Sums after, row_loss(m.after, m.input.test->rows()));
  m.add(loss_check(m, "held-out loss", before, after, 0.0));
  Check middle;
  middle.name = "held-out loss, median row";
  middle.unit = "nats/token";
  middle.before = median(per_token(before));
  middle.after = median(per_token(after));
  middle.samples = static_cast<int>(after.nats.size());
  m.add(std::move(middle));
  return {};
}

Status measure_mask(Measuring& m, const LessonTest& test) {
  BANCHU_TRY(const Sums before, teacher_kl(m.before, m.input.test->rows(), test.memory));
  BANCHU_TRY(const Sums after, teacher_kl(m.after, m.input.test->rows(), test.memory));
  Check check;
  check.name = behaviour_name(test.behaviour);
  check.unit = "share";
  check.before = 0;
  check.after = 1.0 - after.mean_per_token() / before.mean_per_token();
  check.limit = m.options.mask_gap_closed_at_least;
  check.rule = Check::Rule::at_least;
  check.samples = static_cast<int>(after.nats.size());
  const Interval left = bootstrap_ratio(after.nats, before.nats, m.options.bootstrap, m.seed(check.name));
  check.interval_low = 1.0 - left.high;
  check.interval_high = 1.0 - left.low;
  m.add(std::move(check));
  return {};
}

Status measure_fairness(Measuring& m) {
  BANCHU_TRY(const std::vector<double> before, pair_gaps(m.before, m.input.suite->fairness_pairs));
  BANCHU_TRY(const std::vector<double> after, pair_gaps(m.after, m.input.suite->fairness_pairs));
  m.add(mean_rise_check(m, "fairness pairs", before, after, m.options.fairness_rise_at_most));
  return {};
}

Status measure_leanings(Measuring& m) {
  BANCHU_TRY(const Leanings before, leanings(m.before, m.input.suite->probes));
  BANCHU_TRY(const Leanings after, leanings(m.after, m.input.suite->probes));
  const double limit = m.options.lean_rise_at_most;
  m.add(mean_rise_check(m, "leaning to refuse", before.refusing, after.refusing, limit));
  m.add(mean_rise_check(m, "leaning to flatter", before.flattering, after.flattering, limit));
  return {};
}

}  // namespace

Status measure_losses(Measuring& m) {
  BANCHU_TRY_STATUS(measure_general(m));
  m.meter.enter("held-out lessons");
  BANCHU_TRY_STATUS(measure_held_out(m));
  for (const LessonTest& test : m.input.lessons->tests) {
    if (test.behaviour.kind == BehaviourKind::as_masked) BANCHU_TRY_STATUS(measure_mask(m, test));
  }
  m.meter.enter("fairness");
  BANCHU_TRY_STATUS(measure_fairness(m));
  return measure_leanings(m);
}

}  // namespace banchu
