// The catalogue is true to what the makers say, and what is recommended fits.
#include "app/recommend.h"

#include <gtest/gtest.h>

#include "tests/app/shell.h"

namespace banchu {
namespace {

using test::World;

std::vector<KnownModel> shipped() { return known_models_from_yaml(shipped_models_yaml(), "shipped").value(); }

TEST(Recommend, EveryShapeHasTheWeightsItsMakerNames) {
  for (const KnownModel& model : shipped()) {
    EXPECT_NEAR(static_cast<double>(model.shape.weights()) / 1e9 / model.billions, 1.0, 0.01) << model.name;
    EXPECT_FALSE(model.licence.empty() || model.from.find('/') == std::string::npos) << model.name;
  }
}

TEST(Recommend, ALargerMachineCanDoAllThatASmallerOneCan) {
  std::size_t talked = 0, grown = 0;
  for (const std::uint64_t gigabytes : {1u, 4u, 24u, 400u}) {
    std::size_t talks = 0, grows = 0;
    const auto rows = recommend(shipped(), static_cast<std::uint64_t>(gigabytes) << 30);
    ASSERT_TRUE(rows);
    for (const Recommendation& row : *rows) {
      talks += row.can_talk ? 1 : 0;
      grows += row.can_grow ? 1 : 0;
      EXPECT_TRUE(row.can_talk || !row.can_grow);
      EXPECT_FALSE(row.model.architecture == "exaone" && row.can_grow);
    }
    EXPECT_GE(talks, talked + 1);
    EXPECT_GE(grows, grown);
    talked = talks;
    grown = grows;
  }
  EXPECT_EQ(talked, shipped().size());
}

TEST(Recommend, TakesAListOfOnesOwnAndNamesWhatIsWrongInIt) {
  World world;
  const std::string shipped_text(shipped_models_yaml());
  const Json own = world
                       .run({"--json", "model", "recommend", "--all", "--catalogue",
                             world.write("mine.yaml", shipped_text).string()})
                       .json();
  EXPECT_EQ(own["models"].size(), shipped().size());
  std::string bad = shipped_text;
  bad.replace(bad.find("korean: little"), 14, "korean: fluent");
  const auto ran = world.run({"model", "recommend", "--catalogue", world.write("bad.yaml", bad).string()});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_NE(ran.err.find("korean"), std::string::npos) << ran.err;
  EXPECT_EQ(world.run({"model", "recommend", "--catalogue", "/nowhere.yaml"}).exit_code, 3);
}

}  // namespace
}  // namespace banchu
