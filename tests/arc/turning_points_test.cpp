// Five places where a story turns.
#include "arc/turning_points.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "arc/arc.h"
#include "tests/arc/story.h"

namespace banchu {
namespace {

std::vector<std::string> plain_text(std::size_t units) {
  std::vector<std::string> text;
  for (std::size_t i = 0; i < units; ++i) text.push_back("The day was long and the road went on.");
  return text;
}

std::vector<std::size_t> points_of(const std::vector<std::string>& units) {
  return find_turning_points(Discourse(std::vector<std::string_view>(units.begin(), units.end())), 12);
}

TEST(TurningPoints, AreFiveInTheirOrder) {
  for (const std::size_t units : {12u, 13u, 40u, 2000u}) {
    const std::vector<std::size_t> points = points_of(plain_text(units));
    ASSERT_EQ(points.size(), kTurningPoints);
    EXPECT_TRUE(std::is_sorted(points.begin(), points.end(), std::less_equal<>())) << units;
    EXPECT_LT(points.back(), units);
  }
}

TEST(TurningPoints, WithoutAnythingToSeeStandWherePeoplePutThem) {
  const std::vector<std::size_t> points = points_of(plain_text(101));
  const std::array<double, kTurningPoints> usual = {12.5, 31, 55, 77, 91.5};  // medians of the annotated synopses, %
  for (std::size_t k = 0; k < kTurningPoints; ++k) EXPECT_NEAR(static_cast<double>(points[k]), usual[k], 6) << k;
}

TEST(TurningPoints, ALongHarmfulSentenceWithAButPullsAPoint) {
  std::vector<std::string> units = plain_text(41);
  const std::size_t setback = points_of(units)[3];
  units[setback + 3] =
      "But the cruel thief, whom nobody had feared, killed the old guard with a terrible blow, stole the horrible "
      "knife "
      "and left his dead enemy in pain and misery behind the burning door of the prison.";
  EXPECT_GT(points_of(units)[3], setback);
}

TEST(TurningPoints, AShortTextHasNone) {
  EXPECT_TRUE(points_of(plain_text(11)).empty());
  EXPECT_TRUE(points_of({}).empty());
}

TEST(TurningPoints, StandInTheReading) {
  const Result<Reading> reading = score_text(kStory, {});
  ASSERT_TRUE(reading.has_value());
  EXPECT_EQ(reading->turning_points.size(), reading->units.size() < 12 ? 0u : kTurningPoints);
}

}  // namespace
}  // namespace banchu
