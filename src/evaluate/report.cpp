#include "evaluate/report.h"

#include <fmt/format.h>

#include <array>
#include <optional>

namespace banchu {
namespace {

constexpr double kRounding = 1e-9;  // 0.93 - 0.90 must not fail a limit of 0.03
constexpr std::array kRules = {Check::Rule::at_least, Check::Rule::at_most, Check::Rule::rise_at_most,
                               Check::Rule::information};

// JSON has no NaN; null says "missing".
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

std::optional<Check::Rule> rule_named(const std::string& name) {
  for (const Check::Rule rule : kRules) {
    if (name == name_of(rule)) return rule;
  }
  return std::nullopt;
}

Json check_to_json(const Check& check) {
  return {{"name", check.name},
          {"unit", check.unit},
          {"before", number(check.before)},
          {"after", number(check.after)},
          {"limit", number(check.limit)},
          {"rule", name_of(check.rule)},
          {"interval", Json::array({number(check.interval_low), number(check.interval_high)})},
          {"samples", check.samples},
          {"ok", check.ok()}};
}

Error malformed(const std::string& field) {
  return make_error(Code::Corruption, fmt::format("the gate's report is malformed: {}", field),
                    "run `banchu bag verify`; the night can be run again");
}

Result<Check> check_from_json(const Json& json) {
  Check check;
  check.name = string_at(json, "name");
  if (check.name.empty()) return malformed("a check has no name");
  const std::optional<Check::Rule> rule = rule_named(string_at(json, "rule"));
  if (!rule) return malformed(fmt::format("\"{}\" has no known rule", check.name));
  check.rule = *rule;
  check.unit = string_at(json, "unit");
  check.before = number_at(json, "before", kMissing);
  check.after = number_at(json, "after", kMissing);
  check.limit = number_at(json, "limit", kMissing);
  check.samples = static_cast<int>(number_at(json, "samples", 0));
  if (!json.contains("interval") || !json["interval"].is_array() || json["interval"].size() != 2) {
    return malformed(fmt::format("\"{}\" has no interval", check.name));
  }
  const Json& interval = json["interval"];
  if (interval[0].is_number()) check.interval_low = interval[0].get<double>();
  if (interval[1].is_number()) check.interval_high = interval[1].get<double>();
  return check;
}

Result<std::vector<std::string>> strings_from_json(const Json& json, const char* key) {
  std::vector<std::string> strings;
  if (!json.contains(key) || !json[key].is_array()) return malformed(fmt::format("no list \"{}\"", key));
  for (const Json& item : json[key]) {
    if (!item.is_string()) return malformed(fmt::format("\"{}\" holds something that is no text", key));
    strings.push_back(item.get<std::string>());
  }
  return strings;
}

}  // namespace

const char* name_of(Check::Rule rule) {
  switch (rule) {
    case Check::Rule::at_least:
      return "at_least";
    case Check::Rule::at_most:
      return "at_most";
    case Check::Rule::rise_at_most:
      return "rise_at_most";
    case Check::Rule::information:
      return "information";
  }
  return "information";
}

bool Check::ok() const {
  if (!std::isfinite(after)) return false;
  if (rule == Rule::information) return true;
  if (!std::isfinite(limit)) return false;
  if (rule == Rule::at_least) return after >= limit - kRounding;
  if (rule == Rule::at_most) return after <= limit + kRounding;
  return std::isfinite(before) && after - before <= limit + kRounding;
}

Json report_to_json(const Report& report) {
  Json json = {{"checks", Json::array()}, {"lambda", number(report.lambda)}, {"trials", Json::array()}};
  for (const Check& check : report.checks) json["checks"].push_back(check_to_json(check));
  for (const LambdaTrial& trial : report.trials) {
    json["trials"].push_back({{"lambda", number(trial.lambda)},
                              {"lesson_rate", number(trial.lesson_rate)},
                              {"general_rise", number(trial.general_rise)}});
  }
  json["required"] = report.required;
  json["examples"] = report.examples;
  return json;
}

Result<Report> report_from_json(const Json& json) {
  if (!json.is_object() || !json.contains("checks") || !json["checks"].is_array()) return malformed("no checks");
  Report report;
  for (const Json& item : json["checks"]) {
    BANCHU_TRY(Check check, check_from_json(item));
    report.checks.push_back(std::move(check));
  }
  report.lambda = number_at(json, "lambda", kMissing);
  if (!json.contains("trials") || !json["trials"].is_array()) return malformed("no trials");
  for (const Json& item : json["trials"]) {
    report.trials.push_back({number_at(item, "lambda", kMissing), number_at(item, "lesson_rate", kMissing),
                             number_at(item, "general_rise", kMissing)});
  }
  BANCHU_TRY(report.required, strings_from_json(json, "required"));
  BANCHU_TRY(report.examples, strings_from_json(json, "examples"));
  return report;
}

}  // namespace banchu
