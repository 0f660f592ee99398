#include "arc/series.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <pugixml.hpp>

#include "arc/plot_png.h"
#include "arc/series_desk.h"
#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "base/text.h"

namespace banchu {
namespace {

// Half a wave up, half a wave down: a peak at a quarter, a valley at three quarters.
Result<Reading> wave(std::span<const ArcTurn> turns) {
  Reading reading;
  const double n = static_cast<double>(turns.size());
  for (std::size_t i = 0; i < turns.size(); ++i) {
    ArcUnit unit;
    unit.text = turns[i].text;
    unit.valence = std::sin(2 * M_PI * static_cast<double>(i) / n) / 2;
    reading.units.push_back(unit);
    reading.arc.push_back(1.4 * std::sin(2 * M_PI * static_cast<double>(i) / n));
  }
  reading.peaks = {{turns.size() / 4, 2}};
  reading.valleys = {{turns.size() * 3 / 4, 2}};
  reading.coherence = 70;
  reading.evidence = {{1, -2, "article", "the key"}};
  return reading;
}

std::string sentences(int count, const std::string& what) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "The " + what + " number " + std::to_string(i) + " went home.\n";
  return text;
}

Book book_of(const std::string& text, const std::string& name = "sea.txt") { return *parse_book(text, name); }

BookSeries series_of(const std::vector<Book>& books) { return *find_series(books, wave, nullptr, {}); }

BookSeries two_chapters() {
  return series_of({book_of("Chapter 1\n\n" + sentences(20, "fox") + "\nChapter 2\n\n" + sentences(30, "owl"))});
}

TEST(Series, ChaptersBecomeEpisodes) {
  const BookSeries series = two_chapters();
  ASSERT_EQ(series.episodes.size(), 2u);
  EXPECT_EQ(series.episodes[0].title, "sea · Chapter 1");
  EXPECT_EQ(id_of(series, series.episodes[1]), series.books[0].digest.substr(0, 6) + "-0021-0050");
  EXPECT_EQ(units_of(series, series.episodes[1]).front(), "The owl number 0 went home.");
}

TEST(Series, ALongChapterIsPartedNearParagraphs) {
  const BookSeries series = series_of({book_of("Chapter 1\n\n" + sentences(400, "fox"))});
  ASSERT_EQ(series.episodes.size(), 3u);
  std::size_t total = 0;
  for (const SeriesEpisode& episode : series.episodes) {
    EXPECT_LE(episode.size(), kLongestEpisodeUnits + kLongestEpisodeUnits / 4);
    total += episode.size();
  }
  EXPECT_EQ(total, 400u);
}

TEST(Series, ScenesOfAShortChapterStayTogether) {
  EXPECT_EQ(series_of({book_of(sentences(10, "fox") + "***\n" + sentences(10, "owl"))}).episodes.size(), 1u);
  EXPECT_EQ(series_of({book_of(sentences(100, "fox") + "***\n" + sentences(100, "owl"))}).episodes.size(), 2u);
}

TEST(Series, WhatIsTooShortIsSaid) {
  const BookSeries series = series_of({book_of("Chapter 1\n\nOne.\nTwo.\n\nChapter 2\n\n" + sentences(10, "owl"))});
  EXPECT_EQ(series.episodes.size(), 1u);
  ASSERT_EQ(series.notes.size(), 1u);
  EXPECT_NE(series.notes[0].find("Chapter 1"), std::string::npos);
}

TEST(Series, SplittingAndMergingIsTheSameAgain) {
  BookSeries series = two_chapters();
  ASSERT_TRUE(split_episode(series, 1, 12, wave));
  ASSERT_EQ(series.episodes.size(), 3u);
  EXPECT_EQ(series.episodes[1].size(), 12u);
  EXPECT_EQ(series.episodes[2].size(), 18u);
  EXPECT_EQ(series.episodes[2].reading.units.size(), 18u);
  ASSERT_TRUE(merge_episodes(series, 1, wave));
  EXPECT_EQ(id_of(series, series.episodes[1]), series.books[0].digest.substr(0, 6) + "-0021-0050");
  EXPECT_EQ(series.episodes[1].phases, two_chapters().episodes[1].phases);
}

TEST(Series, ASplitThatLeavesTooLittleIsRefused) {
  BookSeries series = two_chapters();
  EXPECT_FALSE(split_episode(series, 0, 2, wave));
  EXPECT_FALSE(split_episode(series, 0, 19, wave));
  EXPECT_FALSE(split_episode(series, 0, 500, wave));
  EXPECT_FALSE(merge_episodes(series, 1, wave));
}

// Whatever extrema the decoder finds, the proposal obeys the golden format.
TEST(Series, AProposalIsAlwaysInAnAllowedOrder) {
  Rng rng(5);
  for (int round = 0; round < 3000; ++round) {
    const auto units = static_cast<std::size_t>(6 + rng.below(60));
    std::vector<Extremum> peaks, valleys;
    for (std::uint64_t i = rng.below(5); i > 0; --i)
      peaks.push_back({static_cast<std::size_t>(rng.below(units + 2)), rng.uniform()});
    for (std::uint64_t i = rng.below(5); i > 0; --i)
      valleys.push_back({static_cast<std::size_t>(rng.below(units + 2)), rng.uniform()});
    const std::vector<Phase> phases = phases_around(units, peaks, valleys);
    ASSERT_EQ(phases.size(), units);
    for (std::size_t i = 1; i < units; ++i) {
      ASSERT_TRUE(phases[i] == phases[i - 1] || may_follow(phases[i - 1], phases[i]))
          << kPhaseNames[static_cast<std::size_t>(phases[i - 1])] << " "
          << kPhaseNames[static_cast<std::size_t>(phases[i])] << " at " << i << " of " << units;
    }
  }
}

TEST(SeriesDesk, AWriterAcceptsSplitsMergesAndLabels) {
  BookSeries series = two_chapters();
  SeriesDesk desk(series, wave, {"me", "mine"}, false);
  EXPECT_TRUE(desk.hear("label fox_in_a_hole").lines.empty());
  EXPECT_TRUE(desk.hear("title The Fox").lines.empty());
  EXPECT_TRUE(desk.hear("feel 2 -3").lines.empty());
  EXPECT_TRUE(desk.hear("accept").has_accepted);
  EXPECT_TRUE(desk.hear("split 13").lines.empty());
  EXPECT_EQ(series.episodes.size(), 3u);
  EXPECT_TRUE(desk.hear("merge").lines.empty());
  EXPECT_EQ(series.episodes.size(), 2u);
  const auto last = desk.hear("a");
  EXPECT_TRUE(last.is_over);
  const auto stories = desk.accepted();
  ASSERT_EQ(stories.size(), 2u);
  EXPECT_EQ(stories[0].title, "The Fox");
  EXPECT_EQ(stories[0].shape, "fox_in_a_hole");
  EXPECT_EQ(stories[0].valence[1], -3);
  EXPECT_EQ(stories[0].episode.licence, "mine");
  EXPECT_TRUE(parse_golden(golden_line(stories[0]) + golden_line(stories[1]), "mine"));
}

TEST(SeriesDesk, GoesOnWhereAnEarlierEveningEnded) {
  BookSeries series = two_chapters();
  SeriesDesk desk(series, wave, {}, false);
  desk.hear("title The Fox");
  desk.hear("feel 2 -3");
  desk.hear("accept");
  const auto earlier = parse_golden(golden_line(desk.accepted()[0]), "mine");
  ASSERT_TRUE(earlier);
  BookSeries again = two_chapters();
  EXPECT_EQ(resume_series(again, *earlier), 1u);
  SeriesDesk next(again, wave, {}, false);
  EXPECT_NE(next.shown(80)[0].find("2/2"), std::string::npos);
  EXPECT_EQ(again.episodes[0].title, "The Fox");
  EXPECT_EQ(again.episodes[0].valence[1], -3);
  EXPECT_EQ(next.accepted().size(), 1u);
}

TEST(SeriesDesk, UnderstandsKorean) {
  BookSeries series = two_chapters();
  SeriesDesk desk(series, wave, {}, true);
  EXPECT_TRUE(desk.hear("모양 구덩이").lines.empty());
  EXPECT_TRUE(desk.hear("감정 3 2").lines.empty());
  EXPECT_TRUE(desk.hear("받기").has_accepted);
  EXPECT_TRUE(desk.hear("넘김").is_over);
  EXPECT_TRUE(desk.hear("뒤로").lines.empty());
  EXPECT_EQ(series.episodes[1].state, SeriesEpisode::State::open);
  EXPECT_TRUE(desk.hear("끝").is_over);
  EXPECT_EQ(desk.accepted().size(), 1u);
}

TEST(SeriesDesk, APhaseOutOfOrderCannotBeAccepted) {
  BookSeries series = two_chapters();
  SeriesDesk desk(series, wave, {}, false);
  EXPECT_TRUE(desk.hear("phase 20 setup").lines.empty());
  const auto answer = desk.hear("accept");
  EXPECT_FALSE(answer.has_accepted);
  ASSERT_GE(answer.lines.size(), 2u);
  EXPECT_NE(answer.lines[1].find("units[19].phase"), std::string::npos);
}

TEST(SeriesDesk, NonsenseIsAnsweredAndNothingIsLost) {
  BookSeries series = two_chapters();
  SeriesDesk desk(series, wave, {}, false);
  for (const char* line : {"dance", "split", "split x", "split 99999999999999999999", "phase", "phase 5-2 fall",
                           "phase 1-999 fall", "phase 1 happy", "feel 1 9", "feel 0 1", "feel 1 nan", "show 90-99"}) {
    const auto answer = desk.hear(line);
    EXPECT_FALSE(answer.lines.empty()) << line;
    EXPECT_FALSE(answer.is_over) << line;
  }
  EXPECT_FALSE(desk.hear("").lines.empty());
  EXPECT_EQ(series.episodes.size(), 2u);
}

TEST(SeriesDesk, ShowsSentencesAndTheWholeSeries) {
  BookSeries series = two_chapters();
  SeriesDesk desk(series, wave, {}, false);
  EXPECT_EQ(desk.hear("show").lines.size(), 13u);
  EXPECT_EQ(desk.hear("show 3-4").lines.size(), 2u);
  EXPECT_EQ(desk.hear("list").lines.size(), 2u);
  EXPECT_NE(desk.shown(80)[1].find("█"), std::string::npos);
}

TEST(SeriesDesk, AcceptsEverythingThatIsInOrder) {
  BookSeries series = two_chapters();
  SeriesDesk desk(series, wave, {}, false);
  EXPECT_EQ(desk.accept_all(), 2u);
  EXPECT_TRUE(desk.is_over());
}

TEST(SeriesDataset, HasTextStructureEmotionAndContext) {
  BookSeries series = two_chapters();
  series.episodes[0].state = SeriesEpisode::State::skipped;
  const std::string dataset = series_dataset(series);
  std::size_t rows = 0;
  std::string_view rest = dataset;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const auto row = parse_json(rest.substr(0, end), "row");
    ASSERT_TRUE(row);
    for (const char* key : {"text", "structure", "emotion", "context"}) EXPECT_TRUE(row->contains(key));
    if (rows == 1) {
      EXPECT_EQ((*row)["context"]["before"][0], "The owl number 0 went home.");
      EXPECT_EQ((*row)["context"]["evidence"][0]["rule"], "article");
      EXPECT_EQ((*row)["text"], "The owl number 1 went home.");
    }
    rest.remove_prefix(end + 1);
    ++rows;
  }
  EXPECT_EQ(rows, 30u);
}

TEST(SeriesPage, ShowsEveryEpisodeOnOnePage) {
  std::string first, second;
  for (int i = 1; i <= 9; ++i) first += "제" + std::to_string(i) + "장 바다\n" + sentences(20 + i, "fox") + "\n";
  for (int i = 1; i <= 4; ++i) second += "제" + std::to_string(i) + "장 <산>\n" + sentences(30 + i, "owl") + "\n";
  BookSeries series = series_of({book_of(first, "첫 권.txt"), book_of(second, "둘째 권.txt")});
  series.episodes[1].state = SeriesEpisode::State::accepted;
  series.episodes[2].state = SeriesEpisode::State::skipped;
  const std::string svg = series_svg(series, "바다 연작", true, true);
  pugi::xml_document document;
  ASSERT_EQ(document.load_buffer(svg.data(), svg.size()).status, pugi::status_ok);
  EXPECT_NE(svg.find("책 2권 · 에피소드 13편 · 골든 셋 1편"), std::string::npos);
  EXPECT_NE(svg.find("제4장 &lt;산&gt;"), std::string::npos);
  const auto png = svg_to_png(svg, 1);
  ASSERT_TRUE(png);
  const char* folder = std::getenv("BANCHU_PICTURES");
  if (folder != nullptr) {
    ASSERT_TRUE(write_file_atomic(std::filesystem::path(folder) / "series.png", *png));
  }
}

}  // namespace
}  // namespace banchu
