#include "ruminate/split.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/ruminate/support.h"

namespace banchu::test {
namespace {

TEST(Split, NeverLetsAConversationStandInTwoParts) {
  const Chewed chewed = chew_day(sample_day("en/day1.jsonl"));
  const std::vector<Stretch> stretches = stretches_of(chewed);
  const std::vector<Part> parts = split_of(stretches, RuminateOptions{});
  std::map<std::string, Part> part_of;
  std::map<Part, int> counts;
  for (std::size_t s = 0; s < stretches.size(); ++s) {
    EXPECT_EQ(part_of.emplace(stretches[s].conversation, parts[s]).first->second, parts[s]);
    ++counts[parts[s]];
  }
  const auto all = static_cast<double>(stretches.size());
  EXPECT_NEAR(counts[Part::train] / all, 0.70, 0.03);
  EXPECT_NEAR(counts[Part::valid] / all, 0.15, 0.03);
  EXPECT_NEAR(counts[Part::test] / all, 0.15, 0.03);
}

TEST(Split, WhatTheUserStruckIsNotTaughtHoweverOftenItIsApproved) {
  std::vector<Entry> entries;
  for (int i = 0; i < 6; ++i) {
    entries.push_back(
        talk("Tell me thing number " + std::to_string(i), "Ah, little one: thing " + std::to_string(i * 7)));
  }
  Memory known = memories_with(chew_day(entries), BehaviourKind::opens_with).at(0);
  EXPECT_EQ(stretches_of(chew_day(entries)).size(), 6u);
  known.state = MemoryState::struck;
  const Chewed chewed = chew_day(entries, {known});
  for (std::size_t i = 0; i < entries.size(); ++i) EXPECT_FALSE(is_taught(chewed, i)) << i;
  EXPECT_TRUE(stretches_of(chewed).empty());
}

TEST(Split, SixConversationsAreEnoughToSplit) {
  std::vector<Stretch> stretches(5);
  for (std::size_t i = 0; i < 5; ++i) stretches[i].conversation = std::to_string(i);
  EXPECT_EQ(split_of(stretches, RuminateOptions{}), std::vector<Part>(5, Part::train));
  stretches.push_back({"5", {}});
  const std::vector<Part> parts = split_of(stretches, RuminateOptions{});
  EXPECT_EQ(std::count(parts.begin(), parts.end(), Part::train), 4);
  EXPECT_EQ(std::count(parts.begin(), parts.end(), Part::valid), 1);
  EXPECT_EQ(std::count(parts.begin(), parts.end(), Part::test), 1);
}

TEST(Split, DependsOnTheSeedAndNotOnIds) {
  const Chewed a = chew_day(sample_day("en/day1.jsonl")), b = chew_day(sample_day("en/day1.jsonl", 700));
  RuminateOptions options;
  const auto parts = split_of(stretches_of(a), options);
  EXPECT_EQ(parts, split_of(stretches_of(b), options));
  options.seed = 2;
  EXPECT_NE(parts, split_of(stretches_of(a), options));
}

}  // namespace
}  // namespace banchu::test
