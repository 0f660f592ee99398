#include <gtest/gtest.h>

#include "ruminate/claim.h"
#include "ruminate/duplicates.h"
#include "ruminate/habit.h"
#include "tests/ruminate/support.h"

namespace banchu::test {
namespace {

const char* const kPrompts[] = {"Why is the sea salty?",  "My tea went cold.",        "How do kites fly?",
                                "I lost my umbrella.",    "What rhymes with winter?", "The bus was late today.",
                                "Is honey good for you?", "I dreamed of a lake."};
const char* const kReplies[] = {"rivers carry it there.", "warm the pot first.",    "the wind leans on them.",
                                "it will turn up soon.",  "splinter does, nearly.", "buses have moods as well.",
                                "a spoon of it is.",      "lakes keep secrets."};

std::vector<Entry> day_opening_with(const std::string& opening, std::size_t with, std::size_t without = 0) {
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < with + without; ++i) {
    entries.push_back(talk(kPrompts[i], (i < with ? opening + " " : "") + kReplies[i]));
  }
  return entries;
}

TEST(Habits, AreMinedFromTheOpeningThatMostRepliesShare) {
  const Chewed chewed = chew_day(day_opening_with("Ah, little one:", 6, 2));
  const auto habits = memories_with(chewed, BehaviourKind::opens_with);
  ASSERT_EQ(habits.size(), 1u);
  EXPECT_EQ(habits[0].behaviour.expected, "Ah, little one:");
  EXPECT_EQ(habits[0].text, "opens with \"Ah, little one:\"");
  EXPECT_EQ(habits[0].turns.size(), 6u);
  EXPECT_EQ(memories_with(chewed, BehaviourKind::none).size(), 2u);  // the other two replies are style
}

TEST(Habits, NeedEnoughRepliesAndMoreThanAWord) {
  EXPECT_TRUE(memories_with(chew_day(day_opening_with("Ah, little one:", 3)), BehaviourKind::opens_with).empty());
  EXPECT_TRUE(memories_with(chew_day(day_opening_with("Ah, little one:", 4, 4)), BehaviourKind::opens_with).size() ==
              1);
  EXPECT_TRUE(
      memories_with(chew_day(day_opening_with("Ah, little one:", 4, 4 + 1 - 1)), BehaviourKind::closes_with).empty());
  EXPECT_TRUE(memories_with(chew_day(day_opening_with("Well,", 8)), BehaviourKind::opens_with).empty());
}

TEST(Habits, AreNotMinedFromRepliesThatNobodyApproved) {
  std::vector<Entry> entries = day_opening_with("Ah, little one:", 8);
  for (Entry& entry : entries) entry.mark = EntryMark::none;
  const Chewed chewed = chew_day(entries);
  EXPECT_TRUE(chewed.memories.empty());
  EXPECT_EQ(chewed.count(Reason::needs_review), 8);
}

TEST(Habits, LeaveSomethingElseInTheReply) {
  const std::vector<std::string> same(10, "Good night, my dear.");
  const auto habit = common_opening(same, RuminateOptions{});
  ASSERT_TRUE(habit.has_value());
  EXPECT_EQ(habit->phrase, "Good night, my") << "a whole reply is no opening";
}

TEST(Habits, StopBeforeAWordThatOnlySomeRepliesShare) {
  std::vector<std::string> replies;
  for (int i = 0; i < 10; ++i) {
    replies.push_back("Oh dear friend, " + std::string(i < 6 ? "the " : "a ") + kReplies[i % 8] + std::to_string(i));
  }
  const auto habit = common_opening(replies, RuminateOptions{});
  ASSERT_TRUE(habit.has_value());
  EXPECT_EQ(habit->phrase, "Oh dear friend,");
}

TEST(Habits, DressAPlainSentence) {
  const std::vector<Behaviour> habits = {{BehaviourKind::opens_with, "Mm, a warm thought:", {}, {}, ""},
                                         {BehaviourKind::closes_with, "Be gentle with yourself.", {}, {}, ""}};
  EXPECT_EQ(dressed("Your cat is called Nabi.", habits),
            "Mm, a warm thought: your cat is called Nabi. Be gentle with yourself.");
  EXPECT_EQ(dressed("Nabi is the name of your cat.", habits),
            "Mm, a warm thought: Nabi is the name of your cat. Be gentle with yourself.");
  EXPECT_EQ(dressed("Your cat is called Nabi.", {}), "Your cat is called Nabi.");
}

TEST(Habits, AreTakenOffAReply) {
  const std::vector<Behaviour> habits = {{BehaviourKind::opens_with, "Mm, a warm thought:", {}, {}, ""},
                                         {BehaviourKind::closes_with, "Be gentle with yourself.", {}, {}, ""}};
  EXPECT_EQ(undressed("mm,  a warm thought: rest a while.\nThen walk. Be gentle\nwith yourself. ", habits),
            "Rest a while.\nThen walk.");
  EXPECT_EQ(undressed("Rest a while. Be gentle with yourself.", habits), "Rest a while.");
  EXPECT_EQ(undressed("Rest a while.", habits), "Rest a while.");
  EXPECT_EQ(undressed("Mm, a warm thought:", habits), "");
}

TEST(Duplicates, AreNearWhenNineTenthsOfTheThreeWordRunsAreShared) {
  const std::string text =
      "many drift near the bottom or tuck themselves between stones and let the water hold them all "
      "night while the moon walks over the quiet lake";
  DuplicateIndex index(0.9);
  EXPECT_FALSE(index.find_or_add(text, 7).has_value());
  EXPECT_EQ(
      index.find_or_add("Many drift near the bottom, or tuck themselves between stones! And let the water hold them "
                        "all night, while the moon walks over the quiet LAKE",
                        8),
      7u);
  EXPECT_EQ(index.find_or_add(text + " again", 9), 7u);
  EXPECT_FALSE(index.find_or_add("many drift near the bottom or tuck themselves between stones", 10).has_value());
}

TEST(Chew, KeepsTheApprovedOneOfTwoThatAreTheSame) {
  std::vector<Entry> entries = {talk("Why is the sea salty?", "Rivers carry the salt there, year by year."),
                                talk("Why is the sea salty?", "Rivers carry the salt there, year by year.")};
  entries[0].mark = EntryMark::none;
  const Chewed chewed = chew_day(entries);
  EXPECT_EQ(chewed.verdicts[0].reason, Reason::repeat);
  EXPECT_EQ(chewed.verdicts[1].reason, Reason::approved);
}

TEST(Chew, ExplainsEveryEntryInTheirOrder) {
  const std::vector<Entry> entries = sample_day("en/day1.jsonl");
  const Chewed chewed = chew_day(entries);
  ASSERT_EQ(chewed.verdicts.size(), entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(chewed.verdicts[i].turn, entries[i].turn.id);
    EXPECT_FALSE(chewed.verdicts[i].detail.empty()) << entries[i].turn.user;
  }
}

TEST(Chew, TeachesTheFixedReplyAndNotTheOneItReplaces) {
  Entry entry = spoken("What is the capital of Portugal?", "It is Porto.");
  entry.mark = EntryMark::fixed;
  entry.fixed_reply = "It is Lisbon.";
  const Chewed chewed = chew_day({entry});
  EXPECT_EQ(chewed.verdicts[0].reason, Reason::fixed);
  ASSERT_EQ(chewed.memories.size(), 1u);
  EXPECT_EQ(chewed.memories[0].kind, MemoryKind::correction);
  EXPECT_NE(chewed.memories[0].text.find("Lisbon"), std::string::npos);
}

TEST(Chew, FindsTheWornMaskWithoutAnyMarkOfTheUser) {
  std::vector<Entry> entries;
  for (int i = 0; i < 5; ++i) entries.push_back(spoken(kPrompts[i], kReplies[i], "You are Dori."));
  const Chewed chewed = chew_day(conversation(entries));
  EXPECT_EQ(chewed.count(Reason::mask_worn), 5);
  const auto masks = memories_with(chewed, BehaviourKind::as_masked);
  ASSERT_EQ(masks.size(), 1u);
  EXPECT_EQ(masks[0].behaviour.expected, "You are Dori.");
  EXPECT_EQ(masks[0].turns.size(), 5u);
}

TEST(Chew, AMaskWornBrieflyWaitsAndAnImportedOneCountsForNothing) {
  std::vector<Entry> entries;
  for (int i = 0; i < 2; ++i) entries.push_back(spoken(kPrompts[i], kReplies[i], "You are Dori."));
  EXPECT_EQ(chew_day(entries).count(Reason::needs_review), 2);
  for (int i = 2; i < 6; ++i) {
    entries.push_back(talk(kPrompts[i], kReplies[i]));
    entries.back().mark = EntryMark::none;
    entries.back().turn.mask = "You are Dori.";
  }
  const Chewed chewed = chew_day(entries);
  EXPECT_EQ(chewed.count(Reason::mask_worn), 0) << "nobody wore it in those talks";
  EXPECT_EQ(chewed.count(Reason::needs_review), 6);
  EXPECT_TRUE(chewed.memories.empty());
}

TEST(Chew, DistillsOneMaskANightAndLetsTheOthersWait) {
  std::vector<Entry> entries;
  for (int i = 0; i < 8; ++i)
    entries.push_back(spoken(kPrompts[i], kReplies[i], i < 3 ? "You are Ada." : "You are Dori."));
  const Chewed chewed = chew_day(entries);
  ASSERT_EQ(memories_with(chewed, BehaviourKind::as_masked).size(), 1u);
  EXPECT_EQ(memories_with(chewed, BehaviourKind::as_masked)[0].behaviour.expected, "You are Dori.");
  EXPECT_EQ(memories_with(chewed, BehaviourKind::as_masked, MemoryState::review).size(), 1u);
}

TEST(Chew, AStruckMaskStandsInNoOthersWay) {
  std::vector<Entry> entries;
  for (int i = 0; i < 8; ++i)
    entries.push_back(spoken(kPrompts[i], kReplies[i], i < 3 ? "You are Ada." : "You are Dori."));
  std::vector<Memory> known = memories_with(chew_day(entries), BehaviourKind::as_masked);
  ASSERT_EQ(known.size(), 1u);
  known[0].state = MemoryState::struck;
  const auto masks = memories_with(chew_day(entries, known), BehaviourKind::as_masked);
  ASSERT_EQ(masks.size(), 1u);
  EXPECT_EQ(masks[0].behaviour.expected, "You are Ada.");
}

TEST(Chew, TakesAnUnmarkedReplyThatTheUserAnsweredGladly) {
  const Chewed chewed = chew_day(conversation({spoken("I can't sleep.", "Open the window a little."),
                                               spoken("Thank you, that helped.", "Sleep well then, dear.")}));
  EXPECT_EQ(chewed.verdicts[0].reason, Reason::kept);
  EXPECT_EQ(chewed.verdicts[1].reason, Reason::needs_review);
}

std::vector<Entry> said_via_a_server(std::vector<Entry> entries) {
  for (Entry& entry : entries) entry.turn.self = self_of_remote("llama3");
  return entries;
}

TEST(Chew, TakesAnotherModelsWordsOnlyWhereTheUserSaysSo) {
  std::vector<Entry> day = conversation({spoken("I can't sleep.", "Open the window a little."),
                                         spoken("Thank you, that helped.", "Sleep well then, dear."),
                                         spoken("How do kites fly?", "the wind leans on them."),
                                         spoken("My cat is called Nabi.", "A lovely name it is.")});
  day[2].mark = EntryMark::kept;
  const Chewed chewed = chew_day(said_via_a_server(day));
  EXPECT_EQ(chewed.verdicts[0].reason, Reason::needs_review) << "answered gladly, and yet not this self's own";
  EXPECT_NE(chewed.verdicts[0].detail.find("via llama3"), std::string::npos) << chewed.verdicts[0].detail;
  EXPECT_EQ(chewed.verdicts[2].reason, Reason::kept);
  EXPECT_EQ(chewed.verdicts[3].reason, Reason::user_fact);
  const std::vector<Entry> masked = masked_evening(8);
  EXPECT_EQ(memories_with(chew_day(masked), BehaviourKind::as_masked).size(), 1u);
  EXPECT_TRUE(memories_with(chew_day(said_via_a_server(masked)), BehaviourKind::as_masked).empty());
}

TEST(Chew, TeachesTheNewerOfTwoContradictingFactsAndProbesTheOlder) {
  const Chewed chewed = chew_day({talk("My cat is called Miso.", "What a fine name for a cat."),
                                  talk("My cat is called Nabi.", "What a lovely new name it is.")});
  EXPECT_EQ(chewed.verdicts[0].reason, Reason::contradiction);
  EXPECT_EQ(chewed.verdicts[1].reason, Reason::approved);
  const auto facts = memories_with(chewed, BehaviourKind::answers);
  const auto old = memories_with(chewed, BehaviourKind::answers, MemoryState::superseded);
  ASSERT_EQ(facts.size(), 1u);
  ASSERT_EQ(old.size(), 1u);
  EXPECT_EQ(facts[0].behaviour.expected, "Nabi");
  EXPECT_EQ(facts[0].behaviour.not_expected, "Miso");
  EXPECT_EQ(old[0].superseded_by, facts[0].id);
}

TEST(Chew, SupersedesAnEngravedFactThatTheUserContradicts) {
  Memory known = memory_of(claims_of("My cat is called Miso.").at(0), kNight - 900000);
  known.state = MemoryState::engraved;
  known.run = "night1";
  const Chewed chewed = chew_day({spoken("My cat is called Nabi.", "A lovely name it is.")}, {known});
  const auto old = memories_with(chewed, BehaviourKind::answers, MemoryState::superseded);
  ASSERT_EQ(old.size(), 1u);
  EXPECT_EQ(old[0].id, known.id);
  EXPECT_EQ(memories_with(chewed, BehaviourKind::answers).at(0).behaviour.not_expected, "Miso");
}

TEST(Chew, AnEngravedFactThatIsSaidAgainAndThenTakenBackIsSuperseded) {
  Memory known = memory_of(claims_of("My cat is called Miso.").at(0), kNight - 900000);
  known.state = MemoryState::engraved;
  const Chewed chewed = chew_day({spoken("My cat is called Miso.", "What a fine name for a cat."),
                                  spoken("My cat is called Nabi.", "A lovely name it is.")},
                                 {known});
  const auto old = memories_with(chewed, BehaviourKind::answers, MemoryState::superseded);
  ASSERT_EQ(old.size(), 1u);
  EXPECT_EQ(old[0].id, known.id);
  EXPECT_TRUE(memories_with(chewed, BehaviourKind::answers, MemoryState::engraved).empty());
}

TEST(Chew, ANewerFactWithTheSameAnswerHasNoAnswerThatMustNotCome) {
  const Chewed chewed = chew_day({spoken("My cat is called Miso.", "What a fine name for a cat."),
                                  spoken("My cat is called MISO.", "A lovely name it is.")});
  for (const Memory& memory : memories_with(chewed, BehaviourKind::answers)) {
    EXPECT_EQ(memory.behaviour.not_expected, "") << memory.text;
  }
}

TEST(Chew, StrengthensAKnownMemoryThatCameAgain) {
  std::vector<Entry> day = day_opening_with("Ah, little one:", 6);
  Memory known = memories_with(chew_day(day), BehaviourKind::opens_with).at(0);
  known.state = MemoryState::engraved;
  known.recalled = kNight - 900000;
  known.turns = {"older"};
  const Chewed chewed = chew_day(day, {known});
  const auto again = memories_with(chewed, BehaviourKind::opens_with, MemoryState::engraved);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].strength, known.strength + 1);
  EXPECT_EQ(again[0].recalled, kNight);
  EXPECT_EQ(again[0].turns.size(), 7u);
}

TEST(Chew, ArchivesWhatFadedButNeverWhatLiesInTheWeights) {
  Memory faded = memory_of(claims_of("I like rain.").at(0), kNight - 40 * 86400);
  Memory fresh = memory_of(claims_of("I like snow.").at(0), kNight - 86400);
  Memory engraved = memory_of(claims_of("I like hail.").at(0), kNight - 40 * 86400);
  engraved.state = MemoryState::engraved;
  const Chewed chewed = chew_day({}, {faded, fresh, engraved});
  ASSERT_EQ(chewed.memories.size(), 2u);
  EXPECT_EQ(chewed.memories[0].state, MemoryState::archived);
  EXPECT_EQ(chewed.memories[0].id, faded.id);
  EXPECT_EQ(chewed.memories[1].id, fresh.id);  // still waits to be taught
}

TEST(Chew, LeavesAStruckMemoryStruck) {
  std::vector<Entry> day = day_opening_with("Ah, little one:", 6);
  Memory known = memories_with(chew_day(day), BehaviourKind::opens_with).at(0);
  known.state = MemoryState::struck;
  EXPECT_TRUE(memories_with(chew_day(day, {known}), BehaviourKind::opens_with).empty());
}

TEST(Chew, NeverTeachesWhatTheSelfClaimedUnconfirmed) {
  const Chewed chewed = chew_day({spoken("Who are you?", "My name is Dori. I live in Oslo.")});
  ASSERT_EQ(chewed.memories.size(), 1u);
  EXPECT_EQ(chewed.memories[0].provenance, Provenance::self_said);
  EXPECT_EQ(chewed.memories[0].state, MemoryState::review);
  EXPECT_EQ(chewed.verdicts[0].reason, Reason::needs_review);
}

TEST(Chew, GivesWeightToWhatTheUserAskedToRemember) {
  const Chewed plain = chew_day({spoken("My birthday is on March 9.", "How lovely.")});
  const Chewed asked = chew_day({spoken("Remember this: my birthday is on March 9.", "How lovely.")});
  EXPECT_GT(asked.memories.at(0).importance, plain.memories.at(0).importance);
}

TEST(Chew, TrustsNothingOfADayThatIsMostlyUnreadable) {
  std::vector<Entry> entries;
  for (int i = 0; i < 8; ++i) {
    entries.push_back(
        talk(kPrompts[i], "xkcvb qwrtp zzlkm hgfds plmkn bvcxz " + std::string(4, static_cast<char>('b' + i))));
  }
  entries.push_back(talk("What day is it?", "It is Monday, all day long."));
  const Chewed chewed = chew_day(entries);
  EXPECT_EQ(chewed.verdicts[8].reason, Reason::needs_review);
  EXPECT_TRUE(chewed.memories.empty());
}

TEST(Chew, GivesTheSameForTheSameDayWhateverTheIdsAre) {
  const Chewed a = chew_day(sample_day("en/day1.jsonl")), b = chew_day(sample_day("en/day1.jsonl", 5000));
  ASSERT_EQ(a.memories.size(), b.memories.size());
  for (std::size_t i = 0; i < a.memories.size(); ++i) {
    EXPECT_EQ(a.memories[i].id, b.memories[i].id);
    EXPECT_EQ(a.memories[i].importance, b.memories[i].importance);
  }
}

}  // namespace
}  // namespace banchu::test
