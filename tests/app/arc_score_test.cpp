// arc score as a shell sees it.
#include <gtest/gtest.h>

#include "app/arc_text.h"
#include "tests/app/shell.h"
#include "tests/arc/story.h"

namespace banchu {
namespace {

using test::Ran;
using test::tiny_model;
using test::World;

TEST(ArcScoreVerb, AnswersOneObjectWithTheFieldsOfTheContract) {
  const World world;
  const Ran ran = world.run({"arc", "score", world.write("a.txt", std::string(kStory)).string(), "--json"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const Json json = ran.json();
  for (const char* field :
       {"coherence", "standard", "interval", "robust", "null", "ceiling", "subscores", "units", "arc", "phases",
        "peaks", "valleys", "turning_points", "grid", "evidence", "cost", "inputs"}) {
    EXPECT_TRUE(json.contains(field)) << field;
  }
  EXPECT_GT(json["coherence"].get<double>(), json["null"].get<double>());
}

TEST(ArcScoreVerb, ShowsTheArcTheNumberAndWhatItStandsBeside) {
  const World world;
  const Ran ran = world.run({"arc", "score", world.write("a.txt", std::string(kStory)).string()});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  for (const char* piece : {"▁", "coherence ", "by chance ", "order ", "no language model used"}) {
    EXPECT_NE(ran.out.find(piece), std::string::npos) << piece;
  }
}

TEST(ArcScoreVerb, AnEmptyFileGetsAReasonAndNoNumber) {
  const World world;
  const Ran ran = world.run({"arc", "score", world.write("empty.txt", "").string(), "--json"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_TRUE(ran.json()["coherence"].is_null());
  EXPECT_NE(ran.json()["reason"].get<std::string>().find("empty"), std::string::npos);
}

TEST(ArcScoreVerb, WrongUseIsNamed) {
  const World world;
  const std::string file = world.write("a.txt", std::string(kStory)).string();
  EXPECT_EQ(world.run({"arc", "score", file, "--gamma", "99"}).exit_code, 2);
  EXPECT_EQ(world.run({"arc", "score", file, "--tau", "-1"}).exit_code, 2);
  EXPECT_EQ(world.run({"arc", "score", (world.folder() / "nowhere.txt").string()}).exit_code, 3);
  EXPECT_EQ(world.run({"arc", "score", file, "--model", tiny_model(), "--no-model"}).exit_code, 2);
  const Ran broken = world.run({"arc", "score", world.write("talk.jsonl", "{\"words\":[]}\n").string()});
  EXPECT_EQ(broken.exit_code, 2);
  EXPECT_NE(broken.err.find("line 1"), std::string::npos);
}

TEST(ArcScoreVerb, AConversationIsReadByTurns) {
  const World world;
  const auto file = world.write(
      "talk.jsonl",
      R"({"messages":[{"role":"user","content":"I lost my dog."},{"role":"assistant","content":"I am sorry. What was the dog like?"},{"role":"user","content":"The dog was old and kind."}]})");
  const Ran ran = world.run({"arc", "score", file.string(), "--json"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.json()["units"].size(), 3u);
  EXPECT_EQ(ran.json()["units"][1]["speaker"], "assistant");
}

TEST(ArcScoreVerb, AModelReadsAlongOnlyWhenAsked) {
  const World world;
  const std::string file = world.write("a.txt", std::string(kStory)).string();
  const Ran ran = world.run({"arc", "score", file, "--model", tiny_model(), "--json"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const Json json = ran.json();
  EXPECT_GT(json["cost"]["tokens"].get<int>(), 0);
  EXPECT_TRUE(json["inputs"]["model"].is_string());
  EXPECT_TRUE(json["units"][1].contains("context_gain"));
  EXPECT_GT(json["units"][1]["entropy"].get<double>(), 0);
  EXPECT_GT(json["units"][1]["surprisal"].get<double>(), 0);
}

}  // namespace
}  // namespace banchu
