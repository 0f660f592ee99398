#include <gtest/gtest.h>

#include "promote/promote.h"

namespace banchu {
namespace {

Check check_of(const std::string& name, Check::Rule rule, double before, double after, double limit) {
  Check check;
  check.name = name;
  check.unit = rule == Check::Rule::rise_at_most ? "nats/token" : "share";
  check.rule = rule;
  check.before = before;
  check.after = after;
  check.limit = limit;
  return check;
}

Report good() {
  Report report;
  report.lambda = 0.8;
  report.checks = {check_of("habit: opens with \"Mm\"", Check::Rule::at_least, 0.0, 0.98, 0.9),
                   check_of("parroting", Check::Rule::at_most, 0.0, 0.01, 0.05),
                   check_of("general loss", Check::Rule::rise_at_most, 2.9, 2.91, 0.03),
                   check_of("replies cut short", Check::Rule::information, 0.5, 0.1, kMissing)};
  report.required = {"habit: opens with \"Mm\"", "parroting", "general loss"};
  return report;
}

bool names(const Verdict& verdict, const std::string& what) {
  for (const std::string& reason : verdict.reasons) {
    if (reason.find(what) != std::string::npos) return true;
  }
  return false;
}

TEST(PromoteGate, PromotesWhenEveryRequiredCheckIsThereAndOk) {
  const Verdict verdict = judge(good());
  EXPECT_EQ(verdict.decision, Decision::promoted);
  EXPECT_TRUE(verdict.reasons.empty());
}

TEST(PromoteGate, KeepsTheOldSelfWhenAReportIsMissing) {
  const Verdict verdict = judge(std::nullopt);
  EXPECT_EQ(verdict.decision, Decision::refused);
  EXPECT_FALSE(verdict.reasons.empty());
  EXPECT_EQ(judge(Report{}).decision, Decision::refused);
}

TEST(PromoteGate, KeepsTheOldSelfWhenAnyRequiredCheckIsMissing) {
  const Report whole = good();
  for (const std::string& name : whole.required) {
    Report report = whole;
    std::erase_if(report.checks, [&](const Check& check) { return check.name == name; });
    const Verdict verdict = judge(report);
    EXPECT_EQ(verdict.decision, Decision::refused) << name;
    EXPECT_TRUE(names(verdict, name)) << name;
  }
}

TEST(PromoteGate, KeepsTheOldSelfWhenAnyNumberIsMissing) {
  const Report whole = good();
  for (std::size_t i = 0; i < whole.required.size(); ++i) {
    for (double Check::*number : {&Check::after, &Check::limit}) {
      Report report = whole;
      report.checks[i].*number = kMissing;
      const Verdict verdict = judge(report);
      EXPECT_EQ(verdict.decision, Decision::refused) << report.checks[i].name;
      EXPECT_TRUE(names(verdict, "missing"));
    }
  }
  Report report = whole;
  report.checks[2].before = kMissing;
  EXPECT_EQ(judge(report).decision, Decision::refused);
}

TEST(PromoteGate, KeepsTheOldSelfWhenAnyCheckFailsAndSaysByHowMuch) {
  const Report whole = good();
  for (std::size_t i = 0; i < whole.required.size(); ++i) {
    Report report = whole;
    report.checks[i].after = report.checks[i].rule == Check::Rule::at_least ? 0.5 : 5.0;
    const Verdict verdict = judge(report);
    EXPECT_EQ(verdict.decision, Decision::refused) << report.checks[i].name;
    ASSERT_EQ(verdict.reasons.size(), 1u);
    EXPECT_TRUE(names(verdict, report.checks[i].name));
  }
  Report report = whole;
  report.checks[2].after = 3.02;
  EXPECT_TRUE(names(judge(report), "general loss rose by 0.120, may rise 0.030"));
}

TEST(PromoteGate, ARequiredCheckThatNoLongerGatesDoesNotCount) {
  Report report = good();
  report.checks[0].rule = Check::Rule::information;
  EXPECT_EQ(judge(report).decision, Decision::refused);
}

TEST(PromoteGate, AFailedCheckThatNobodyRequiredRefusesToo) {
  Report report = good();
  report.checks.push_back(check_of("extra", Check::Rule::at_most, 0, 1, 0.5));
  EXPECT_EQ(judge(report).decision, Decision::refused);
}

TEST(PromoteGate, WithoutALambdaItSaysWhatItWouldHaveCost) {
  Report report = good();
  report.lambda = kMissing;
  report.trials = {{1.0, kMissing, 0.2}, {0.5, kMissing, 0.041}};
  const Verdict verdict = judge(report);
  EXPECT_EQ(verdict.decision, Decision::refused);
  EXPECT_TRUE(names(verdict, "0.041"));
  report.checks.clear();
  EXPECT_EQ(judge(report).reasons.size(), 1u) << "nothing was measured then, and that one reason says it all";
  report.lambda = 0;
  EXPECT_EQ(judge(report).decision, Decision::refused);
}

TEST(PromoteGate, AMissingNumberThatIsOnlyForInformationRefusesNothing) {
  Report report = good();
  report.checks.back().after = kMissing;
  EXPECT_EQ(judge(report).decision, Decision::promoted);
}

TEST(PromoteGate, AReportThatRequiresNothingProvesNothing) {
  Report report = good();
  report.required.clear();
  EXPECT_EQ(judge(report).decision, Decision::refused);
}

TEST(Receipt, MoneyThatNobodyKnowsIsNull) {
  Receipt receipt;
  receipt.seconds = 372;
  const Json json = receipt_to_json(receipt);
  EXPECT_TRUE(json["money"].is_null());
  EXPECT_TRUE(json["energy_joules"].is_null());
  EXPECT_EQ(json["seconds"], 372);
  receipt.money = 120;
  EXPECT_EQ(receipt_to_json(receipt)["money"], 120);
}

}  // namespace
}  // namespace banchu
