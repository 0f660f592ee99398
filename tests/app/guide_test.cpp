// Every command of the guide is run as it stands in docs/, in both languages; each step leaves its picture.
#include "app/guide.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <clocale>
#include <cstdlib>
#include <regex>
#include <set>
#include <sstream>

#include "app/picture.h"
#include "app/terminal.h"
#include "tests/app/grown_bag.h"
#include "tests/app/shell.h"
#include "tests/app/source_strings.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
using test::has_hangul;
using test::make_grown_bag;
using test::Ran;
using test::World;

const fs::path kRoot = BANCHU_SOURCE_DIR;

std::string commands_of(const Guide& guide) {
  std::string script;
  const auto add = [&](const GuideStep& step) {
    for (const GuidePart& part : step.parts) {
      if (part.is_code) script += part.text;
    }
  };
  add(guide.opening);
  for (const GuideStep& step : guide.steps) add(step);
  return script;
}

// A clone as the guide's reader has it, but with the tiny model and its day in the place of the real ones.
class Clone {
 public:
  Clone() {
    fs::create_directories(root() / "bin");
    fs::create_directories(root() / "samples/en");
    fs::create_directories(root() / "shared/models");
    fs::create_symlink(test::tiny_model(), root() / "shared/models/tiny.gguf");
    fs::create_symlink(tiny("good-day.jsonl"), root() / "samples/en/day1.jsonl");
    write_program();
  }

  Ran run(const std::string& script) const {
    world_.write("guide.sh", "set -eu\ncd '" + root().string() + "'\n" + script);
    const std::string home = root().string();
    const std::string command = "env -i PATH=/usr/bin:/bin LANG=C.UTF-8 HOME='" + home + "/home' XDG_CACHE_HOME='" +
                                home + "/cache' BANCHU_HOME='" + home + "/shared' GOMP_SPINCOUNT=2000 bash '" + home +
                                "/guide.sh' </dev/null >'" + home + "/out' 2>'" + home + "/err'";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(root() / "out").value_or(""),
            read_file(root() / "err").value_or("")};
  }
  fs::path root() const { return world_.folder(); }

 private:
  static std::string tiny(const std::string& name) { return (kRoot / "tests/fixtures/tiny" / name).string(); }

  // The program on one thread, with the tiny recipe in a bag that has none. Only `doctor` may answer "no" (there is no
  // bag in the beginning).
  void write_program() const {
    const std::string recipe = read_file(tiny("night.yaml")).value();
    world_.write("tiny.yaml", std::regex_replace(recipe, std::regex("(suite|everyday): "), "$1: " + tiny("")));
    const fs::path program = world_.write(
        "bin/banchu", std::string("#!/bin/sh\n") + "'" BANCHU_PROGRAM "' --threads 1 --seed 1 \"$@\" || answer=$?\n" +
                          "[ ! -f \"$BANCHU_BAG/bag.json\" ] || [ -e \"$BANCHU_BAG/night.yaml\" ] || cp '" +
                          (root() / "tiny.yaml").string() + "' \"$BANCHU_BAG/night.yaml\"\n" + "exit ${answer:-0}\n");
    fs::permissions(program, fs::perms::owner_all);
  }

  World world_;
};

void walk_through(Language language) {
  const Clone clone;
  const Ran ran = clone.run(commands_of(guide_in(language)));
  ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  // Too many steps on few talks: the best was not the last. Stopped in time: nobody waited for the fortieth.
  const bool korean = language == Language::ko;
  EXPECT_NE(ran.out.find(korean ? "정한 걸음을 다 걸음" : "ended by max_steps"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find(korean ? "더 나아지지 않음" : "ended by patience"), std::string::npos) << ran.out;
  for (const char* picture :
       {"step1", "step1-mine", "step2", "step3", "step4", "step5", "step6", "step6-in-time", "step7", "step8"}) {
    const std::string svg = read_file(clone.root() / (std::string(picture) + ".svg")).value_or("");
    EXPECT_EQ(svg.find("<svg"), 0u) << picture;
    EXPECT_NE(svg.find("</svg>"), std::string::npos) << picture;
    EXPECT_EQ(has_hangul(svg), language == Language::ko) << picture;
  }
}

TEST(Guide, EveryCommandOfTheEnglishOneRunsAndDrawsItsPicture) { walk_through(Language::en); }
TEST(Guide, EveryCommandOfTheKoreanOneRunsAndDrawsItsPicture) { walk_through(Language::ko); }

TEST(Guide, BothLanguagesHaveTheSameStepsAndTheSameCommands) {
  const Guide& english = guide_in(Language::en);
  const Guide& korean = guide_in(Language::ko);
  ASSERT_EQ(english.steps.size(), 8u);
  EXPECT_EQ(std::regex_replace(commands_of(korean), std::regex(" --lang ko"), ""), commands_of(english));
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(english.steps[i].title.find(std::to_string(i + 1) + ". "), 0u);
    EXPECT_TRUE(has_hangul(korean.steps[i].title));
    for (const GuidePart& part : english.steps[i].parts) EXPECT_FALSE(has_hangul(part.text)) << part.text;
    for (const GuidePart& part : korean.steps[i].parts) EXPECT_TRUE(part.is_code || has_hangul(part.text)) << part.text;
  }
}

// "journal add samples/day.jsonl --force" has the verb "journal add" and the option "--force".
TEST(Readme, EveryCommandHasItsVerbAndItsOptions) {
  static const std::regex command("bin/banchu ([^`]+)`"), option("--[a-z-]+");
  const World world;
  int checked = 0;
  for (const char* page : {"README.md", "README.ko.md"}) {
    const std::string text = read_file(kRoot / page).value();
    for (auto at = std::sregex_iterator(text.begin(), text.end(), command); at != std::sregex_iterator(); ++at) {
      const std::string typed = (*at)[1].str();
      std::istringstream words(typed);
      std::vector<std::string> verb;
      for (std::string word; words >> word && !word.starts_with('-') && verb.size() < 3;) verb.push_back(word);
      if (verb.empty()) continue;
      verb.push_back("--help");
      const Ran help = world.run(verb);
      EXPECT_EQ(help.exit_code, 0) << typed << help.err;
      for (auto one = std::sregex_iterator(typed.begin(), typed.end(), option); one != std::sregex_iterator(); ++one)
        EXPECT_NE(help.out.find(one->str()), std::string::npos) << typed;
      ++checked;
    }
  }
  EXPECT_GT(checked, 35);
}

TEST(Guide, IsShownInAWindowOfEightyColumns) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  for (const char* language : {"en", "ko"}) {
    for (const std::string& step : {std::string(), std::string("3"), std::string("8")}) {
      std::vector<std::string> words = {"--lang", language, "guide"};
      if (!step.empty()) words.push_back(step);
      const Ran ran = World().run(words);
      EXPECT_EQ(ran.exit_code, 0) << ran.err;
      std::istringstream lines(ran.out);
      for (std::string line; std::getline(lines, line);) {
        EXPECT_TRUE(line.starts_with("    ") || display_width(line) <= 80) << line;
      }
    }
  }
}

TEST(Guide, SaysWhereToGoOnAndWhatIsMissing) {
  World world;
  EXPECT_EQ(world.run({"--json", "guide"}).json()["next"], 1);
  world.make_bag();
  EXPECT_EQ(world.run({"--json", "guide"}).json()["next"], 3);
  const Ran early = world.run({"guide", "5", "--picture", (world.folder() / "x.svg").string()});
  EXPECT_EQ(early.exit_code, 5);
  EXPECT_NE(early.err.find("banchu night"), std::string::npos) << early.err;
  EXPECT_FALSE(fs::exists(world.folder() / "x.svg"));
  for (const char* step : {"0", "9", "12", "x", "첫째"}) EXPECT_EQ(world.run({"guide", step}).exit_code, 3) << step;
  EXPECT_NE(world.run({"--lang", "ko", "guide", "9"}).err.find("걸음은 없습니다"), std::string::npos);
}

TEST(Guide, APictureOfAnotherKindIsRefused) {
  World world;
  world.make_bag();
  EXPECT_EQ(world.run({"guide", "2", "--picture", (world.folder() / "x.jpg").string()}).exit_code, 2);
}

TEST(Picture, WhatOthersWroteStaysText) {
  const std::string svg = bars_picture({"<script>", "a & b", true}, {{"<b>", "1", 1, 0.5, true}});
  EXPECT_EQ(svg.find("<script>"), std::string::npos);
  EXPECT_NE(svg.find("&lt;script&gt;"), std::string::npos);
}

TEST(Picture, DrawsWhatHasOnePointOrNone) {
  const PictureFrame frame{"t", "n", true};
  EXPECT_NE(lines_picture(frame, "x", {{"a", {{1, 2}}, false}}, std::nullopt).find("</svg>"), std::string::npos);
  EXPECT_NE(bars_picture(frame, {}).find("</svg>"), std::string::npos);
  EXPECT_EQ(lines_picture(frame, "x", {{"a", {{1, 2}}, false}}, std::nullopt).find("nan"), std::string::npos);
}

TEST(Taste, TellsWhoWasWhoOnlyAtTheEndAndLeavesNoTrace) {
  World world;
  make_grown_bag(world);
  const auto before = test::digests_below(world.bag());
  const std::vector<std::string> words = {"self", "taste", "--question", "hello", "--question", "where is the lion?"};
  const std::string out = world.run(words, "x\na\nb\n").out;
  const std::size_t last_reply = out.rfind("B ▸ "), told = out.find("question 1: A was the ");
  ASSERT_NE(told, std::string::npos) << out;
  EXPECT_LT(last_reply, told);
  EXPECT_LT(out.rfind("A ▸ "), told);
  EXPECT_NE(out.find("you liked the new self"), std::string::npos) << out;
  EXPECT_EQ(world.run(words, "").exit_code, 0);  // nobody is there to choose
  EXPECT_EQ(test::digests_below(world.bag()), before);
}

TEST(Taste, BothSelvesAnswerAndTheOrderDependsOnTheSeedAlone) {
  World world;
  make_grown_bag(world);
  std::vector<std::string> words = {"--json", "self", "taste"};
  for (int i = 0; i < 8; ++i) words.insert(words.end(), {"--question", "hello " + std::to_string(i)});
  const Json answer = world.run(words).json();
  ASSERT_EQ(answer["questions"].size(), 8u);
  std::set<std::string> first;
  for (const Json& question : answer["questions"]) {
    first.insert(string_at(question, "first"));
    EXPECT_TRUE(question["liked"].is_null());
    EXPECT_TRUE(question["old"].is_string() && question["new"].is_string());
  }
  EXPECT_EQ(first.size(), 2u);
  EXPECT_EQ(world.run(words).json(), answer);
  EXPECT_NE(answer["old"], answer["new"]);
}

TEST(Taste, NeedsTwoSelves) {
  World world;
  world.make_bag();
  const Ran ran = world.run({"self", "taste"});
  EXPECT_EQ(ran.exit_code, 5);
  EXPECT_NE(ran.err.find("is the first"), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace banchu
