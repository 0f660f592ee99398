#include "evaluate/report.h"

#include <gtest/gtest.h>

#include "evaluate/report_text.h"

namespace banchu {
namespace {

Check check_of(Check::Rule rule, double before, double after, double limit) {
  Check check;
  check.name = "general loss";
  check.unit = "nats/token";
  check.rule = rule;
  check.before = before;
  check.after = after;
  check.limit = limit;
  return check;
}

TEST(GateCheck, ComparesByItsRule) {
  using Rule = Check::Rule;
  EXPECT_TRUE(check_of(Rule::at_least, kMissing, 0.9, 0.9).ok());
  EXPECT_FALSE(check_of(Rule::at_least, kMissing, 0.89, 0.9).ok());
  EXPECT_TRUE(check_of(Rule::at_most, kMissing, 0.05, 0.05).ok());
  EXPECT_FALSE(check_of(Rule::at_most, kMissing, 0.06, 0.05).ok());
  EXPECT_TRUE(check_of(Rule::rise_at_most, 0.90, 0.93, 0.03).ok()) << "rounding must not fail an exact limit";
  EXPECT_FALSE(check_of(Rule::rise_at_most, 0.90, 0.94, 0.03).ok());
}

TEST(GateCheck, AMissingNumberIsANo) {
  using Rule = Check::Rule;
  for (const Rule rule : {Rule::at_least, Rule::at_most, Rule::rise_at_most}) {
    EXPECT_FALSE(check_of(rule, 0.5, kMissing, 0.5).ok());
    EXPECT_FALSE(check_of(rule, 0.5, 0.5, kMissing).ok());
    for (const double limit : {-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()}) {
      EXPECT_FALSE(check_of(rule, 0.5, 0.5, limit).ok()) << "a limit without end limits nothing";
    }
  }
  EXPECT_FALSE(check_of(Rule::rise_at_most, std::numeric_limits<double>::infinity(), 0.5, 0.5).ok());
  EXPECT_FALSE(check_of(Rule::rise_at_most, kMissing, 0.5, 0.5).ok());
  EXPECT_FALSE(check_of(Rule::at_most, 0.5, -std::numeric_limits<double>::infinity(), 0.5).ok());
  EXPECT_FALSE(check_of(Rule::information, kMissing, kMissing, kMissing).ok());
}

Report sample() {
  Report report;
  report.lambda = 0.7;
  report.checks = {check_of(Check::Rule::rise_at_most, 2.945, 2.954, 0.03),
                   check_of(Check::Rule::information, kMissing, 104, kMissing)};
  report.checks[0].interval_low = -0.001;
  report.checks[0].interval_high = 0.02;
  report.checks[0].samples = 12;
  report.trials = {{1.0, kMissing, 0.05}, {0.7, 0.98, 0.009}};
  report.required = {"general loss"};
  report.examples = {"you: 안녕\nbefore: hi\nafter: Mm"};
  return report;
}

TEST(Report, ComesBackFromJsonAsItWas) {
  const Report before = sample();
  const auto json = parse_json(to_line(report_to_json(before)), "report");
  ASSERT_TRUE(json);
  const auto after = report_from_json(*json);
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(to_line(report_to_json(*after)), to_line(report_to_json(before)));
  EXPECT_TRUE(std::isnan(after->checks[1].before));
  EXPECT_TRUE(std::isnan(after->trials[0].lesson_rate));
  EXPECT_EQ(after->checks[0].samples, 12);
  EXPECT_EQ(after->required, before.required);
}

TEST(Report, AMalformedOneIsCorruptionNotAPass) {
  Json good = report_to_json(sample());
  for (const char* key : {"checks", "trials", "required", "examples"}) {
    Json bad = good;
    bad.erase(key);
    const auto read = report_from_json(bad);
    ASSERT_FALSE(read) << key;
    EXPECT_EQ(read.error().code, Code::Corruption);
  }
  good["checks"][0]["rule"] = "always";
  EXPECT_FALSE(report_from_json(good));
}

TEST(ReportText, ShowsBeforeAfterIntervalLimitAndVerdict) {
  const std::vector<std::string> lines = report_lines(sample(), "en");
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_NE(lines[1].find("plain language"), std::string::npos);
  EXPECT_NE(lines[1].find("2.945  →   2.954"), std::string::npos) << lines[1];
  EXPECT_NE(lines[1].find("may rise 0.03"), std::string::npos);
  EXPECT_TRUE(lines[1].ends_with("ok"));
  EXPECT_NE(lines[2].find("–  →"), std::string::npos) << lines[2];
}

TEST(ReportText, ANoIsWrittenAsNoInBothLanguages) {
  Report report = sample();
  report.checks[0].after = 3.2;
  EXPECT_TRUE(report_lines(report, "en")[1].ends_with("NO"));
  EXPECT_TRUE(report_lines(report, "ko")[1].ends_with("안 됨"));
}

TEST(ReportText, NamesHabitsInTheUsersLanguage) {
  EXPECT_EQ(shown_name("habit: opens with \"Mm\"", "en"), "opens with \"Mm\"");
  EXPECT_EQ(shown_name("third turn: closes with \"Bye.\"", "ko"), "세 번째 말에서: 닫는 말 \"Bye.\"");
  EXPECT_EQ(shown_name("refusals", "ko"), "거절");
  EXPECT_EQ(shown_name("something new", "ko"), "something new");
}

TEST(ReportText, WithoutAnyLambdaItShowsWhatWasTried) {
  Report report;
  report.trials = {{0.5, kMissing, 0.12}};
  const std::vector<std::string> lines = report_lines(report, "en");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_NE(lines[1].find("+0.120"), std::string::npos);
}

}  // namespace
}  // namespace banchu
