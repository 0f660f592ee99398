// Every command of README.md and README.ko.md is typed as it stands there, in a clone with the tiny model and a bag
// that has grown; the guide's commands are run by guide_test.cpp. What a test cannot run is named below, with what runs
// it instead.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <sstream>

#include "tests/app/golden_story.h"
#include "tests/app/grown_bag.h"
#include "tests/app/ward.h"
#include "tests/arc/book_maker.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
using test::Ran;
using test::Room;
using test::Ward;

const fs::path kRoot = BANCHU_SOURCE_DIR;

struct Elsewhere {
  const char* command;
  const char* reason;
};
constexpr Elsewhere kRunElsewhere[] = {
    {"./start", "installs packages and builds; ./check and .ci/run do the same set-up by tools/setup.sh"},
    {"./start --demo", "a whole night on the default model; night_tests run that night in ./check"},
    {"./check", "runs this test"},
    {"bin/banchu model pull hf:owner/repository/file.gguf",
     "needs a network; pull_verb_test pulls from a local server"},
    {"bin/banchu chat --via http://127.0.0.1:11434 --model NAME", "needs an Ollama; via_test speaks through servers"},
    {"bin/banchu chat --via http://127.0.0.1:11434 --model 이름", "the same, in Korean"},
    {"bin/banchu model pull hf:주인/저장소/파일.gguf", "the same, in Korean"},
};

// The page's own port may be another test's just now.
// How a command that talks with somebody is answered, and which other end than 0 is a good one.
struct Way {
  const char* begins;
  const char* script;  // {} stands for the command
};
constexpr Way kWays[] = {
    {"bin/banchu chat --once", "{}"},
    {"bin/banchu chat", "printf 'hello\\n/bye\\n' | {}"},
    {"bin/banchu memory review", "{} < /dev/null"},
    // What comes behind it on the page is done by the self that has grown.
    {"bin/banchu self rollback", "cp -a bag before; {}; answer=$?; rm -r bag; mv before bag; exit $answer"},
    {"bin/banchu night", "{} || [ $? = 20 ]"},  // tiny nights are refused now and then
    {"bin/banchu arc golden make", "yes accept | {}"},
    {"bin/banchu serve",
     "{} --port 0 > said 2>&1 & pid=$!; until grep -q '/v1' said; do kill -0 $pid || { cat said; exit 1; }; sleep "
     "0.05; done; "
     "kill -TERM $pid; wait $pid"},
};

// What a reader puts into its place.
const std::map<std::string, std::string> kWords = {
    {"FILE", "shared/models/tiny.gguf"},
    {"파일", "shared/models/tiny.gguf"},
    {"FOLDER", "peft"},
    {"DIR", "adapter"},
    {"MODEL.gguf", "shared/models/tiny.gguf"},
    {"q4_k_m", "q8_0"},  // the tiny model's rows are too short for blocks of 256
};

std::string trimmed(std::string text) {
  text.erase(0, text.find_first_not_of(' '));
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

// Lines of fenced blocks that are commands, and code spans that begin with bin/banchu.
std::vector<std::string> commands_of(const std::string& page) {
  static const std::regex span("`(bin/banchu[^`]*)`");
  std::vector<std::string> commands;
  std::istringstream lines(read_file(kRoot / page).value());
  bool is_fenced = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) is_fenced = !is_fenced;
    const std::string bare = trimmed(line.substr(0, line.find(" #")));
    if (is_fenced && line.starts_with("./")) commands.push_back(bare);
    if (is_fenced && line.starts_with("$ banchu ")) commands.push_back("bin/" + line.substr(2));
    if (is_fenced && line.starts_with("bin/banchu ")) commands.push_back(bare);
    for (auto at = std::sregex_iterator(line.begin(), line.end(), span); at != std::sregex_iterator(); ++at)
      commands.push_back((*at)[1]);
  }
  return commands;
}

std::string labelled_letters() {
  std::string lines;
  for (int i = 0; i < 60; ++i) {
    const bool glad = i % 2 == 0;
    lines += to_line({{"text", (glad ? "A glad and happy day, number " : "A sad and lonely night, number ") +
                                   std::to_string(i) + "."},
                      {"valence", glad ? 1 : -1},
                      {"group", "letter " + std::to_string(i % 10)}}) +
             "\n";
  }
  return lines;
}

// What the readers have at hand: a table, a story, a book, an adapter from elsewhere. The bag's awake self has grown.
class Reader {
 public:
  Reader() {
    fs::remove_all(ward_.folder() / "bag");
    test::make_grown_bag(ward_.world());
    const std::string story = test::golden_story("en-01-winter-count"), other = test::golden_story("en-07-valve-six");
    ward_.world().write("STORY.txt", story);
    ward_.world().write("BOOK.epub",
                        make_epub({"<h1>One</h1><p>" + story + "</p>", "<h1>Two</h1><p>" + other + "</p>"}));
    ward_.world().write("faq.csv", "question,answer\nWhere is it?,In the north.\nWhen does it open?,At nine.\n");
    ward_.world().write("LABELLED.jsonl", labelled_letters());
    ward_.prepare(
        "cp night.yaml bag/; banchu export adapter --to peft\n"
        "rm samples; mkdir -p samples/en samples/ko\n"
        "for language in en ko; do cp \"$TINY/good-day.jsonl\" samples/$language/day1.jsonl; done\n"
        "cp '" +
        (kRoot / "samples/en/dori.yaml").string() +
        "' samples/en/\n"
        // Without its examples: to the tiny model's bytes they are longer than its context.
        "sed '/^few_shot:$/,/^sampling:$/{/^sampling:$/!d}' '" +
        (kRoot / "samples/ko/dori.yaml").string() + "' > samples/ko/dori.yaml");
  }
  Ran type(const std::string& command) const {
    std::string typed = test::filled(command, kWords);
    typed = test::filled(typed, {{"폴더", command.starts_with("bin/banchu export") ? "adapter" : "peft"}});
    if (const std::size_t dots = typed.find(" ..."); dots != std::string::npos) typed.replace(dots, 4, " doctor");
    std::string script = "{}";
    for (const Way& way : kWays) {
      if (!command.starts_with(way.begins)) continue;
      script = way.script;
      break;
    }
    script.replace(script.find("{}"), 2, typed);
    return ward_.shell(script + "\n", Room::plain);
  }

 private:
  Ward ward_;
};

bool runs_elsewhere(const std::string& command) {
  return std::any_of(std::begin(kRunElsewhere), std::end(kRunElsewhere),
                     [&](const Elsewhere& one) { return command == one.command; });
}

void type_every_command(const std::string& page) {
  const Reader reader;
  std::size_t typed = 0;
  for (const std::string& command : commands_of(page)) {
    if (runs_elsewhere(command)) continue;
    const Ran ran = reader.type(command);
    EXPECT_EQ(ran.exit_code, 0) << command << "\n" << ran.out << ran.err;
    ++typed;
  }
  EXPECT_GT(typed, 25u) << page;
}

TEST(Readme, EveryCommandOfTheEnglishOneRuns) { type_every_command("README.md"); }
TEST(Readme, EveryCommandOfTheKoreanOneRuns) { type_every_command("README.ko.md"); }

TEST(Readme, ACommandThatDoesNotParseIsFound) {
  const Reader reader;
  EXPECT_NE(reader.type("bin/banchu self tre").exit_code, 0);
  EXPECT_NE(reader.type("bin/banchu plan --shap 8b").exit_code, 0);
  EXPECT_NE(reader.type("bin/banchu chat --mask x").exit_code, 0);
  EXPECT_NE(reader.type("bin/banchu night --recipes x").exit_code, 0);
  EXPECT_NE(reader.type("bin/banchu serve --prot 1").exit_code, 0);
}

TEST(Readme, WhatRunsElsewhereStandsThereAndIsThere) {
  std::vector<std::string> all = commands_of("README.md");
  for (const std::string& command : commands_of("README.ko.md")) all.push_back(command);
  for (const Elsewhere& one : kRunElsewhere) {
    EXPECT_NE(std::find(all.begin(), all.end(), one.command), all.end()) << one.command << ": " << one.reason;
    const std::string command = one.command;
    if (!command.starts_with("./")) continue;
    const std::string script = (kRoot / command.substr(2, command.find(' ') - 2)).string();
    EXPECT_EQ(std::system(("bash -n '" + script + "'").c_str()), 0) << script;
    const std::size_t option = command.find("--");
    const std::string way = option == std::string::npos ? "" : "  " + command.substr(option) + ")";
    EXPECT_NE(read_file(script)->find(way), std::string::npos) << command;
  }
}

// The two pages teach the same verbs.
TEST(Readme, BothPagesHaveTheSameCommands) {
  const auto verbs_of = [](const std::string& page) {
    std::vector<std::string> verbs;
    for (const std::string& command : commands_of(page)) {
      std::istringstream words(command);
      std::string verb, word;
      for (int i = 0; i < 3 && words >> word; ++i) {
        const bool is_own = !word.starts_with('-') && word.find('.') == std::string::npos;
        if (i == 0 || is_own) verb += word + " ";
      }
      static const std::regex taught("^bin/banchu (explain|trouble|import) .*");
      verbs.push_back(std::regex_replace(verb, taught, "bin/banchu $1"));
    }
    std::sort(verbs.begin(), verbs.end());
    verbs.erase(std::unique(verbs.begin(), verbs.end()), verbs.end());
    return verbs;
  };
  EXPECT_EQ(verbs_of("README.md"), verbs_of("README.ko.md"));
}

}  // namespace
}  // namespace banchu
