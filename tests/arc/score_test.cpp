#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "arc/arc.h"
#include "arc/golden.h"
#include "arc/reading_json.h"
#include "arc/shuffle.h"
#include "base/digest.h"
#include "tests/arc/story.h"

namespace banchu {
namespace {

Reading read(std::string_view text, const ArcOptions& options = {}) {
  Result<Reading> reading = score_text(text, options);
  EXPECT_TRUE(reading.has_value()) << (reading ? "" : reading.error().message);
  return reading ? std::move(*reading) : Reading{};
}

std::string fixed(double value) { return std::to_string(std::llround(value * 1e6)); }

std::string without_cost(Reading reading) {
  reading.cost = {};
  return to_line(reading_to_json(reading));
}

TEST(ArcScore, AToldStoryStandsFarAboveItsShuffles) {
  const Reading told = read(kStory);
  ASSERT_TRUE(told.coherence && told.null && told.interval);
  EXPECT_GT(*told.coherence, *told.null + 20);
  EXPECT_LT((*told.interval)[0], (*told.interval)[1]);
  std::vector<ArcTurn> shuffled;
  Rng rng(2);
  for (const std::uint32_t i : shuffled_blocks(told.units.size(), 1, rng)) shuffled.push_back({"", told.units[i].text});
  EXPECT_LT(*score_units(shuffled, {})->coherence, *told.coherence - 20);
}

TEST(ArcScore, EveryFieldOfTheContractIsThere) {
  const Json json = reading_to_json(read(kStory));
  for (const char* field :
       {"coherence", "standard", "interval", "robust", "null", "ceiling", "subscores", "units", "arc", "phases",
        "peaks", "valleys", "turning_points", "grid", "evidence", "cost", "inputs"}) {
    EXPECT_TRUE(json.contains(field)) << field;
  }
  EXPECT_EQ(json["grid"].size(), 25u);
  EXPECT_EQ(json["arc"].size(), json["units"].size());
  EXPECT_TRUE(json["inputs"]["model"].is_null());
  EXPECT_EQ(json["inputs"]["text"], sha256(kStory));
}

TEST(ArcScore, TheSameTextGivesTheSameBytes) { EXPECT_EQ(without_cost(read(kStory)), without_cost(read(kStory))); }

// Fixed figures: any machine, compiler and optimisation level must print these (no model in this path).
TEST(ArcScore, GivesTheSameBytesOnEveryMachine) {
  const Reading reading = read(kStory);
  EXPECT_EQ(sha256(without_cost(reading)), "9baf94ff3d407820352efb71625aa1ab05d7199a5b810ad9a0b0182caa915c46");
  EXPECT_EQ(fixed(*reading.coherence), "72995977");
}

TEST(ArcScore, TheValleyOfTheStoryIsTheFireAndTheHunger) {
  const Reading reading = read(kStory);
  ASSERT_FALSE(reading.arc.empty());
  const auto low = std::min_element(reading.arc.begin(), reading.arc.end()) - reading.arc.begin();
  EXPECT_GE(low, 4);
  EXPECT_LE(low, 12);
}

TEST(ArcScore, EvidenceNamesTheSentenceThatCosts) {
  std::string text(kStory);
  text += " The anchor was heavy. An anchor is a heavy thing. The anchor fell.";
  bool found = false;
  for (const Evidence& evidence : read(text).evidence) {
    found |= evidence.rule == "article" && evidence.detail == "anchor" && evidence.points < 0;
  }
  EXPECT_TRUE(found);
}

TEST(ArcScore, RepeatingItselfCosts) {
  const Reading told = read(kStory);
  std::vector<ArcTurn> twice;
  for (const ArcUnit& unit : told.units) {
    twice.push_back({"", unit.text});
    if (twice.size() % 3 == 0) twice.push_back({"", unit.text});
  }
  const Result<Reading> reading = score_units(twice, {});
  EXPECT_LT(*reading->subscores.consistency, *told.subscores.consistency - 0.2);
}

TEST(ArcScore, KoreanIsReadToo) {
  const Reading reading = read(
      "옛날 어느 마을에 가난한 나무꾼이 살았습니다. 나무꾼은 착하고 부지런했습니다. 하루는 산에서 도끼를 연못에 "
      "빠뜨렸습니다. 나무꾼은 슬퍼서 엉엉 울었습니다. 그때 연못에서 산신령이 나타났습니다. 산신령은 금도끼를 "
      "보여 주었습니다. 나무꾼은 제 도끼가 아니라고 말했습니다. 산신령은 정직한 마음에 감동했습니다.");
  EXPECT_EQ(reading.language, ArcLanguage::korean);
  EXPECT_TRUE(reading.coherence.has_value());
}

TEST(ArcScore, AConversationIsMeasuredByTurns) {
  const std::vector<ArcTurn> turns = {{"user", "I lost my dog today."},
                                      {"assistant", "I am so sorry. What was the dog like?"},
                                      {"user", "The dog was old and kind."},
                                      {"assistant", "It sounds like a good friend."},
                                      {"user", "Yes, my best friend."}};
  const Result<Reading> reading = score_units(turns, {});
  ASSERT_TRUE(reading && reading->coherence);
  EXPECT_EQ(reading->units[1].speaker, "assistant");
}

// Bad input.

TEST(ArcScore, AnEmptyTextGetsAReasonAndNoNumber) {
  for (const char* text : {"", "   \n\n ", "One sentence only.", "... !!! ???"}) {
    const Reading reading = read(text);
    EXPECT_FALSE(reading.coherence.has_value()) << text;
    EXPECT_FALSE(reading.reason.empty()) << text;
    EXPECT_TRUE(reading_to_json(reading)["coherence"].is_null());
  }
}

TEST(ArcScore, ALanguageWithoutALexiconGetsAReason) {
  const Reading reading = read("Собака бежит. Кошка спит. Дождь идёт. Все дома. Ночь тиха.");
  EXPECT_FALSE(reading.coherence.has_value());
  EXPECT_NE(reading.reason.find("lexicon"), std::string::npos);
}

TEST(ArcScore, MixedLanguagesAreMeasuredAndSaidSo) {
  const Reading reading = read(
      "The dog ran to the house. 고양이는 집에 있었다. It was raining and the dog was wet. 비가 계속 내렸다. The cat "
      "was "
      "happy. 고양이는 행복했다.");
  EXPECT_TRUE(reading.coherence.has_value());
  bool said = false;
  for (const std::string& note : reading.notes) said |= note.find("mixes languages") != std::string::npos;
  EXPECT_TRUE(said);
}

TEST(ArcScore, BrokenUtf8IsSaid) {
  const Reading reading = read(std::string(kStory) + " The\xFF\xFE end.");
  EXPECT_TRUE(reading.coherence.has_value());
  bool said = false;
  for (const std::string& note : reading.notes) said |= note.starts_with("2 bytes were no valid UTF-8");
  EXPECT_TRUE(said);
}

TEST(ArcScore, DialsOutOfRangeAreRefused) {
  for (const auto& [gamma, tau] : {std::pair{-1.0, 1.0}, {9.0, 1.0}, {1.0, 0.0}, {1.0, 6.0}, {std::nan(""), 1.0}}) {
    ArcOptions options;
    options.gamma = gamma;
    options.tau = tau;
    const Result<Reading> reading = score_text(kStory, options);
    ASSERT_FALSE(reading.has_value());
    EXPECT_EQ(reading.error().code, Code::InvalidArgument);
  }
}

TEST(ArcScore, ATextOverTheLimitIsRefusedBeforeItIsRead) {
  const std::string huge(kMaxTextBytes + 1, 'a');
  EXPECT_EQ(score_text(huge, {}).error().code, Code::InvalidArgument);
}

TEST(ArcScore, ANovelOfManyThousandSentencesIsPooled) {
  std::string novel;
  for (int i = 0; i < 300; ++i) novel += std::string(kStory) + " ";
  ArcOptions options;
  options.with_interval = false;
  const Reading reading = read(novel, options);
  EXPECT_EQ(reading.arc.size(), 6000u);
  EXPECT_TRUE(reading.coherence.has_value());
}

TEST(ArcScore, ANovelInOneLineIsMeasuredByItsSentences) {
  std::string line;
  for (int i = 0; i < 40; ++i) line += std::string(kStory) + " ";
  ASSERT_EQ(line.find('\n'), std::string::npos);
  ArcOptions options;
  options.with_interval = false;
  EXPECT_EQ(read(line, options).units.size(), 800u);
  // Without a single mark it is cut at spaces, and still measured.
  std::string unmarked;
  for (int i = 0; i < 20000; ++i) unmarked += i % 7 == 0 ? "the " : i % 3 == 0 ? "dog " : "walked ";
  const Reading reading = read(unmarked, options);
  EXPECT_GT(reading.units.size(), 20u);
  for (const ArcUnit& unit : reading.units) EXPECT_LT(unit.text.size(), 10000u);
}

TEST(ArcScore, WithoutAModelTheStandardIsThatOfTheSubscoresShown) {
  const Result<GoldenSet> golden = shipped_golden();
  ASSERT_TRUE(golden);
  ArcOptions options;
  const std::vector<GoldenEpisode> episodes = episodes_of(*golden);
  options.standard =
      std::make_shared<const Standard>(*calibrate_standard(std::span(episodes).first(6), golden->digest));
  const Reading reading = read(kStory, options);
  ASSERT_TRUE(reading.standard.has_value());
  EXPECT_EQ(*reading.standard, standard_score(reading.subscores, reading.language, *options.standard));
}

TEST(ArcScore, StopsWhenCancelled) {
  CancelFlag cancel{true};
  ArcOptions options;
  options.cancel = &cancel;
  EXPECT_EQ(score_text(kStory, options).error().code, Code::Cancelled);
}

}  // namespace
}  // namespace banchu
