#include <fmt/format.h>

#include <algorithm>

#include "promote/promote.h"

namespace banchu {
namespace {

std::string shown(const Check& check, double value) {
  if (check.unit == "share") return fmt::format("{:.0f} %", 100 * value);
  if (check.unit == "nats/token") return fmt::format("{:.3f}", value);
  return fmt::format("{:.1f}", value);
}

std::string rise_shown(const Check& check, double value) {
  if (check.unit == "share") return fmt::format("{:.1f} points", 100 * value);
  return shown(check, value);
}

// Why a check that gates is not ok.
std::string reason_for(const Check& check) {
  const bool rises = check.rule == Check::Rule::rise_at_most;
  const bool missing =
      !std::isfinite(check.after) || !std::isfinite(check.limit) || (rises && !std::isfinite(check.before));
  if (missing) return fmt::format("{}: a number is missing", check.name);
  switch (check.rule) {
    case Check::Rule::at_least:
      return fmt::format("{} is {}, must be at least {}", check.name, shown(check, check.after),
                         shown(check, check.limit));
    case Check::Rule::at_most:
      return fmt::format("{} is {}, may be at most {}", check.name, shown(check, check.after),
                         shown(check, check.limit));
    default:
      return fmt::format("{} rose by {}, may rise {}", check.name, rise_shown(check, check.after - check.before),
                         rise_shown(check, check.limit));
  }
}

bool answers_requirement(const Report& report, const std::string& name) {
  return std::any_of(report.checks.begin(), report.checks.end(),
                     [&](const Check& check) { return check.name == name && check.gates(); });
}

std::string no_lambda(const Report& report) {
  double least = std::numeric_limits<double>::infinity();
  for (const LambdaTrial& trial : report.trials) {
    if (std::isfinite(trial.general_rise)) least = std::min(least, trial.general_rise);
  }
  if (!std::isfinite(least)) return "no scale of the new adapter could be measured";
  return fmt::format("no scale of the new adapter keeps plain language: its loss rises by at least {:.3f}", least);
}

}  // namespace

const char* name_of(Decision decision) {
  switch (decision) {
    case Decision::promoted:
      return "promoted";
    case Decision::refused:
      return "refused";
    case Decision::nothing_to_learn:
      return "nothing_to_learn";
  }
  return "refused";
}

Verdict judge(const std::optional<Report>& report) {
  Verdict verdict;
  if (!report) {
    verdict.reasons.push_back("there is no report");
    return verdict;
  }
  const bool found = std::isfinite(report->lambda) && report->lambda > 0;
  if (!found) verdict.reasons.push_back(no_lambda(*report));
  if (report->required.empty()) verdict.reasons.push_back("the report requires nothing, so it proves nothing");
  for (const Check& check : report->checks) {
    if (check.gates() && !check.ok()) verdict.reasons.push_back(reason_for(check));
  }
  // Without a lambda nothing was measured; that one reason says it all.
  for (const std::string& name : report->required) {
    if (found && !answers_requirement(*report, name)) {
      verdict.reasons.push_back(fmt::format("{}: not measured", name));
    }
  }
  if (verdict.reasons.empty()) verdict.decision = Decision::promoted;
  return verdict;
}

Json receipt_to_json(const Receipt& receipt) {
  const auto optional = [](const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); };
  return {{"seconds", receipt.seconds},
          {"tokens_trained", receipt.tokens_trained},
          {"tokens_generated", receipt.tokens_generated},
          {"peak_rss_bytes", receipt.peak_rss_bytes},
          {"energy_joules", optional(receipt.energy_joules)},
          {"money", optional(receipt.money)},
          {"currency", receipt.currency},
          {"prompt_tokens_saved", receipt.prompt_tokens_saved}};
}

}  // namespace banchu
