#include "arc/standard.h"

#include <gtest/gtest.h>

#include "arc/arc.h"
#include "tests/arc/story.h"

namespace banchu {
namespace {

// Six episodes of one story with other people, places and things.
std::vector<GoldenEpisode> episodes() {
  const std::vector<std::array<std::string, 3>> casts = {{"miller", "mill", "Anna"},    {"baker", "bakery", "Mary"},
                                                         {"smith", "forge", "Clara"},   {"weaver", "workshop", "Ella"},
                                                         {"fisher", "cottage", "Nora"}, {"farmer", "barn", "Lucy"}};
  std::vector<GoldenEpisode> all;
  for (const auto& [man, house, girl] : casts) {
    std::string text(kStory);
    const auto replace = [&](const std::string& from, const std::string& to) {
      for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
    };
    replace("miller", man);
    replace("mill", house);
    replace("Anna", girl);
    GoldenEpisode episode;
    episode.id = man;
    episode.language = "en";
    for (const ArcTurn& unit : split_sentences(text)) episode.units.push_back(unit.text);
    all.push_back(episode);
  }
  return all;
}

TEST(Standard, EpisodesHeldOutStandHigherThanTheirShuffles) {
  const std::vector<GoldenEpisode> all = episodes();
  const Result<Standard> standard = calibrate_standard(all, "d1");
  ASSERT_TRUE(standard.has_value());
  EXPECT_EQ(standard->leave_one_out.size(), all.size());
  std::vector<ArcTurn> reversed;
  for (auto unit = all[0].units.rbegin(); unit != all[0].units.rend(); ++unit) reversed.push_back({"", *unit});
  const Result<Reading> reading = score_units(reversed, {});
  EXPECT_LT(standard_score(*reading, *standard), 60);
  EXPECT_GT(standard->leave_one_out_median, 75);
}

TEST(Standard, AReadingNamesTheGoldenSetItWasHeldAgainst) {
  ArcOptions options;
  options.standard = std::make_shared<const Standard>(*calibrate_standard(episodes(), "d1"));
  const Result<Reading> reading = score_text(kStory, options);
  EXPECT_EQ(reading->inputs.golden, "d1");
  EXPECT_TRUE(reading->standard && reading->ceiling);
  EXPECT_FALSE(score_text("Too short.", options)->standard.has_value());
}

TEST(Standard, TheMapNeverFalls) {
  const Result<Standard> standard = calibrate_standard(episodes(), "");
  for (std::size_t i = 1; i < standard->map.size(); ++i) {
    EXPECT_LT(standard->map[i - 1].raw, standard->map[i].raw);
    EXPECT_LE(standard->map[i - 1].score, standard->map[i].score);
  }
}

TEST(Standard, FewOrUnmeasurableEpisodesAreRefusedByName) {
  std::vector<GoldenEpisode> all = episodes();
  EXPECT_EQ(calibrate_standard(std::span(all).first(3), "").error().code, Code::InvalidArgument);
  all[4].units = {"Only one sentence."};
  EXPECT_NE(calibrate_standard(all, "").error().message.find("fisher"), std::string::npos);
}

}  // namespace
}  // namespace banchu
