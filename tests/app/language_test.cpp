// The whole command line in Korean: no sentence of the sources without one, and nothing wider than the window.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <clocale>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "app/catalogue.h"
#include "app/terminal.h"
#include "base/yaml.h"
#include "tests/app/shell.h"
#include "tests/app/source_strings.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
using test::calls_in;
using test::has_hangul;
using test::has_letters;
using test::Ran;
using test::SourceCall;
using test::without_formats;
using test::World;

const fs::path kSource = fs::path(BANCHU_SOURCE_DIR) / "src";

std::map<std::string, std::string> catalogue() {
  std::map<std::string, std::string> rows;
  for (const char* name : {"help", "errors", "lines"}) {
    const fs::path file = kSource / "app/korean" / (std::string(name) + ".yaml");
    const Json table = parse_yaml(read_file(file).value(), file.string()).value();
    for (const auto& [english, korean] : table.items()) rows[english] = korean.get<std::string>();
  }
  return rows;
}

std::vector<fs::path> sources_below(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".cpp" || entry.path().extension() == ".h") files.push_back(entry.path());
  }
  return files;
}

// The literal pieces of an error may be joined with values by +, so each must be part of a row.
std::vector<std::string> error_literals(const std::string& source) {
  std::vector<std::string> literals;
  for (const SourceCall& call : calls_in(source, {"make_error", "error_from_errno"})) {
    literals.insert(literals.end(), call.literals.begin(), call.literals.end());
  }
  // Tables of {Code::X, "hint"} and named hints.
  static const std::regex hint(R"re((Code::[A-Za-z]+,\s*|[Hh]int\s*=\s*(fmt::format\(\s*)?)"([^"\\\n]*)")re");
  for (auto at = std::sregex_iterator(source.begin(), source.end(), hint); at != std::sregex_iterator(); ++at) {
    if ((*at)[3].str().find(' ') != std::string::npos) literals.push_back((*at)[3].str());
  }
  return literals;
}

TEST(Korean, EveryErrorOfTheSourcesHasARow) {
  std::set<std::string> english;
  for (const auto& [key, korean] : catalogue()) english.insert(without_formats(key));
  std::size_t checked = 0;
  std::string missing;
  for (const fs::path& file : sources_below(kSource)) {
    for (const std::string& literal : error_literals(read_file(file).value())) {
      if (!has_letters(literal) || has_hangul(literal)) continue;
      ++checked;
      const std::string wanted = without_formats(literal);
      const bool found = std::any_of(english.begin(), english.end(),
                                     [&](const std::string& key) { return key.find(wanted) != std::string::npos; });
      if (!found) missing += file.string() + ": " + literal + "\n";
    }
  }
  EXPECT_EQ(missing, "") << "write their Korean into src/app/korean/errors.yaml";
  EXPECT_GT(checked, 300u);
}

TEST(Korean, EveryLineOfTheVerbsHasARow) {
  const std::map<std::string, std::string> rows = catalogue();
  std::size_t checked = 0;
  std::string missing;
  for (const fs::path& file : sources_below(kSource / "app")) {
    for (const SourceCall& call : calls_in(read_file(file).value(), {"say", "said", "named"})) {
      const std::string first = call.literals.empty() ? "" : call.literals[0];
      if (!has_letters(first)) continue;
      ++checked;
      if (!rows.contains(first)) missing += file.string() + ": " + first + "\n";
    }
  }
  EXPECT_EQ(missing, "") << "write their Korean into src/app/korean/lines.yaml";
  EXPECT_GT(checked, 25u);
}

// What has a row, and what is no sentence but a key of an answer, may stand inside.
TEST(Korean, NoVerbPrintsALiteralPastTheCatalogue) {
  const std::map<std::string, std::string> rows = catalogue();
  std::string bare;
  for (const fs::path& file : sources_below(kSource / "app")) {
    for (const SourceCall& call : calls_in(read_file(file).value(), {"print", "note"})) {
      for (const std::string& literal : call.literals) {
        const std::string plain = without_formats(literal);
        if (rows.contains(literal) || literal.find(' ') == std::string::npos) continue;
        if (has_letters(plain) && plain != "banchu · {} {} · {}" && plain != "banchu ▸ " && plain != "logit_bias.") {
          bare += file.string() + ": " + literal + "\n";
        }
      }
    }
  }
  EXPECT_EQ(bare, "") << "use say() or said() and write the Korean into src/app/korean/lines.yaml";
}

// {} by {} or by number, and each number formatted as in the English.
std::multiset<std::string> holes_of(const std::string& text) {
  static const std::regex hole(R"(\{\{|\}\}|\{(\d*)(:[^{}]*)?\})");
  std::multiset<std::string> holes;
  int next = 0;
  for (auto at = std::sregex_iterator(text.begin(), text.end(), hole); at != std::sregex_iterator(); ++at) {
    if ((*at).str() == "{{" || (*at).str() == "}}") continue;
    const std::string number = (*at)[1].str().empty() ? std::to_string(next++) : (*at)[1].str();
    holes.insert(number + (*at)[2].str());
  }
  return holes;
}

// What the measuring engine tells beside an answer, and every choice of `named(... ? "a" : "b")`.
TEST(Korean, NotesAndEveryNameHaveARow) {
  static const std::regex hole(R"(\{[^{}]*\})");
  std::string missing;
  std::vector<fs::path> files = sources_below(kSource / "app");
  for (const fs::path& file : sources_below(kSource / "arc")) files.push_back(file);
  for (const fs::path& file : files) {
    const std::string source = read_file(file).value();
    for (const SourceCall& call : calls_in(source, {"named", "notes.push_back", "notes.emplace_back", "complain"})) {
      for (const std::string& literal : call.literals) {
        const bool is_sentence = call.function == "named" || literal.find(' ') != std::string::npos;
        if (!is_sentence || !has_letters(literal) || has_hangul(literal)) continue;
        const std::string korean = translated(std::regex_replace(literal, hole, "7"), Language::ko);
        if (!has_hangul(korean) && !catalogue().contains(literal)) missing += file.string() + ": " + literal + "\n";
      }
    }
  }
  EXPECT_EQ(missing, "") << "write their Korean into src/app/korean/lines.yaml";
}

TEST(Korean, TheHelpOfTheConversationIsKorean) {
  World world;
  world.make_bag();
  const Ran ran = world.run({"--lang", "ko", "chat"}, "/help\n/bye\n");
  EXPECT_EQ(ran.exit_code, 0);
  std::istringstream lines(ran.err);
  int commands = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("  /")) continue;
    ++commands;
    EXPECT_TRUE(has_hangul(line)) << line;
    EXPECT_LE(display_width(line), 80u) << line;
  }
  EXPECT_EQ(commands, 10);
}

TEST(Korean, LongAnswersStayWithinEightyColumns) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  World world;
  world.make_bag();
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{"doctor"},
                                                                                     {"explain", "과적합"},
                                                                                     {"explain", "lora"},
                                                                                     {"trouble"},
                                                                                     {"trouble", "밤이 느려요"},
                                                                                     {"guide"}}) {
    std::vector<std::string> all = {"--lang", "ko"};
    all.insert(all.end(), words.begin(), words.end());
    const Ran ran = world.run(all);
    EXPECT_TRUE(has_hangul(ran.out)) << ran.err;
    std::istringstream lines(ran.out);
    for (std::string line; std::getline(lines, line);) {
      const bool is_code = line.starts_with("    ") && !has_hangul(line);
      EXPECT_TRUE(is_code || display_width(line) <= 80) << line;
    }
  }
}

TEST(Korean, TheMeasuringEngineSpeaksIt) {
  World world;
  std::string story;
  for (int i = 0; i < 4; ++i) story += "The boy was happy. Then the storm came and he was afraid. He ran home. ";
  const fs::path file = world.write("story.txt", story);
  const Ran ran = world.run({"--lang", "ko", "arc", "score", file.string()});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  for (const char* word : {"짜임새", "문장", "언어 모델을 쓰지 않았습니다"})
    EXPECT_NE(ran.out.find(word), std::string::npos) << ran.out;
  for (const char* word : {"coherence", "sentences", "weakest"})
    EXPECT_EQ(ran.out.find(word), std::string::npos) << ran.out;
}

TEST(Korean, EveryRowFillsTheSameHolesAndIsKorean) {
  for (const auto& [english, korean] : catalogue()) {
    const auto wanted = holes_of(english), has = holes_of(korean);
    for (const std::string& hole : has) EXPECT_TRUE(wanted.contains(hole)) << english << " | " << korean;
    const bool is_mixed = std::regex_search(korean, std::regex(R"(\{\d)")) && korean.find("{}") != std::string::npos;
    EXPECT_FALSE(is_mixed) << "fmt refuses a template that counts by itself and by number: " << korean;
    EXPECT_TRUE(has_hangul(korean) || korean == english || !has_letters(without_formats(english))) << english;
  }
}

TEST(Korean, TheWholeManualIsKorean) {
  const Ran man = World().run({"--lang", "ko", "man"});
  ASSERT_EQ(man.exit_code, 0);
  std::string english;
  std::istringstream lines(man.out);
  bool is_example = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(".nf")) is_example = true;
    if (line.starts_with(".fi")) is_example = false;
    const bool is_format = line.starts_with('.') || is_example || line.find("[options]") == 0;
    if (!is_format && has_letters(line) && !has_hangul(line)) english += line + "\n";
  }
  EXPECT_EQ(english, "") << "write its Korean into src/app/korean/help.yaml";
}

std::vector<std::vector<std::string>> all_verbs() {
  std::vector<std::vector<std::string>> verbs = {{}};
  std::istringstream lines(World().run({"man"}).out);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(".SS ")) continue;
    std::istringstream words(line.substr(4));
    verbs.emplace_back();
    for (std::string word; words >> word;) verbs.back().push_back(word);
  }
  return verbs;
}

TEST(Korean, HelpIsNeverWiderThanTheWindow) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  const World world;
  for (const std::vector<std::string>& verb : all_verbs()) {
    for (const char* language : {"en", "ko"}) {
      std::vector<std::string> words = {"--lang", language};
      words.insert(words.end(), verb.begin(), verb.end());
      words.push_back("--help");
      const Ran help = world.run(words);
      EXPECT_EQ(help.exit_code, 0);
      EXPECT_TRUE(has_hangul(help.out) || language == std::string("en")) << help.out;
      std::istringstream lines(
          help.out.substr(0, help.out.find(language == std::string("ko") ? "\n예:" : "\nExample")));
      for (std::string line; std::getline(lines, line);) {
        if (line.find("Exit codes") == 0 || line.find("끝날 때의") == 0) break;
        EXPECT_LE(display_width(line), 80u) << line;
      }
    }
  }
}

TEST(Korean, ErrorsAndTheirHintsComeInKoreanAndAsJsonInEnglish) {
  World world;
  const Ran none = world.run({"--lang", "ko", "self", "list"});
  EXPECT_EQ(none.exit_code, 3);
  EXPECT_NE(none.err.find("가방이 없습니다"), std::string::npos) << none.err;
  EXPECT_NE(none.err.find("만드실 수 있습니다"), std::string::npos) << none.err;
  EXPECT_NE(world.run({"--lang", "ko", "nigth"}).err.find("라는 명령은 없습니다"), std::string::npos);
  EXPECT_NE(world.run({"--lang=ko", "--threads", "9999", "night"}).err.find("범위"), std::string::npos);
  const Json error = world.run({"--lang", "ko", "--json", "self", "list"}).json()["error"];
  EXPECT_NE(error["message"].get<std::string>().find("there is no bag at"), std::string::npos);
  const Ran unknown = world.run({"--lang", "xx", "self", "list"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_NE(unknown.err.find("en"), std::string::npos);
}

TEST(Korean, ASentenceWithinASentenceIsTranslatedToo) {
  EXPECT_EQ(translated("/x/day.jsonl line 3: message 2 is empty", Language::en),
            "/x/day.jsonl line 3: message 2 is empty");
  const std::string korean = translated("/x/day.jsonl line 3: message 2 is empty", Language::ko);
  EXPECT_NE(korean.find("2번째 말이 비어 있습니다"), std::string::npos) << korean;
  EXPECT_EQ(translated("zxcv", Language::ko), "zxcv");
  EXPECT_EQ(translated("", Language::ko), "");
}

TEST(Wrapping, BreaksAtSpacesAndKnowsThatHangulIsWide) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  EXPECT_EQ(wrapped("a b c", 80), std::vector<std::string>{"a b c"});
  for (const std::string& line : wrapped("반추는 하루를 간직하고 밤에 되새기며 자라는 벗입니다", 20)) {
    EXPECT_LE(display_width(line), 20u);
  }
  EXPECT_EQ(wrapped("가나다라마바사", 10), (std::vector<std::string>{"가나다라마", "바사"}));
  EXPECT_EQ(wrapped("a\nb", 10), (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace banchu
