// arc calibrate, and what arc score and arc plot do with what it made, as a shell sees them.
#include <gtest/gtest.h>

#include "tests/app/shell.h"
#include "tests/arc/story.h"

namespace banchu {
namespace {

using test::Ran;
using test::tiny_model;
using test::World;

// Sixty sentences of a made-up letter writer, half of them glad.
std::string letters() {
  std::string text;
  for (int i = 0; i < 60; ++i) {
    const bool glad = i % 2 == 0;
    text +=
        Json{{"text", std::string(glad ? "the sun is bright" : "the rain is cold") + " on day " + std::to_string(i)},
             {"valence", glad ? 1 : -1},
             {"labels", glad ? Json::array({"joy"}) : Json::array()}}
            .dump() +
        "\n";
  }
  return text;
}

TEST(ArcCalibrateVerb, MakesAProbeThatScoresUseFromThenOn) {
  const World world;
  const std::string story = world.write("a.txt", std::string(kStory)).string();
  const Ran before = world.run({"--json", "arc", "score", story, "--model", tiny_model()});
  ASSERT_EQ(before.exit_code, 0) << before.err;
  EXPECT_TRUE(before.json()["inputs"]["probe"].is_null());
  EXPECT_NE(before.json()["notes"].dump().find("arc calibrate"), std::string::npos);

  const std::string data = world.write("letters.jsonl", letters()).string();
  const Ran made = world.run({"--json", "--model", tiny_model(), "arc", "calibrate", "--data", data});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_EQ(made.json()["dimension"], 128);
  EXPECT_EQ(made.json()["targets"].size(), 2u);
  EXPECT_EQ(made.json()["targets"][0]["name"], "valence");
  EXPECT_GT(made.json()["targets"][0]["languages"][0]["probe"].get<double>(), 0.7);
  EXPECT_TRUE(std::filesystem::exists(made.json()["probe"].get<std::string>()));

  const Json after = world.run({"--json", "arc", "score", story, "--model", tiny_model()}).json();
  EXPECT_EQ(after["inputs"]["probe"].get<std::string>().size(), 64u);
  EXPECT_TRUE(after["units"][0]["probe"].contains("valence"));
  EXPECT_TRUE(after["units"][0]["probe"].contains("joy"));
}

TEST(ArcCalibrateVerb, AProbeCanLieAnywhereAndBeNamed) {
  const World world;
  const std::string data = world.write("letters.jsonl", letters()).string();
  const std::string probe = (world.folder() / "mine.json").string();
  const Ran made = world.run({"--model", tiny_model(), "arc", "calibrate", data, "-o", probe});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  for (const char* piece : {"valence", "joy", "AUC", "mine.json"}) EXPECT_NE(made.out.find(piece), std::string::npos);
  const std::string story = world.write("a.txt", std::string(kStory)).string();
  EXPECT_EQ(world.run({"arc", "score", story, "--probe", probe}).exit_code, 2);  // of which model?
  const std::string picture = (world.folder() / "a.svg").string();
  const Ran plotted = world.run({"arc", "plot", story, "-o", picture, "--model", tiny_model(), "--probe", probe});
  EXPECT_EQ(plotted.exit_code, 0) << plotted.err;
  EXPECT_EQ(plotted.err.find("arc calibrate"), std::string::npos);

  std::string other = read_file(probe).value();
  const std::size_t at = other.find("\"digest\":\"") + 10;
  other.replace(at, 64, std::string(64, '0'));
  const Ran wrong =
      world.run({"arc", "score", story, "--model", tiny_model(), "--probe", world.write("other.json", other).string()});
  EXPECT_EQ(wrong.exit_code, 5);
  EXPECT_NE(wrong.err.find("arc calibrate"), std::string::npos);
}

TEST(ArcCalibrateVerb, WithoutDataTheGoldenEpisodesTeach) {
  const World world;
  const Ran made = world.run({"--json", "--model", tiny_model(), "arc", "calibrate", "--rows", "120"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_EQ(made.json()["targets"].size(), 1u);
}

TEST(ArcCalibrateVerb, WrongDataIsNamed) {
  const World world;
  const Ran few = world.run({"--model", tiny_model(), "arc", "calibrate", "--data",
                             world.write("few.jsonl", "{\"text\":\"so\",\"valence\":1}\n").string()});
  EXPECT_EQ(few.exit_code, 2);
  const Ran broken = world.run({"--model", tiny_model(), "arc", "calibrate", "--data",
                                world.write("broken.jsonl", "{\"text\":\"so\"}\n").string()});
  EXPECT_EQ(broken.exit_code, 2);
  EXPECT_NE(broken.err.find("row 1"), std::string::npos) << broken.err;
  EXPECT_EQ(world.run({"--model", tiny_model(), "arc", "calibrate", "--data", "nowhere.jsonl"}).exit_code, 3);
  const Ran korean =
      world.run({"--lang", "ko", "--model", tiny_model(), "arc", "calibrate", "--data", "nowhere.jsonl"});
  EXPECT_EQ(korean.exit_code, 3);
}

}  // namespace
}  // namespace banchu
