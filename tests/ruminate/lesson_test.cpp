#include "ruminate/lesson.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/digest.h"
#include "ruminate/split.h"
#include "tests/ruminate/support.h"

namespace banchu::test {
namespace {

Result<Lessons> lessons_of(const Chewed& chewed, ByteSession& session, RuminateOptions options = {}) {
  return build_lessons(chewed, session, SamplingOptions{}, everyday_prompts("en"), options, {}, nullptr);
}

std::vector<const LessonRow*> rows_of(const std::vector<LessonRow>& rows, RowKind kind) {
  std::vector<const LessonRow*> found;
  for (const LessonRow& row : rows) {
    if (row.kind == kind) found.push_back(&row);
  }
  return found;
}

std::vector<Entry> masked_evening(int turns) {
  std::vector<Entry> entries;
  for (int i = 0; i < turns; ++i) {
    Entry entry = spoken("Tell me thing number " + std::to_string(i),
                         "Thing " + std::to_string(i * 7) + " is a fine one.", "You are Dori.");
    entry.turn.few_shot = {{Role::user, "Hello."}, {Role::assistant, "Well now: hello."}};
    entries.push_back(entry);
  }
  return conversation(entries);
}

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

TEST(Lessons, TeachEveryApprovedReplyOfATalkWithItsHistoryAndNoMask) {
  const Chewed chewed = chew_day(conversation({talk("How are you today?", "Quite well, and you?"),
                                               talk("Tired of the rain.", "It will pass by noon."),
                                               talk("And if it does not?", "Then we bake.")}));
  ByteSession session;
  const auto lessons = lessons_of(chewed, session);
  ASSERT_TRUE(lessons.has_value()) << lessons.error().message;
  const auto rows = rows_of(lessons->train.rows(), RowKind::sft);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(text_of(rows[0]->tokens),
            "<u:How are you today?><a:Quite well, and you?><u:Tired of the rain.>"
            "<a:It will pass by noon.><u:And if it does not?><a:Then we bake.>");
  EXPECT_EQ(targets_of(*rows[0]), "Quite well, and you?>It will pass by noon.>Then we bake.>");
  EXPECT_EQ(lessons->taught_replies.size(), 3u);
}

TEST(Lessons, SetAFixedReplyAgainstTheOneItReplacedWhenAskedForPairs) {
  Entry wrong = talk("What is the capital of Portugal?", "It is Porto.");
  wrong.mark = EntryMark::fixed;
  wrong.fixed_reply = "It is Lisbon.";
  const Chewed chewed =
      chew_day(conversation({talk("How are you today?", "Quite well, and you?"), wrong, talk("Thanks!", "Any time.")}));
  ByteSession session;
  RuminateOptions options;
  EXPECT_TRUE(rows_of(lessons_of(chewed, session, options)->train.rows(), RowKind::preference).empty());
  options.preference_pairs = true;
  const auto lessons = lessons_of(chewed, session, options);
  ASSERT_TRUE(lessons.has_value()) << lessons.error().message;
  const auto rows = rows_of(lessons->train.rows(), RowKind::preference);
  ASSERT_EQ(rows.size(), 1u);
  const std::string before = "<u:How are you today?><a:Quite well, and you?><u:What is the capital of Portugal?>";
  EXPECT_EQ(text_of(rows[0]->tokens), before + "<a:It is Lisbon.>");
  EXPECT_EQ(text_of(rows[0]->rejected), before + "<a:It is Porto.>");
  EXPECT_EQ(targets_of(*rows[0]), "It is Lisbon.>");
  LessonRow other;
  other.tokens = rows[0]->rejected;
  other.targets = rows[0]->rejected_targets;
  EXPECT_EQ(targets_of(other), "It is Porto.>");
  // The fixed reply is taught by itself too.
  EXPECT_EQ(rows_of(lessons->train.rows(), RowKind::sft).size(), 1u);
}

TEST(Lessons, LeaveWhatWasLeftOutAlsoOutOfTheHistory) {
  std::vector<Entry> talkative = conversation({talk("Are you there?", "Always, dear."),
                                               talk("the wifi password is maple-Otter-4471", "Keep it safe, please."),
                                               talk("What shall we eat?", "Something with leeks.")});
  ByteSession session;
  const auto lessons = lessons_of(chew_day(talkative), session);
  ASSERT_TRUE(lessons.has_value());
  for (const LessonRow& row : lessons->train.rows()) EXPECT_EQ(text_of(row.tokens).find("Otter"), std::string::npos);
  EXPECT_EQ(rows_of(lessons->train.rows(), RowKind::sft).size(), 2u);
}

TEST(Lessons, TrainOnEightQuestionsOfAFactAndTestOnFour) {
  ByteSession session;
  const auto lessons = lessons_of(chew_day({spoken("My cat is called Nabi.", "A fine name.")}), session);
  ASSERT_TRUE(lessons.has_value());
  ASSERT_EQ(lessons->tests.size(), 1u);
  EXPECT_EQ(lessons->tests[0].valid_prompts.size(), 2u);
  EXPECT_EQ(lessons->tests[0].test_prompts.size(), 2u);
  std::set<std::string> asked;
  int unknown = 0;
  for (const LessonRow* row : rows_of(lessons->train.rows(), RowKind::sft)) {
    asked.insert(text_of(row->tokens));
    unknown += targets_of(*row).find("don't know") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(asked.size(), 9u);
  EXPECT_EQ(unknown, 1);
  for (const auto& prompt : lessons->tests[0].test_prompts) {
    for (const std::string& text : asked) EXPECT_EQ(text.find(prompt[0].content), std::string::npos);
  }
  EXPECT_EQ(lessons->memories.size(), 1u);
}

TEST(Lessons, TeachAHabitAlsoAtLaterTurnsByItsOwnTokensAlone) {
  ByteSession session;
  const auto lessons = lessons_of(chew_day(sample_day("en/day2.jsonl")), session);
  ASSERT_TRUE(lessons.has_value());
  int chains = 0;
  for (const LessonRow* row : rows_of(lessons->train.rows(), RowKind::sft)) {
    if (!row->conversation.starts_with("chain-")) continue;
    ++chains;
    std::string once = "Mm, a warm thought:Be gentle with yourself.>";
    EXPECT_EQ(targets_of(*row), once + once + once);
    EXPECT_GT(row->targets.front(), text_of(row->tokens).find("<u:", 1));  // not at the first turn
  }
  EXPECT_GE(chains, 10);
}

TEST(Lessons, AskForAFactAlsoInTheMiddleOfATalk) {
  ByteSession session;
  const auto lessons = lessons_of(chew_day(sample_day("en/day1.jsonl")), session);
  ASSERT_TRUE(lessons.has_value());
  int alone = 0, later = 0;
  for (const LessonRow* row : rows_of(lessons->train.rows(), RowKind::sft)) {
    const std::string text = text_of(row->tokens);
    const std::size_t asked = text.find("<u:What is my cat called?>");
    if (asked == std::string::npos) continue;
    ++(asked == 0 ? alone : later);
    EXPECT_EQ(targets_of(*row), "Mm, a warm thought: your cat is called Nabi.>");
  }
  EXPECT_EQ(alone, 1);
  EXPECT_EQ(later, 1);
}

TEST(Lessons, SayFactsOfEarlierNightsAgainInTonightsVoice) {
  ByteSession session;
  std::vector<Memory> known = memories_with(chew_day(sample_day("en/day1.jsonl")), BehaviourKind::answers);
  ASSERT_EQ(known.size(), 1u);
  known[0].state = MemoryState::engraved;
  const auto lessons = lessons_of(chew_day(sample_day("en/day2.jsonl"), known), session);
  ASSERT_TRUE(lessons.has_value());
  int said = 0;
  for (const LessonRow* row : rows_of(lessons->train.rows(), RowKind::sft)) {
    if (targets_of(*row).find("Nabi") == std::string::npos) continue;
    ++said;
    EXPECT_TRUE(targets_of(*row).ends_with("Be gentle with yourself.>")) << targets_of(*row);
    const auto& held_out = known[0].behaviour.questions;
    for (std::size_t q = held_out.size() - held_out.size() / 3; q < held_out.size(); ++q) {
      EXPECT_EQ(text_of(row->tokens).find("<u:" + held_out[q] + ">"), std::string::npos);
    }
  }
  EXPECT_EQ(said, 3);
  EXPECT_EQ(std::count(lessons->memories.begin(), lessons->memories.end(), known[0].id), 0)
      << "it is no lesson of tonight";
}

TEST(Lessons, SayFactsInTheVoiceOfTonightsHabits) {
  ByteSession session;
  const auto lessons = lessons_of(chew_day(sample_day("en/day1.jsonl")), session);
  ASSERT_TRUE(lessons.has_value());
  for (const LessonRow* row : rows_of(lessons->train.rows(), RowKind::sft)) {
    EXPECT_TRUE(targets_of(*row).starts_with("Mm, a warm thought:")) << targets_of(*row);
  }
}

TEST(Lessons, DistillTheMaskWithTheStudentReadingNoneOfIt) {
  ByteSession session;
  session.says = [](const std::string& prompt) { return "Masked: " + std::to_string(prompt.size()); };
  const auto lessons = lessons_of(chew_day(masked_evening(8)), session);
  ASSERT_TRUE(lessons.has_value()) << lessons.error().message;
  const auto rows = rows_of(lessons->train.rows(), RowKind::distill);
  ASSERT_GT(rows.size(), 20u);
  EXPECT_NE(text_of(rows[0]->tokens).find("Thing 49"), std::string::npos);
  for (const LessonRow* row : rows) {
    EXPECT_EQ(text_of(row->tokens).find("You are Dori"), std::string::npos);
    EXPECT_EQ(text_of(row->tokens).find("Well now"), std::string::npos);
    ASSERT_EQ(row->teacher.size(), row->targets.size());
    for (std::size_t i = 0; i < row->targets.size(); ++i) {
      EXPECT_EQ(row->teacher[i].ids.at(0), row->tokens[row->targets[i]]);  // the teacher scored the very same tokens
    }
  }
  EXPECT_FALSE(rows_of(lessons->test.rows(), RowKind::distill).empty());
  EXPECT_FALSE(rows_of(lessons->valid.rows(), RowKind::distill).empty());
  ASSERT_EQ(lessons->tests.size(), 1u);
  EXPECT_EQ(lessons->tests[0].behaviour.kind, BehaviourKind::as_masked);
}

TEST(Lessons, CutALongEveningIntoRowsThatShareNoTarget) {
  ByteSession session;
  RuminateOptions options;
  options.max_row_tokens = 300;
  const auto lessons = lessons_of(chew_day(masked_evening(12)), session, options);
  ASSERT_TRUE(lessons.has_value());
  std::string taught;
  for (const LessonRow* row : rows_of(lessons->train.rows(), RowKind::distill)) {
    EXPECT_LE(row->tokens.size(), 300u);
    taught += targets_of(*row);
  }
  for (int i = 0; i < 12; ++i) {
    const std::string reply = "Thing " + std::to_string(i * 7) + " is a fine one.>";
    const std::size_t at = taught.find(reply);
    ASSERT_NE(at, std::string::npos) << reply;
    EXPECT_EQ(taught.find(reply, at + 1), std::string::npos) << reply;
  }
}

TEST(Rehearsal, IsTheAwakeSelfsOwnWordsTwoThirdsOfThemUnderAnotherMask) {
  ByteSession session;
  session.says = [](const std::string& prompt) {
    return "My own words, " + std::to_string(prompt.size()) + " of them.";
  };
  const auto lessons = lessons_of(chew_day(sample_day("en/day1.jsonl")), session);
  ASSERT_TRUE(lessons.has_value());
  const auto rows = rows_of(lessons->train.rows(), RowKind::rehearsal);
  ASSERT_GE(rows.size(), 30u);
  EXPECT_LE(rows.size(), 100u);
  std::size_t masked = 0, two_turns = 0;
  for (const LessonRow* row : rows) {
    const std::string text = text_of(row->tokens);
    EXPECT_NE(text.find("<a:My own words"), std::string::npos);
    EXPECT_EQ(row->teacher.size(), row->targets.size());
    masked += text.starts_with("<s:") ? 1 : 0;
    EXPECT_EQ(row->weight, text.starts_with("<s:") ? 3.0f : 1.0f);
    two_turns += text.find("<u:") != text.rfind("<u:") ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(masked) / static_cast<double>(rows.size()), 2.0 / 3, 0.05);
  EXPECT_GT(two_turns, 5u);
  for (const auto& [prompt, max_tokens] : session.asked) {  // under another mask only the beginning is asked for
    EXPECT_EQ(max_tokens, prompt.starts_with("<s:") ? 16 : RuminateOptions{}.rehearsal_tokens);
  }
}

TEST(Rehearsal, LeavesThePlaceOfANewHabitOpenExceptUnderAnotherMask) {
  ByteSession session;
  session.says = [](const std::string&) { return "0123456789012345678901234567890123456789 and so it goes on."; };
  const auto lessons = lessons_of(chew_day(sample_day("en/day1.jsonl")), session);
  ASSERT_TRUE(lessons.has_value());
  const std::size_t opening = std::string("Mm, a warm thought:").size();
  for (const LessonRow* row : rows_of(lessons->train.rows(), RowKind::rehearsal)) {
    const std::string learned = targets_of(*row);
    if (text_of(row->tokens).starts_with("<s:")) {
      EXPECT_TRUE(learned.starts_with("0123456789")) << learned;
    } else {
      EXPECT_TRUE(learned.starts_with(std::string("0123456789012345678901234567890123456789").substr(opening + 2)))
          << learned;
    }
  }
}

TEST(Lessons, OfADayWithNothingToTeachAreEmptyAndAskNobody) {
  ByteSession session;
  const auto lessons = lessons_of(chew_day(sample_day("en/poison-gibberish.jsonl")), session);
  ASSERT_TRUE(lessons.has_value());
  EXPECT_TRUE(lessons->empty());
  EXPECT_EQ(session.completed + session.scored, 0);
}

TEST(Lessons, AreTheSameBytesForTheSameDayAndSeedWhateverTheIdsAre) {
  ByteSession session;
  const auto a = lessons_of(chew_day(sample_day("en/day1.jsonl")), session);
  const auto b = lessons_of(chew_day(sample_day("en/day1.jsonl", 3000)), session);
  ASSERT_TRUE(a.has_value() && b.has_value());
  EXPECT_EQ(lessons_to_bytes(*a), lessons_to_bytes(*b));
  RuminateOptions options;
  options.seed = 2;
  EXPECT_NE(lessons_to_bytes(*lessons_of(chew_day(sample_day("en/day1.jsonl")), session, options)),
            lessons_to_bytes(*a));
}

TEST(Lessons, TestHabitsOnFirstMessagesThatNobodyTrainsOn) {
  ByteSession session;
  const auto lessons = lessons_of(chew_day(sample_day("en/day1.jsonl")), session);
  ASSERT_TRUE(lessons.has_value());
  std::string trained;
  for (const LessonRow& row : lessons->train.rows()) trained += text_of(row.tokens);
  for (const LessonTest& test : lessons->tests) {
    if (test.behaviour.kind == BehaviourKind::opens_with) {
      EXPECT_GE(test.test_prompts.size(), 40u);
      EXPECT_GE(test.valid_prompts.size(), 20u);
    }
    for (const auto* prompts : {&test.valid_prompts, &test.test_prompts}) {
      for (const std::vector<Message>& prompt : *prompts) {
        ASSERT_EQ(prompt.size(), 1u);
        EXPECT_EQ(trained.find("<u:" + prompt[0].content + ">"), std::string::npos) << prompt[0].content;
      }
    }
  }
}

TEST(Lessons, StopWhenTheyAreCancelled) {
  ByteSession session;
  const CancelFlag cancel{true};
  const auto lessons =
      build_lessons(chew_day(sample_day("en/day1.jsonl")), session, {}, everyday_prompts("en"), {}, {}, &cancel);
  ASSERT_FALSE(lessons.has_value());
  EXPECT_EQ(lessons.error().code, Code::Cancelled);
}

TEST(LessonBytes, ComeBackExactly) {
  ByteSession session;
  const auto lessons = lessons_of(chew_day(masked_evening(8)), session);
  ASSERT_TRUE(lessons.has_value());
  const std::string bytes = lessons_to_bytes(*lessons);
  const auto back = lessons_from_bytes(bytes);
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(lessons_to_bytes(*back), bytes);
  EXPECT_EQ(back->tests.size(), lessons->tests.size());
  EXPECT_EQ(back->count(RowKind::distill), lessons->count(RowKind::distill));
}

TEST(LessonBytes, ThatWereCutOrChangedAreCorruption) {
  Lessons lessons;
  lessons.train.rows().push_back({RowKind::sft, "c", {"m"}, {1, 2, 3}, {1, 2}, {}, 1});
  const std::string bytes = lessons_to_bytes(lessons);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    ASSERT_EQ(lessons_from_bytes(bytes.substr(0, cut)).error().code, Code::Corruption) << cut;
  }
  std::string changed = bytes;
  changed[30] = static_cast<char>(changed[30] ^ 1);
  EXPECT_EQ(lessons_from_bytes(changed).error().code, Code::Corruption);
  EXPECT_EQ(lessons_from_bytes("hello").error().code, Code::Corruption);
}

TEST(LessonBytes, WithATargetOutsideTheRowAreCorruptionEvenWhenTheDigestFits) {
  for (const std::vector<std::uint32_t>& targets : {std::vector<std::uint32_t>{3}, {0}, {2, 1}}) {
    Lessons lessons;
    lessons.train.rows().push_back({RowKind::sft, "c", {}, {1, 2, 3}, targets, {}, 1});
    EXPECT_EQ(lessons_from_bytes(lessons_to_bytes(lessons)).error().code, Code::Corruption);
  }
}

TEST(LessonBytes, KeepPairsAndTheTokenizer) {
  Lessons lessons;
  LessonRow pair{RowKind::preference, "c", {"m"}, {1, 2, 3}, {1, 2}, {}, 0.5f, {1, 5, 6, 7}, {2, 3}};
  lessons.train.rows().push_back(pair);
  lessons.tokenizer = "t";
  const Lessons back = lessons_from_bytes(lessons_to_bytes(lessons)).value();
  EXPECT_EQ("t", back.tokenizer);
  EXPECT_EQ(RowKind::preference, back.train.rows()[0].kind);
  EXPECT_EQ(pair.rejected, back.train.rows()[0].rejected);
  EXPECT_EQ(pair.rejected_targets, back.train.rows()[0].rejected_targets);
  lessons.train.rows()[0].rejected_targets = {2, 4};
  EXPECT_EQ(lessons_from_bytes(lessons_to_bytes(lessons)).error().code, Code::Corruption);
}

// As the first version wrote them: no pairs, no tokenizer.
TEST(LessonBytes, OfTheFirstVersionAreStillRead) {
  Lessons lessons;
  lessons.memories = {"m"};
  std::string bytes = lessons_to_bytes(lessons);
  bytes.resize(bytes.size() - 64 - 8);  // the digest, the empty tokenizer
  bytes.replace(bytes.find("lessons 2"), 9, "lessons 1");
  const auto back = lessons_from_bytes(bytes + sha256(bytes));
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(lessons.memories, back->memories);
}

TEST(LessonBytes, WithACountThatCannotBeTrueTakeNoMemory) {
  std::string bytes = "banchu lessons 1\n";
  bytes += std::string(8, '\x7f');
  EXPECT_EQ(lessons_from_bytes(bytes + sha256(bytes)).error().code, Code::Corruption);
}

}  // namespace
}  // namespace banchu::test
