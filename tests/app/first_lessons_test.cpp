// A table and a folder of texts on their way into a night.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/app/shell.h"

namespace banchu {
namespace {

using test::Ran;
using test::World;

const std::string kFaq =
    "질문,답변\n언제 여나요?,아침 아홉 시에 엽니다.\n어디에 있나요?,시청 앞 골목 두 번째 집입니다.\n"
    "언제 여나요?,아침 아홉 시에 엽니다.\n,빈 물음입니다.\n";

TEST(FirstLessons, APreviewWritesNothingAndNeedsNoBag) {
  const World world;
  const std::string file = world.write("faq.csv", kFaq);
  const Json preview = world.run({"--json", "journal", "add", file, "--preview"}).json();
  EXPECT_EQ(preview["rows"], 4);
  EXPECT_EQ(preview["lessons"], 2);
  EXPECT_EQ(preview["skipped"]["duplicate"]["first"][0], "row 4");
  EXPECT_EQ(preview["skipped"]["empty"]["count"], 1);
  EXPECT_EQ(preview["first"][0]["question"], "언제 여나요?");
  EXPECT_FALSE(std::filesystem::exists(world.bag()));
  const Ran korean = world.run({"--lang", "ko", "journal", "add", file, "--preview"});
  EXPECT_NE(korean.out.find("3번째 줄"), std::string::npos) << korean.out;
  EXPECT_NE(korean.out.find("똑같은 것"), std::string::npos) << korean.out;
}

TEST(FirstLessons, ANightWouldLearnFromThem) {
  const World world;
  world.make_bag();
  const std::string file = world.write("faq.csv", kFaq);
  const Json added = world.run({"--json", "journal", "add", file}).json();
  EXPECT_EQ(added["conversations"], 2);
  const Json again = world.run({"--json", "journal", "add", file}).json();
  EXPECT_EQ(again["conversations"], 0);
  EXPECT_EQ(again["already_there"], 2);
  const Ran look = world.run({"ruminate", "--explain"});
  ASSERT_EQ(look.exit_code, 0) << look.err;
  EXPECT_NE(look.out.find("approved"), std::string::npos) << look.out;
  EXPECT_EQ(world.run({"bag", "verify", "--full"}).exit_code, 0);
}

TEST(FirstLessons, WithReviewTheyAreNotApproved) {
  const World world;
  world.make_bag();
  ASSERT_EQ(world.run({"journal", "add", world.write("faq.csv", kFaq), "--review"}).exit_code, 0);
  const Json entries = world.run({"--json", "journal", "show"}).json()["entries"];
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0]["mark"], "none");
}

TEST(FirstLessons, ALargeTableIsSampledEvenlyAndTheSameTwice) {
  const World world;
  std::string rows = "question,answer\n";
  for (int i = 0; i < 10100; ++i) rows += "question " + std::to_string(i) + ",answer\n";
  const std::string file = world.write("large.csv", rows);
  const Ran refused = world.run({"--json", "journal", "add", file});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.json()["error"]["hint"].get<std::string>().find("--sample"), std::string::npos);
  world.make_bag();
  ASSERT_EQ(world.run({"journal", "add", file, "--sample", "50"}).exit_code, 0);
  EXPECT_EQ(world.run({"--json", "journal", "add", file, "--sample", "50"}).json()["already_there"], 50);
  const Json entries = world.run({"--json", "journal", "show"}).json()["entries"];
  ASSERT_EQ(entries.size(), 50u);
  int from_the_end = 0;
  for (const Json& entry : entries)
    from_the_end += std::stoi(entry["user"].get<std::string>().substr(9)) >= 5050 ? 1 : 0;
  EXPECT_GT(from_the_end, 10);
  EXPECT_LT(from_the_end, 40);
}

TEST(FirstLessons, AFolderOfTextsIsTakenToo) {
  const World world;
  world.make_bag();
  std::filesystem::create_directories(world.folder() / "texts");
  world.write("texts/tale.txt", "Once there was a mill by the river. It turned all day.");
  const Json added = world.run({"--json", "journal", "add", (world.folder() / "texts").string()}).json();
  EXPECT_EQ(added["format"], "texts");
  EXPECT_EQ(added["conversations"], 1);
}

TEST(FirstLessons, WhatCannotBeReadIsRefusedBeforeAnythingIsAdded) {
  const World world;
  world.make_bag();
  EXPECT_EQ(world.run({"journal", "add", world.write("one.csv", "only\none\ncolumn\n")}).exit_code, 2);
  EXPECT_EQ(world.run({"journal", "add", world.write("none.csv", "q,a\n,\n")}).exit_code, 2);
  EXPECT_EQ(world.run({"journal", "add", "/nowhere.csv"}).exit_code, 3);
  EXPECT_EQ(world.run({"journal", "add", world.write("day.jsonl", "{}"), "--preview"}).exit_code, 2);
  EXPECT_TRUE(world.run({"--json", "journal", "show"}).json()["entries"].empty());
}

}  // namespace
}  // namespace banchu
