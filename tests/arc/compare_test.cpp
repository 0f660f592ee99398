#include "arc/compare.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <pugixml.hpp>

#include "arc/plot_png.h"
#include "base/file.h"
#include "base/rng.h"

namespace banchu {
namespace {

CompareGroup group_of(const std::string& name, bool is_people, const std::vector<double>& scores) {
  CompareGroup group{name, is_people, {}};
  for (std::size_t i = 0; i < scores.size(); ++i) {
    ComparedText text{name + std::to_string(i), {}, ""};
    text.values[0] = scores[i];
    group.texts.push_back(text);
  }
  return group;
}

std::vector<double> normals(double mean, double deviation, int count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(mean + deviation * rng.normal());
  return values;
}

TEST(CompareAuc, CountsPairsAndHalvesTies) {
  EXPECT_DOUBLE_EQ(auc_of(std::vector<double>{3, 4}, std::vector<double>{1, 2}), 1);
  EXPECT_DOUBLE_EQ(auc_of(std::vector<double>{1, 2}, std::vector<double>{3, 4}), 0);
  EXPECT_DOUBLE_EQ(auc_of(std::vector<double>{1, 1}, std::vector<double>{1, 1, 1}), 0.5);
  EXPECT_DOUBLE_EQ(auc_of(std::vector<double>{2, 5}, std::vector<double>{1, 2, 6}), (1 + 0.5 + 2) / 6.0);
}

// Two normals a deviation apart: AUC = Phi(1 / sqrt 2) = 0.760.
TEST(CompareAuc, FindsWhatTheTextbookSays) {
  const auto people = group_of("people", true, normals(60, 10, 2000, 1));
  const auto machine = group_of("m", false, normals(50, 10, 2000, 2));
  const auto found = compare_groups(std::vector{people, machine}, 200, 1);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->measures.size(), 1u);
  const CompareAuc& auc = found->measures[0].people_over_machines;
  EXPECT_NEAR(auc.auc, 0.760, 0.02);
  EXPECT_LT(auc.interval.low, auc.auc);
  EXPECT_GT(auc.interval.high, auc.auc);
  EXPECT_LT(auc.interval.high - auc.interval.low, 0.05);
}

TEST(Compare, TheIntervalOfTheMeanIsTheTextbooks) {
  const auto found = compare_groups(std::vector{group_of("a", false, normals(50, 10, 400, 3))}, 2000, 1);
  ASSERT_TRUE(found);
  const CompareRow& row = found->rows[0];
  EXPECT_NEAR(row.interval->high - row.interval->low, 2 * 1.96 * 10 / std::sqrt(400), 0.3);
}

TEST(Compare, TheBestMeanComesFirstAndPeopleHaveNoAuc) {
  const auto found = compare_groups(std::vector{group_of("low", false, {10, 20}), group_of("people", true, {90, 80}),
                                                group_of("mid", false, {50, 60})},
                                    100, 1);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->rows[0].name, "people");
  EXPECT_EQ(found->rows[2].name, "low");
  EXPECT_FALSE(found->rows[0].against_people);
  ASSERT_TRUE(found->rows[2].against_people);
  EXPECT_DOUBLE_EQ(found->rows[2].against_people->auc, 1);
}

TEST(Compare, TwoTextsThatPartCompletelyAreNoCertainty) {
  const auto found =
      compare_groups(std::vector{group_of("people", true, {90, 80}), group_of("m", false, {10, 20})}, 100, 1);
  ASSERT_TRUE(found);
  EXPECT_DOUBLE_EQ(found->measures[0].people_over_machines.interval.low, 0);
}

TEST(Compare, AGroupOfOneHasNoInterval) {
  const auto found = compare_groups(std::vector{group_of("a", false, {50})}, 100, 1);
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->rows[0].interval);
  EXPECT_NE(found->notes[0].find("1 texts are few"), std::string::npos);
}

TEST(Compare, TextsWithoutAScoreAreCountedNotInvented) {
  CompareGroup group = group_of("a", false, {50, 60, 70});
  group.texts[1].values[0] = std::nullopt;
  const auto found = compare_groups(std::vector{group}, 100, 1);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->rows[0].measured, 2u);
  EXPECT_DOUBLE_EQ(found->rows[0].mean, 60);
  EXPECT_NE(found->notes[0].find("1 of 3 texts have no score"), std::string::npos);
}

TEST(Compare, NothingMeasurableIsAnErrorWithTheReason) {
  CompareGroup group = group_of("a", false, {50});
  group.texts[0].values[0] = std::nullopt;
  group.texts[0].reason = "too short";
  const auto found = compare_groups(std::vector{group}, 100, 1);
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message.find("too short"), std::string::npos);
  EXPECT_FALSE(compare_groups({}, 100, 1));
}

TEST(Compare, IsTheSameTwice) {
  const std::vector groups{group_of("p", true, normals(60, 10, 30, 1)), group_of("m", false, normals(55, 10, 30, 2))};
  const auto one = compare_groups(groups, 300, 7), two = compare_groups(groups, 300, 7);
  EXPECT_EQ(compare_svg(groups, *one, "t", false, true), compare_svg(groups, *two, "t", false, true));
}

TEST(ComparePlot, IsADrawingWithEveryGroup) {
  const std::vector groups{group_of("people <b>", true, normals(70, 12, 40, 1)),
                           group_of("gpt", false, normals(82, 5, 40, 2)),
                           group_of("제미나이", false, normals(55, 14, 40, 3))};
  const auto found = compare_groups(groups, 300, 1);
  ASSERT_TRUE(found);
  const std::string svg = compare_svg(groups, *found, "Three writers", true, true);
  pugi::xml_document document;
  ASSERT_EQ(document.load_buffer(svg.data(), svg.size()).status, pugi::status_ok);
  for (const char* part : {"people &lt;b&gt;", "gpt", "제미나이", "정합"})
    EXPECT_NE(svg.find(part), std::string::npos) << part;
  const auto png = svg_to_png(svg, 1);
  ASSERT_TRUE(png);
  const char* folder = std::getenv("BANCHU_PICTURES");
  if (folder != nullptr) {
    ASSERT_TRUE(write_file_atomic(std::filesystem::path(folder) / "compare.png", *png));
  }
}

}  // namespace
}  // namespace banchu
