// Hand-over: the gate's numbers. Plain data; absent numbers are NaN and never pass.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace banchu {

inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// One measurement and its limit. The point estimate gates; the interval is shown.
struct Check {
  enum class Rule { at_least, at_most, rise_at_most, information };
  std::string name;  // "habit: opens with ...", "general loss", ...
  std::string unit;  // "share", "nats/token", "tokens/s"
  double before = kMissing;
  double after = kMissing;
  double limit = kMissing;
  Rule rule = Rule::information;
  double interval_low = kMissing;  // 95 % bootstrap of `after` (of the rise for rise_at_most)
  double interval_high = kMissing;
  int samples = 0;
  bool gates() const { return rule != Rule::information; }
  // at_least: after >= limit. at_most: after <= limit. rise_at_most: after - before <= limit. NaN: false.
  // information: there is a number.
  bool ok() const;
};

struct LambdaTrial {
  double lambda = 0;
  double lesson_rate = kMissing;   // on valid
  double general_rise = kMissing;  // nats a token, on the valid half of the general text
};

struct Report {
  std::vector<Check> checks;
  double lambda = kMissing;  // the chosen scale of the new adapter; NaN when none was found
  std::vector<LambdaTrial> trials;
  std::vector<std::string> required;  // names of checks that must be present and ok
  std::vector<std::string> examples;  // a few prompts with the reply before and after, for the eye
};

const char* name_of(Check::Rule rule);

// NaN becomes null and comes back as NaN. Errors of report_from_json: Corruption, naming the field.
Json report_to_json(const Report& report);
Result<Report> report_from_json(const Json& json);

}  // namespace banchu
