// arc plot, compare and golden as a shell sees them.
#include <gtest/gtest.h>

#include "arc/golden.h"
#include "base/file.h"
#include "tests/app/golden_story.h"
#include "tests/app/shell.h"

namespace banchu {
namespace {

using test::golden_story;
using test::Ran;
using test::World;

std::string put(const World& world, const std::string& name, const std::string& text) {
  const auto path = world.folder() / name;
  EXPECT_TRUE(write_file_atomic(path, text));
  return path.string();
}

std::string book() {
  return "Chapter 1\n\n" + golden_story("en-01-winter-count") + "\nChapter 2\n\n" + golden_story("en-07-valve-six") +
         "\nChapter 3\n\n" + golden_story("ko-01-gukbap");
}

TEST(ArcPlotVerb, WritesSvgAndPng) {
  World world;
  const std::string file = put(world, "story.txt", golden_story("en-05-room-214"));
  const std::string svg = (world.folder() / "a.svg").string(), png = (world.folder() / "a.png").string();
  const Ran ran = world.run({"--json", "arc", "plot", file, "-o", svg});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_GT(ran.json()["units"].get<int>(), 30);
  EXPECT_TRUE(read_file(svg)->starts_with("<svg "));
  ASSERT_EQ(world.run({"--lang", "ko", "arc", "plot", file, "-o", png}).exit_code, 0);
  EXPECT_TRUE(read_file(png)->starts_with("\x89PNG"));
}

TEST(ArcPlotVerb, AGoldenEpisodeIsPickedByItsId) {
  World world;
  const std::string set = std::string(BANCHU_SOURCE_DIR) + "/samples/golden/ko.jsonl";
  const std::string svg = (world.folder() / "a.svg").string();
  EXPECT_EQ(world.run({"arc", "plot", set, "-o", svg}).exit_code, 2);
  ASSERT_EQ(world.run({"--lang", "ko", "arc", "plot", set, "--id", "ko-08-sogeum", "-o", svg}).exit_code, 0);
  EXPECT_NE(read_file(svg)->find("사람이 붙인 감정"), std::string::npos);
}

TEST(ArcPlotVerb, BadInputIsToldAndNothingIsWritten) {
  World world;
  const std::string file = put(world, "story.txt", golden_story("en-05-room-214"));
  const std::string out = (world.folder() / "a.svg").string();
  EXPECT_EQ(world.run({"arc", "plot", file, "-o", (world.folder() / "a.jpg").string()}).exit_code, 2);
  EXPECT_EQ(world.run({"arc", "plot", "none.txt", "-o", out}).exit_code, 3);
  EXPECT_EQ(world.run({"arc", "plot", put(world, "e.txt", ""), "-o", out}).exit_code, 2);
  EXPECT_EQ(world.run({"arc", "plot", file, "-o", out, "--gamma", "99"}).exit_code, 2);
  EXPECT_EQ(world.run({"arc", "plot", file, "-o", "/none/a.svg"}).exit_code, 3);
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST(ArcGoldenVerb, ShowsTheShippedEpisodes) {
  World world;
  const Ran ran = world.run({"--json", "arc", "golden", "show"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.json()["episodes"].size(), 24u);
}

TEST(ArcGoldenVerb, ABadRowIsNamed) {
  World world;
  const std::string bad = put(world, "mine.jsonl", "{\"id\":\"a\",\"lang\":\"en\",\"units\":3}\n");
  const Ran ran = world.run({"arc", "golden", "check", "--golden", bad});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_NE(ran.err.find("mine.jsonl, row 1, field units"), std::string::npos) << ran.err;
}

TEST(ArcGoldenVerb, AWriterMakesHisSetAtTheTerminal) {
  World world;
  const std::string file = put(world, "novel.txt", book());
  const std::string out = (world.folder() / "mine.jsonl").string();
  const std::string page = (world.folder() / "page.svg").string();
  const std::string data = (world.folder() / "data.jsonl").string();
  const Ran ran = world.run({"arc", "golden", "make", file, "-o", out, "--page", page, "--dataset", data},
                            "title The Bees\nlabel man_in_a_hole\naccept\ndance\nskip\nquit\n");
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const auto set = load_golden(out);
  ASSERT_TRUE(set) << set.error().message;
  ASSERT_EQ(set->stories.size(), 1u);
  EXPECT_EQ(set->stories[0].title, "The Bees");
  EXPECT_TRUE(read_file(page)->starts_with("<svg "));
  EXPECT_NE(read_file(data)->find("\"structure\""), std::string::npos);
  const Ran again = world.run({"arc", "golden", "make", file, "-o", out}, "accept\n");
  EXPECT_NE(again.err.find("1 episodes are already in"), std::string::npos) << again.err;
  EXPECT_EQ(load_golden(out)->stories.size(), 2u) << again.out;
}

TEST(ArcGoldenVerb, YesAcceptsWhatTheEngineReads) {
  World world;
  const std::string out = (world.folder() / "mine.jsonl").string();
  const Ran ran = world.run({"--json", "arc", "golden", "make", put(world, "novel.txt", book()), "-o", out, "--yes"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.json()["episodes"], 3);
  EXPECT_GE(ran.json()["accepted"].get<int>(), 2);
}

TEST(ArcCompareVerb, SetsPeopleBesideMachines) {
  World world;
  const std::string set = std::string(BANCHU_SOURCE_DIR) + "/samples/golden/en.jsonl";
  const std::string noise = put(world, "noise.jsonl", [] {
    std::string rows;
    for (int i = 0; i < 4; ++i) {
      std::string text;
      for (int j = 0; j < 12; ++j) text += "The " + std::to_string((i * 7 + j * 5) % 11) + " thing was there. ";
      rows += "{\"text\":\"" + text + "\"}\n";
    }
    return rows;
  }());
  const std::string chart = (world.folder() / "c.svg").string();
  const Ran ran = world.run({"--json", "arc", "compare", "noise=" + noise, "--people", set, "-o", chart});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const Json answer = ran.json();
  ASSERT_EQ(answer["groups"].size(), 2u);
  EXPECT_EQ(answer["texts"].size(), 16u);
  EXPECT_TRUE(answer["people_over_machines"].contains("coherence"));
  EXPECT_TRUE(read_file(chart)->starts_with("<svg "));
  EXPECT_EQ(world.run({"arc", "compare"}).exit_code, 2);
  EXPECT_EQ(world.run({"arc", "compare", "--via", "http://127.0.0.1:1/v1"}).exit_code, 2);
}

}  // namespace
}  // namespace banchu
