// Every word is explained in both languages, with an example and a place that exists.
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "app/terms.h"
#include "base/text.h"
#include "tests/app/shell.h"
#include "tests/app/source_strings.h"

namespace banchu {
namespace {

using test::has_hangul;
using test::Ran;
using test::World;

std::size_t sentences_in(const std::string& text) {
  static const std::regex end(R"([.!?:](\s|$))");
  return static_cast<std::size_t>(std::distance(std::sregex_iterator(text.begin(), text.end(), end), {}));
}

TEST(Explain, EveryTermIsWholeInBothLanguages) {
  EXPECT_GE(terms().size(), 80u);
  for (const Term& term : terms()) {
    for (const std::string* text : {&term.meaning.en, &term.meaning.ko}) {
      EXPECT_GE(sentences_in(*text), 1u) << term.name.en;
      EXPECT_LE(sentences_in(*text), 6u) << term.name.en;
      EXPECT_GE(words(*text).size(), 8u) << term.name.en;
    }
    EXPECT_TRUE(has_hangul(term.meaning.ko) && !has_hangul(term.meaning.en)) << term.name.en;
    EXPECT_FALSE(term.example.en.empty() || term.example.ko.empty() || term.where.empty()) << term.name.en;
    EXPECT_TRUE(term.meaning.ko.find("니다") != std::string::npos) << term.name.en;
  }
}

TEST(Explain, NoNameMeansTwoThings) {
  std::set<std::string> names;
  for (const Term& term : terms()) {
    std::set<std::string> own = {fold(term.name.en), fold(term.name.ko)};
    for (const std::string& other : term.also) own.insert(fold(other));
    for (const std::string& name : own) EXPECT_TRUE(names.insert(name).second) << name;
  }
}

TEST(Explain, TheCommandsAndFilesItPointsToExist) {
  const std::string manual = World().run({"man"}).out;
  const std::string recipe = read_file(std::filesystem::path(BANCHU_SOURCE_DIR) / "docs/recipe.md").value() +
                             read_file(std::filesystem::path(BANCHU_SOURCE_DIR) / "src/app/recipe.cpp").value();
  static const std::regex verb(R"(`?banchu ([a-z]+)( [a-z]+)?)");
  static const std::regex page(R"(docs/[a-z]+\.md)");
  static const std::regex keys(R"(night\.yaml: ([a-z_0-9, .]+))");
  for (const Term& term : terms()) {
    const std::string& where = term.where;
    for (auto at = std::sregex_iterator(where.begin(), where.end(), verb); at != std::sregex_iterator(); ++at) {
      EXPECT_NE(manual.find(".SS " + (*at)[1].str()), std::string::npos) << where;
    }
    for (auto at = std::sregex_iterator(where.begin(), where.end(), page); at != std::sregex_iterator(); ++at) {
      EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(BANCHU_SOURCE_DIR) / at->str())) << where;
    }
    for (auto at = std::sregex_iterator(where.begin(), where.end(), keys); at != std::sregex_iterator(); ++at) {
      std::string key = (*at)[1].str();
      key = key.substr(key.rfind('.') + 1);
      key = key.substr(0, key.find(','));
      EXPECT_NE(recipe.find(trim(key)), std::string::npos) << where;
    }
  }
}

TEST(Explain, FindsAWordByAnyOfItsNamesAndNamesTheNearestOnes) {
  World world;
  EXPECT_NE(world.run({"explain", "Early-Stopping"}).out.find("Ending the training"), std::string::npos);
  EXPECT_NE(world.run({"--lang", "ko", "explain", "과적합"}).out.find("외우는"), std::string::npos);
  EXPECT_EQ(world.run({"--json", "explain", "KV", "cache"}).json()["term"], "kv cache");
  const Ran unknown = world.run({"explain", "overfiting"});
  EXPECT_EQ(unknown.exit_code, 3);
  EXPECT_NE(unknown.err.find("overfitting"), std::string::npos) << unknown.err;
  EXPECT_NE(world.run({"--lang", "ko", "explain", "zzzzzzzzzz"}).err.find("모든 낱말"), std::string::npos);
  EXPECT_GE(world.run({"--json", "explain"}).json()["terms"].size(), 80u);
}

}  // namespace
}  // namespace banchu
