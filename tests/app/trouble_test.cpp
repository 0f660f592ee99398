// A trouble is found by what one sees, in either language; an error says that it is known; what is kept names nobody.
#include "app/trouble.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "app/catalogue.h"
#include "base/yaml.h"
#include "tests/app/shell.h"
#include "tests/app/source_strings.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
using test::has_hangul;
using test::Ran;
using test::World;

const fs::path kRoot = BANCHU_SOURCE_DIR;

std::string first_found(const std::string& symptom, const std::string& language = "en") {
  const Json answer = World().run({"--lang", language, "--json", "trouble", symptom}).json();
  const Json known = answer.value("known", Json::array());
  return known.empty() ? "" : string_at(known[0], "id");
}

TEST(Trouble, EveryOneIsWholeInBothLanguages) {
  EXPECT_GE(troubles().size(), 30u);
  for (const Trouble& trouble : troubles()) {
    for (const BothLanguages* text : {&trouble.symptom, &trouble.cause, &trouble.cure}) {
      EXPECT_FALSE(text->en.empty()) << trouble.id;
      EXPECT_FALSE(has_hangul(text->en)) << trouble.id;
      EXPECT_TRUE(has_hangul(text->ko)) << trouble.id;
      EXPECT_TRUE(text->ko.find("니다") != std::string::npos || text->ko.find("세요") != std::string::npos) << text->ko;
    }
    EXPECT_TRUE(trouble.where.empty() || fs::exists(kRoot / trouble.where)) << trouble.where;
  }
}

TEST(Trouble, TheErrorsThatPointToItExistAndPointToOneOnly) {
  const fs::path file = kRoot / "src/app/korean/errors.yaml";
  const Json rows = parse_yaml(read_file(file).value(), file.string()).value();
  std::set<std::string> seen;
  for (const Trouble& trouble : troubles()) {
    for (const std::string& error : trouble.errors) {
      EXPECT_TRUE(rows.contains(error)) << trouble.id << ": " << error;
      EXPECT_TRUE(seen.insert(error).second) << error;
    }
  }
}

TEST(Trouble, TheCommandsOfACureExist) {
  const std::string manual = World().run({"man"}).out;
  static const std::regex verb(R"(`banchu (--bag [^ ]+ )?([a-z]+))");
  for (const Trouble& trouble : troubles()) {
    for (const std::string& cure : {trouble.cure.en, trouble.cure.ko}) {
      for (auto at = std::sregex_iterator(cure.begin(), cure.end(), verb); at != std::sregex_iterator(); ++at) {
        EXPECT_NE(manual.find(".SS " + (*at)[2].str()), std::string::npos) << at->str();
      }
    }
  }
}

TEST(Trouble, IsFoundByWhatOneSees) {
  EXPECT_EQ(first_found("fontconfig"), "packages-set-up");
  EXPECT_EQ(first_found("full stop missing"), "missing-full-stop");
  EXPECT_EQ(first_found("Illegal instruction (core dumped)"), "illegal-instruction");
  EXPECT_EQ(first_found("the loss is NaN"), "diverged");
  EXPECT_EQ(first_found("slow-night"), "slow-night");
}

TEST(Trouble, IsFoundInKoreanUnderEveryEnding) {
  EXPECT_EQ(first_found("밤이 너무 느려요", "ko"), "slow-night");
  EXPECT_EQ(first_found("마침표가 사라졌어요", "ko"), "missing-full-stop");
  EXPECT_EQ(first_found("디스크가 꽉 찼어요", "ko"), "disk-full");
  EXPECT_EQ(first_found("한글이 네모로 나와요", "ko"), "no-korean-in-pictures");
  EXPECT_EQ(first_found("대답이 끝나지를 않네요", "ko"), "reply-never-ends");
}

TEST(Trouble, SaysSoWhenNothingIsLikeIt) {
  for (const char* symptom : {"zzzz", "김치찌개", "the of and", "\"'*()- OR NEAR", "¿?"}) {
    const Ran ran = World().run({"trouble", symptom});
    EXPECT_EQ(ran.exit_code, 3) << symptom << ran.out;
    EXPECT_NE(ran.err.find("banchu doctor"), std::string::npos) << ran.err;
  }
  EXPECT_NE(World().run({"--lang", "ko", "trouble", "zzzz"}).err.find("비슷한 일은"), std::string::npos);
}

TEST(Trouble, ARunTimeErrorOffersTheKnownCureInOneLine) {
  World world;
  EXPECT_NE(world.run({"self", "list"}).err.find("banchu trouble no-bag"), std::string::npos);
  EXPECT_NE(world.run({"--lang", "ko", "self", "list"}).err.find("알려진 일입니다"), std::string::npos);
  EXPECT_EQ(world.run({"--json", "self", "list"}).json()["error"]["trouble"], "no-bag");
  world.make_bag();
  fs::resize_file(world.bag() / "banchu.db", 0);
  EXPECT_NE(world.run({"bag", "show"}).err.find("banchu doctor"), std::string::npos);  // no row of its own yet
  EXPECT_EQ(world.run({"nigth"}).err.find("banchu trouble"), std::string::npos);
}

TEST(Trouble, KeepsFailuresByTheirKindAloneAndCountsThem) {
  World world;
  const std::string secret = "/home/nabi/my secret cat.gguf";
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(world.run({"--model", secret, "chat", "--mode", "sandbox", "--once", "Nabi"}).exit_code, 3);
  EXPECT_EQ(world.run({"self", "lsit"}).exit_code, 2);  // wrong use is no trouble
  const std::string kept = read_file(world.folder() / "shared/troubles.jsonl").value();
  for (const char* name : {"nabi", "Nabi", "secret", "cat", "home"})
    EXPECT_EQ(kept.find(name), std::string::npos) << kept;
  const Json mine = world.run({"--json", "trouble", "--mine"}).json()["mine"];
  ASSERT_EQ(mine.size(), 1u) << mine;
  EXPECT_EQ(mine[0]["times"], 2);
  EXPECT_EQ(mine[0]["symptom"], "there is no model file …");
  EXPECT_EQ(mine[0]["trouble"], "no-model");
  EXPECT_NE(string_at(mine[0], "machine").find("cores"), std::string::npos);
  EXPECT_EQ(world.run({"--json", "trouble", "no model file"}).json()["mine"].size(), 1u);
  EXPECT_EQ(world.run({"trouble", "--forget"}).exit_code, 0);
  EXPECT_EQ(world.run({"--json", "trouble", "--mine"}).json()["mine"].size(), 0u);
}

TEST(Trouble, IsWrittenAsMarkdownInTheUsersLanguage) {
  World world;
  EXPECT_EQ(world.run({"self", "list"}).exit_code, 3);
  const fs::path page = world.folder() / "board.md";
  ASSERT_EQ(world.run({"trouble", "--mine", "--markdown", page.string()}).exit_code, 0);
  const std::string english = read_file(page).value();
  EXPECT_EQ(english.find("### there is no bag at …"), 0u) << english;
  EXPECT_NE(english.find("**Cure**"), std::string::npos) << english;
  ASSERT_EQ(world.run({"--lang", "ko", "trouble", "밤이 느려요", "--markdown", page.string()}).exit_code, 0);
  EXPECT_TRUE(has_hangul(read_file(page).value()));
}

TEST(Trouble, AHomeThatCannotBeWrittenDoesNotHideTheError) {
  World world;
  world.write("shared", "a file where the folder should be");
  const Ran ran = world.run({"self", "list"});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_NE(ran.err.find("there is no bag"), std::string::npos);
}

TEST(KindOf, LeavesNothingButRowsOfTheCatalogue) {
  EXPECT_EQ(kind_of("/x/Nabi.jsonl line 3: message 2 is empty").plain, "… line …: message … is empty");
  EXPECT_EQ(kind_of("what nobody wrote down: Nabi").plain.find("Nabi"), std::string::npos);
  EXPECT_EQ(kind_of("").plain, "");
}

}  // namespace
}  // namespace banchu
