#include "arc/golden.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>

#include "arc/arc.h"
#include "base/file.h"
#include "base/json.h"

namespace banchu {
namespace {

Json good_row() {
  Json units = Json::array();
  const auto add = [&](const char* text, const char* phase, double valence) {
    units.push_back({{"text", text}, {"phase", phase}, {"valence", valence}});
  };
  add("A fox lived under a hill.", "setup", 0);
  add("One day the fox found a key.", "rise", 1);
  add("The key opened the hill.", "rise", 2);
  add("Inside it was summer.", "peak", 3);
  add("But the key broke.", "fall", -1);
  add("The fox was alone in the dark.", "valley", -3);
  add("It lay down and waited.", "close", -2);
  return {{"id", "fox"}, {"lang", "en"}, {"units", units}};
}

// The faults of `row` as "field: what", for a row that stands second.
std::vector<GoldenFault> faults_of(const Json& row) {
  Json first = good_row();
  first["id"] = "first";
  return find_golden_faults(to_line(first) + "\n" + to_line(row) + "\n");
}

void expect_fault(const Json& row, const std::string& field, const std::string& part) {
  const auto faults = faults_of(row);
  ASSERT_EQ(faults.size(), 1u) << to_line(row);
  EXPECT_EQ(faults[0].row, 2u);
  EXPECT_EQ(faults[0].field, field);
  EXPECT_NE(faults[0].what.find(part), std::string::npos) << faults[0].what;
}

TEST(GoldenSet, TheShippedOneHoldsTwelveEnglishAndTwelveKoreanEpisodes) {
  const Result<GoldenSet> set = shipped_golden();
  ASSERT_TRUE(set) << set.error().message;
  std::map<std::string, int> languages;
  std::set<std::string> titles, shapes;
  for (const GoldenStory& story : set->stories) {
    ++languages[story.episode.language];
    titles.insert(story.title);
    shapes.insert(story.shape);
    EXPECT_GE(story.episode.units.size(), 30u) << story.episode.id;
    EXPECT_LE(story.episode.units.size(), 60u) << story.episode.id;
    EXPECT_FALSE(story.episode.licence.empty());
  }
  EXPECT_EQ(languages, (std::map<std::string, int>{{"en", 12}, {"ko", 12}}));
  EXPECT_EQ(titles.size(), 24u);
  EXPECT_GE(shapes.size(), 6u);
}

TEST(GoldenSet, TheShippedOneIsTheFilesInSamples) {
  const auto from_files = load_golden(std::filesystem::path(BANCHU_SOURCE_DIR) / "samples/golden");
  const auto embedded = shipped_golden();
  ASSERT_TRUE(from_files && embedded);
  EXPECT_EQ(from_files->digest, embedded->digest);
}

TEST(GoldenSet, NoSentenceStandsTwiceInTheShippedOne) {
  const Result<GoldenSet> set = shipped_golden();
  ASSERT_TRUE(set);
  std::set<std::string> seen;
  for (const GoldenStory& story : set->stories) {
    for (const std::string& unit : story.episode.units) EXPECT_TRUE(seen.insert(unit).second) << unit;
  }
}

TEST(GoldenSet, ALabelledPeakIsTheBestMomentOfItsSpan) {
  const Result<GoldenSet> set = shipped_golden();
  ASSERT_TRUE(set);
  for (const GoldenStory& story : set->stories) {
    EXPECT_EQ(story.episode.peaks, extrema_of(story.episode.phases, story.valence, Phase::peak)) << story.episode.id;
    EXPECT_EQ(story.episode.valleys, extrema_of(story.episode.phases, story.valence, Phase::valley));
  }
}

TEST(GoldenSet, WhatIsWrittenIsReadBack) {
  const Result<GoldenSet> set = shipped_golden();
  ASSERT_TRUE(set);
  std::string text;
  for (const GoldenStory& story : set->stories) text += golden_line(story);
  const Result<GoldenSet> again = parse_golden(text, "again");
  ASSERT_TRUE(again) << again.error().message;
  for (std::size_t i = 0; i < set->stories.size(); ++i) {
    EXPECT_EQ(again->stories[i].episode.units, set->stories[i].episode.units);
    EXPECT_EQ(again->stories[i].valence, set->stories[i].valence);
    EXPECT_EQ(again->stories[i].episode.peaks, set->stories[i].episode.peaks);
    EXPECT_EQ(again->stories[i].shape, set->stories[i].shape);
  }
}

TEST(GoldenSet, AGoodRowNeedsNoPeakList) {
  const auto set = parse_golden(to_line(good_row()) + "\n\n", "fox");
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->stories[0].episode.peaks, (std::vector<std::size_t>{3}));
  EXPECT_EQ(set->stories[0].episode.valleys, (std::vector<std::size_t>{5}));
  ASSERT_EQ(set->stories[0].episode.phases.size(), 6u);
  EXPECT_EQ(set->stories[0].episode.phases[1].begin, 1u);
  EXPECT_EQ(set->stories[0].episode.phases[1].end, 3u);
}

TEST(GoldenFaults, NameRowAndField) {
  Json row = good_row();
  row["units"][4]["phase"] = "happy";
  expect_fault(row, "units[4].phase", "\"happy\" is not one of setup");
  row = good_row();
  row["units"][2]["valence"] = 7;
  expect_fault(row, "units[2].valence", "from -3 to 3");
  row = good_row();
  row["units"][2]["valence"] = "high";
  expect_fault(row, "units[2].valence", "number");
  row = good_row();
  row["units"][0]["text"] = " ... ";
  expect_fault(row, "units[0].text", "sentence");
  row = good_row();
  row["lang"] = "xx";
  expect_fault(row, "lang", "known: en, ko");
  row = good_row();
  row.erase("id");
  expect_fault(row, "id", "missing");
  row = good_row();
  row["id"] = "first";
  expect_fault(row, "id", "earlier row");
  row = good_row();
  row["units"] = "none";
  expect_fault(row, "units", "list");
  row = good_row();
  row["units"][3] = 5;
  expect_fault(row, "units[3]", "must be an object, not number");
  row = good_row();
  row["title"] = 5;
  expect_fault(row, "title", "must be a text");
}

TEST(GoldenFaults, APeakOutsideItsSpanIsNamed) {
  Json row = good_row();
  row["peaks"] = {1};
  expect_fault(row, "peaks[0]", "sentence 1 is not labelled peak");
  row["peaks"] = {99};
  expect_fault(row, "peaks[0]", "0 to 6");
  row["peaks"] = {-1};
  expect_fault(row, "peaks[0]", "0 to 6");
}

TEST(GoldenFaults, PhasesMoveInTheirOrder) {
  Json row = good_row();
  row["units"][3]["phase"] = "rise";
  expect_fault(row, "units[4].phase", "\"fall\" cannot follow \"rise\"");
  row = good_row();
  row["units"][6]["phase"] = "setup";
  expect_fault(row, "units[6].phase", "\"setup\" cannot follow \"valley\"");
}

TEST(GoldenFaults, TooFewSentencesAreNamed) {
  Json row = good_row();
  row["units"] = Json::array({row["units"][0]});
  expect_fault(row, "units", "holds 1 sentences");
}

TEST(GoldenFaults, AreFoundInEveryRowAtOnce) {
  Json bad = good_row();
  bad["lang"] = "de";
  const auto faults = find_golden_faults("{\n" + to_line(bad) + "\n\xFF\xFE\n[]\n");
  ASSERT_EQ(faults.size(), 4u);
  EXPECT_EQ(faults[0].row, 1u);
  EXPECT_NE(faults[0].what.find("not valid JSON"), std::string::npos);
  EXPECT_EQ(faults[1].field, "lang");
  EXPECT_NE(faults[2].what.find("UTF-8"), std::string::npos);
  EXPECT_NE(faults[3].what.find("JSON object"), std::string::npos);
}

TEST(GoldenFaults, StopAtFifty) {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "{}\n";
  EXPECT_LE(find_golden_faults(text).size(), 60u);
}

TEST(GoldenFaults, TheErrorNamesFileRowAndField) {
  Json bad = good_row();
  bad["units"][5]["phase"] = 3;
  const auto set = parse_golden("\n" + to_line(bad), "mine.jsonl");
  ASSERT_FALSE(set);
  EXPECT_NE(set.error().message.find("mine.jsonl, row 2, field units[5].phase"), std::string::npos)
      << set.error().message;
  EXPECT_FALSE(parse_golden("", "mine.jsonl"));
}

TEST(GoldenFaults, DeepNestingIsRefusedWithoutACrash) {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  EXPECT_EQ(find_golden_faults(deep).size(), 1u);
}

TEST(GoldenFiles, AFolderIsReadInTheOrderOfItsNames) {
  const auto folder = TemporaryFolder::create("golden");
  ASSERT_TRUE(folder);
  Json second = good_row();
  second["id"] = "second";
  ASSERT_TRUE(write_file_atomic(folder->path() / "b.jsonl", to_line(second) + "\n"));
  ASSERT_TRUE(write_file_atomic(folder->path() / "a.jsonl", to_line(good_row()) + "\n"));
  const auto set = load_golden(folder->path());
  ASSERT_TRUE(set) << set.error().message;
  ASSERT_EQ(set->stories.size(), 2u);
  EXPECT_EQ(set->stories[0].episode.id, "fox");
  ASSERT_TRUE(write_file_atomic(folder->path() / "c.jsonl", to_line(good_row()) + "\n"));
  const auto twice = load_golden(folder->path());
  ASSERT_FALSE(twice);
  EXPECT_NE(twice.error().message.find("c.jsonl, field id"), std::string::npos);
}

TEST(GoldenFiles, AFolderWithoutGoldenFilesSaysSo) {
  const auto folder = TemporaryFolder::create("golden");
  ASSERT_TRUE(folder);
  EXPECT_EQ(load_golden(folder->path()).error().code, Code::NotFound);
  EXPECT_EQ(load_golden(folder->path() / "none.jsonl").error().code, Code::NotFound);
}

}  // namespace
}  // namespace banchu
