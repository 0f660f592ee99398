#include "arc/plot.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <pugixml.hpp>
#include <regex>

#include "arc/golden.h"
#include "arc/plot_canvas.h"
#include "arc/plot_png.h"
#include "base/file.h"
#include "base/text.h"
#include "tests/arc/readings.h"

namespace banchu {
namespace {

// How many labels "peak 36 %" stand in it.
std::size_t marks_of(const std::string& svg, const std::string& word) {
  const std::regex label(">" + word + " [0-9]+ %<");
  return static_cast<std::size_t>(std::distance(std::sregex_iterator(svg.begin(), svg.end(), label), {}));
}

bool is_xml(const std::string& svg) {
  pugi::xml_document document;
  return document.load_buffer(svg.data(), svg.size()).status == pugi::status_ok;
}

// Somebody who works on the pictures wants to see them: BANCHU_PICTURES=DIR keeps them.
void keep(const std::string& name, const std::string& svg) {
  const char* folder = std::getenv("BANCHU_PICTURES");
  if (folder == nullptr) return;
  ASSERT_TRUE(write_file_atomic(std::filesystem::path(folder) / (name + ".svg"), svg));
  const auto png = svg_to_png(svg, 1);
  ASSERT_TRUE(png);
  ASSERT_TRUE(write_file_atomic(std::filesystem::path(folder) / (name + ".png"), *png));
}

TEST(ArcPlot, ShowsPeaksValleysPhasesAndEvidence) {
  const Reading reading = labelled_reading("en-05-room-214");
  const std::string svg = plot_svg(reading, {"Room 214", false, true, {}, ""});
  ASSERT_TRUE(is_xml(svg));
  EXPECT_EQ(marks_of(svg, "peak"), 2u);
  EXPECT_EQ(marks_of(svg, "valley"), 1u);
  for (const char* phase : {">setup<", ">rise<", ">peak<", ">fall<", ">valley<", ">close<"})
    EXPECT_NE(svg.find(phase), std::string::npos) << phase;
  EXPECT_NE(svg.find("the letter"), std::string::npos);
  EXPECT_NE(svg.find(">83<"), std::string::npos);
  EXPECT_NE(svg.find("by chance 41"), std::string::npos);
  keep("room", svg);
}

TEST(ArcPlot, SpeaksKorean) {
  const Reading reading = labelled_reading("ko-08-sogeum");
  PlotOptions options{"소금 장수의 막내딸", true, true, reading.arc, "사람이 붙인 감정"};
  const std::string svg = plot_svg(reading, options);
  ASSERT_TRUE(is_xml(svg));
  for (const char* word : {"정점", "저점", "결말", "정합", "골든 셋 중앙값", "사람이 붙인 감정"})
    EXPECT_NE(svg.find(word), std::string::npos) << word;
  keep("salt", svg);
}

TEST(ArcPlot, IsTheSameBytesTwice) {
  const Reading reading = labelled_reading("ko-01-gukbap");
  EXPECT_EQ(plot_svg(reading, {"a", true, true, {}, ""}), plot_svg(reading, {"a", true, true, {}, ""}));
}

TEST(ArcPlot, LeavesHangulOutWhereItCannotBeDrawn) {
  const Reading reading = labelled_reading("ko-08-sogeum");
  const std::string svg = plot_svg(reading, {"소금 장수", true, false, {}, ""});
  for (const char32_t c : code_points(svg)) ASSERT_FALSE(is_hangul(c)) << static_cast<std::uint32_t>(c);
  EXPECT_NE(svg.find(">valley "), std::string::npos);
}

TEST(ArcPlot, ATitleMadeOfTagsStaysATitle) {
  Reading reading = labelled_reading("en-01-winter-count");
  reading.units[3].text = "<script>alert('&')</script>\x01\xFF";
  reading.evidence = {{3, -2, "article", "</svg><b onload=\"x\">"}};
  const std::string svg = plot_svg(reading, {"</title><script>x</script>", false, true, {}, ""});
  ASSERT_TRUE(is_xml(svg));
  EXPECT_EQ(svg.find("<script"), std::string::npos);
  EXPECT_EQ(svg.find("<b "), std::string::npos);
}

TEST(ArcPlot, AReadingWithoutNumbersSaysWhy) {
  Reading reading;
  reading.reason = "2 sentences are too few";
  const std::string svg = plot_svg(reading, {"short", false, true, {}, ""});
  ASSERT_TRUE(is_xml(svg));
  EXPECT_NE(svg.find("2 sentences are too few"), std::string::npos);
}

TEST(ArcPlot, ALongTextStaysASmallPicture) {
  Reading reading = labelled_reading("en-01-winter-count");
  const Reading small = reading;
  for (int i = 0; i < 1000; ++i) {
    reading.units.insert(reading.units.end(), small.units.begin(), small.units.end());
    reading.arc.insert(reading.arc.end(), small.arc.begin(), small.arc.end());
  }
  EXPECT_LT(plot_svg(reading, {"long", false, true, {}, ""}).size(), 3u << 20);
}

TEST(ArcPlot, PngIsAPng) {
  const auto png = svg_to_png(plot_svg(labelled_reading("en-01-winter-count"), {"a", false, true, {}, ""}));
  ASSERT_TRUE(png) << png.error().message;
  EXPECT_TRUE(png->starts_with("\x89PNG\r\n\x1a\n"));
  EXPECT_GT(png->size(), 20000u);
}

TEST(ArcPlot, WhatIsNoSvgIsRefused) {
  EXPECT_FALSE(svg_to_png("not a picture"));
  EXPECT_FALSE(svg_to_png(""));
  EXPECT_FALSE(svg_to_png("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"99999\" height=\"9\"/>"));
}

TEST(ArcBand, IsWiderWhereSentencesScatter) {
  Reading reading;
  for (int i = 0; i < 200; ++i) {
    ArcUnit unit;
    unit.valence = i < 100 ? 0 : (i % 2 == 0 ? 0.5 : -0.5);
    reading.units.push_back(unit);
    reading.arc.push_back(0);
  }
  const ArcBand band = arc_band(reading);
  EXPECT_LT(band.high[30] - band.low[30], 1e-6);
  EXPECT_GT(band.high[170] - band.low[170], 0.5);
}

// The textbook case: n equal weights would give 1.96 s / sqrt(n); Gaussian weights of width h count as n = 2 sqrt(pi)
// h.
TEST(ArcBand, IsTheStandardErrorOfAWeightedMean) {
  Reading reading;
  for (int i = 0; i < 400; ++i) {
    ArcUnit unit;
    unit.valence = i % 2 == 0 ? 1 : -1;
    reading.units.push_back(unit);
    reading.arc.push_back(0);
  }
  const ArcBand band = arc_band(reading);
  EXPECT_NEAR(band.high[200], 1.96 / std::sqrt(2 * std::sqrt(M_PI) * 12), 0.002);
}

TEST(Sparkline, HasItsPeaksWhereTheValuesHaveThem) {
  EXPECT_EQ(sparkline(std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7}, 8), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(sparkline(std::vector<double>{0, 0, 7, 7}, 2), "▁█");
  EXPECT_EQ(sparkline(std::vector<double>{1, 1, 1}, 10), "▄▄▄");
  EXPECT_EQ(sparkline(std::vector<double>{}, 10), "");
  EXPECT_EQ(sparkline(std::vector<double>{1}, 0), "");
}

TEST(PlotText, CountsColumnsAndCuts) {
  EXPECT_EQ(text_columns("ab가"), 4u);
  EXPECT_EQ(fitted("가나다라", 5), "가나…");
  EXPECT_EQ(fitted("abc", 3), "abc");
  EXPECT_EQ(xml_escaped("a<b>\"&\x02"), "a&lt;b&gt;&quot;&amp;");
}

}  // namespace
}  // namespace banchu
