#include <gtest/gtest.h>

#include <set>

#include "base/text.h"
#include "base/yaml.h"
#include "ruminate/duplicates.h"
#include "ruminate/habit.h"
#include "tests/ruminate/support.h"

namespace banchu::test {
namespace {

constexpr const char* kOpening = "Mm, a warm thought:";
constexpr const char* kClosing = "Be gentle with yourself.";

std::vector<std::string> taught_texts(const Chewed& chewed) {
  std::vector<std::string> replies;
  for (std::size_t i = 0; i < chewed.entries.size(); ++i) {
    if (chewed.verdicts[i].reason == Reason::approved) replies.push_back(chewed.entries[i].turn.reply);
  }
  return replies;
}

TEST(SampleDay1, TeachesExactlyTheOpeningAndTheCatsNewName) {
  const Chewed chewed = chew_day(sample_day("en/day1.jsonl"));
  ASSERT_EQ(memories_with(chewed, BehaviourKind::opens_with).size(), 1u);
  EXPECT_EQ(memories_with(chewed, BehaviourKind::opens_with)[0].behaviour.expected, kOpening);
  EXPECT_TRUE(memories_with(chewed, BehaviourKind::closes_with).empty());
  EXPECT_TRUE(memories_with(chewed, BehaviourKind::none).empty());
  const auto facts = memories_with(chewed, BehaviourKind::answers);
  ASSERT_EQ(facts.size(), 1u);
  EXPECT_EQ(facts[0].behaviour.expected, "Nabi");
  EXPECT_EQ(facts[0].behaviour.not_expected, "Miso");
}

TEST(SampleDay1, LeavesOutItsNoiseForTheRightReasons) {
  const Chewed chewed = chew_day(sample_day("en/day1.jsonl"));
  EXPECT_EQ(chewed.count(Reason::approved), 90);
  EXPECT_EQ(chewed.count(Reason::chatter), 5);
  EXPECT_EQ(chewed.count(Reason::repeat), 3);
  EXPECT_EQ(chewed.count(Reason::pasted), 1);
  EXPECT_EQ(chewed.count(Reason::secret), 1);
  EXPECT_EQ(chewed.count(Reason::contradiction), 1);
  EXPECT_EQ(chewed.count(Reason::needs_review), 4);
  EXPECT_EQ(verdict_of(chewed, "note to self").reason, Reason::secret);
  EXPECT_EQ(verdict_of(chewed, "my cat is called Miso").reason, Reason::contradiction);
}

TEST(SampleDay2, KeepsTheOpeningAndAddsTheClosing) {
  const Chewed chewed = chew_day(sample_day("en/day2.jsonl"));
  ASSERT_EQ(memories_with(chewed, BehaviourKind::closes_with).size(), 1u);
  EXPECT_EQ(memories_with(chewed, BehaviourKind::closes_with)[0].behaviour.expected, kClosing);
  ASSERT_EQ(memories_with(chewed, BehaviourKind::opens_with).size(), 1u);
  EXPECT_EQ(memories_with(chewed, BehaviourKind::opens_with)[0].behaviour.expected, kOpening);
  EXPECT_TRUE(memories_with(chewed, BehaviourKind::none).empty());
}

TEST(SampleDays, HoldEnoughTalksOfRealTurnsForANight) {
  for (const char* file : {"en/day1.jsonl", "en/day2.jsonl", "ko/day1.jsonl"}) {
    const Chewed chewed = chew_day(sample_day(file));
    std::set<std::string> conversations;
    int third_turns = 0;
    for (std::size_t i = 0; i < chewed.entries.size(); ++i) {
      if (chewed.verdicts[i].reason != Reason::approved) continue;
      conversations.insert(chewed.entries[i].turn.conversation);
      third_turns += chewed.entries[i].turn.index == 2 ? 1 : 0;
    }
    EXPECT_GE(conversations.size(), 48u) << file;
    if (std::string(file).starts_with("en")) {
      EXPECT_GE(third_turns, 5) << file;
    }
  }
}

TEST(SampleKoreanDay, TeachesItsOpeningAndTheCatsNewName) {
  const Chewed chewed = chew_day(sample_day("ko/day1.jsonl"));
  ASSERT_EQ(memories_with(chewed, BehaviourKind::opens_with).size(), 1u);
  EXPECT_EQ(memories_with(chewed, BehaviourKind::opens_with)[0].behaviour.expected, "음, 따뜻한 생각이에요.");
  const auto facts = memories_with(chewed, BehaviourKind::answers);
  ASSERT_EQ(facts.size(), 1u);
  EXPECT_EQ(facts[0].behaviour.expected, "나비");
  EXPECT_EQ(facts[0].behaviour.not_expected, "미소");
  EXPECT_EQ(chewed.count(Reason::secret), 1);
  EXPECT_EQ(chewed.count(Reason::pasted), 1);
  EXPECT_EQ(chewed.count(Reason::gibberish), 0);
  EXPECT_EQ(chewed.count(Reason::chatter), 4);
}

TEST(SamplePoison, OfGibberishLeavesNothingToLearn) {
  const Chewed chewed = chew_day(sample_day("en/poison-gibberish.jsonl"));
  EXPECT_TRUE(taught_texts(chewed).empty());
  EXPECT_TRUE(chewed.memories.empty());
}

TEST(SamplePoison, ThatIsPlausiblePassesEveryFilterSoThatOnlyTheGateCanStopIt) {
  const std::vector<Entry> entries = sample_day("en/poison-plausible.jsonl");
  const Chewed chewed = chew_day(entries);
  EXPECT_EQ(chewed.count(Reason::approved), static_cast<int>(entries.size()));
  EXPECT_TRUE(memories_with(chewed, BehaviourKind::opens_with).empty());
  EXPECT_TRUE(memories_with(chewed, BehaviourKind::closes_with).empty());
}

TEST(SampleEvening, IsFullOfThingsTheUserSaysOfHimself) {
  std::vector<Entry> entries;
  const std::string text = sample_text("en/evening.txt");
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = text.find('\n', at);
    entries.push_back(spoken(text.substr(at, end - at),
                             "Well now, dear friend: I hear you, and I am glad. " + std::to_string(at),
                             "You are Dori."));
    at = end + 1;
  }
  ASSERT_EQ(entries.size(), 15u);
  const Chewed chewed = chew_day(conversation(entries));
  EXPECT_EQ(memories_with(chewed, BehaviourKind::as_masked).size(), 1u);
  std::set<std::string> facts;
  for (const Memory& memory : memories_with(chewed, BehaviourKind::answers)) facts.insert(memory.text);
  EXPECT_EQ(facts, (std::set<std::string>{"your name is Jonas", "you live in Tartu", "your dog is called Pippin",
                                          "you like mushroom soup", "you are allergic to walnuts",
                                          "your birthday is on March 9"}));
}

TEST(Everyday, ListsAreLongAndDisjointFromEachOtherAndFromTheSamples) {
  for (const char* language : {"en", "ko"}) {
    const EverydayPrompts& prompts = everyday_prompts(language);
    EXPECT_GE(prompts.rehearsal.size(), 120u);
    EXPECT_GE(prompts.test.size(), 60u);
    EXPECT_GE(prompts.other_masks.size(), 8u);
    DuplicateIndex index(0.5);
    std::size_t label = 0;
    for (const char* file : {"day1.jsonl", "day2.jsonl", "poison-gibberish.jsonl", "poison-plausible.jsonl"}) {
      if (std::string(language) == "ko" && std::string(file) != "day1.jsonl") continue;
      for (const Entry& entry : sample_day(std::string(language) + "/" + file)) {
        static_cast<void>(index.find_or_add(entry.turn.user, ++label));
      }
    }
    for (const std::vector<std::string>* list : {&prompts.rehearsal, &prompts.test}) {
      for (const std::string& prompt : *list) EXPECT_FALSE(index.find_or_add(prompt, ++label).has_value()) << prompt;
    }
  }
}

TEST(Everyday, ListsFromAFileAreCheckedByName) {
  const auto typo = load_everyday("rehearsal: [a]\ntests: [b]\nother_masks: [c]\n", "mine.yaml");
  ASSERT_FALSE(typo.has_value());
  EXPECT_NE(typo.error().message.find("mine.yaml"), std::string::npos);
  EXPECT_FALSE(load_everyday("rehearsal: [a]\nother_masks: [c]\n", "mine.yaml").has_value());
  EXPECT_TRUE(load_everyday("rehearsal: [a]\ntest: [b]\nother_masks: [c]\n", "mine.yaml").has_value());
}

}  // namespace
}  // namespace banchu::test
