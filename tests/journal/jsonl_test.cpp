// Days kept elsewhere: what `journal add` takes, and what it refuses without keeping half of it.
#include "journal/jsonl.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "journal/journal.h"
#include "tests/bag/support.h"

namespace banchu {
namespace {

using test::BagPlace;
namespace fs = std::filesystem;

constexpr const char* kTwoTalks =
    R"({"messages":[{"role":"system","content":"너는 도리야."},{"role":"user","content":"안녕"},)"
    R"({"role":"assistant","content":"왔구나!"},{"role":"user","content":"잘 자"},{"role":"assistant","content":"응."}],)"
    R"("meta":{"time":"2026-11-18T22:00:00+09:00","approved":true}})"
    "\r\n\n"
    R"({"messages":[{"role":"user","content":"hello"},{"role":"assistant","content":"hi"}]})";

class AddTest : public testing::Test {
 protected:
  Result<Journal::Added> add(const std::string& text) {
    const fs::path file = place_.outside() / "days.jsonl";
    test::write(file, text);
    return journal_.add_jsonl(file);
  }
  BagPlace place_;
  std::unique_ptr<Bag> bag_ = place_.create();
  Journal journal_{*bag_};
};

TEST_F(AddTest, KeepsConversationsWithMaskTimeAndApproval) {
  const Journal::Added added = add(kTwoTalks).value();
  EXPECT_EQ(added.conversations, 2);
  EXPECT_EQ(added.turns, 3);
  EXPECT_EQ(added.already_there, 0);
  const std::vector<Entry> entries = journal_.entries().value();
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].turn.mask, "너는 도리야.");
  EXPECT_EQ(format_time(entries[0].turn.time), "2026-11-18T13:00:00Z");
  EXPECT_EQ(entries[0].mark, EntryMark::kept);
  EXPECT_EQ(entries[0].source, EntrySource::added);
  EXPECT_EQ(entries[1].turn.index, 1);
  EXPECT_EQ(entries[1].turn.conversation, entries[0].turn.conversation);
  EXPECT_EQ(entries[2].mark, EntryMark::none);
  EXPECT_NEAR(static_cast<double>(entries[2].turn.time), static_cast<double>(now()), 60);
  EXPECT_TRUE(bag_->verify(true)->ok);
  EXPECT_TRUE(fs::exists(bag_->journal_folder() / "2026-11-18.jsonl"));
}

TEST_F(AddTest, KnowsWhatItHasAndGivesTheSameIdsEverywhere) {
  ASSERT_TRUE(add(kTwoTalks));
  const Journal::Added again = add(kTwoTalks).value();
  EXPECT_EQ(again.conversations, 0);
  EXPECT_EQ(again.already_there, 2);
  const BagPlace other;
  const auto bag = other.create();
  Journal journal(*bag);
  test::write(other.outside() / "x", kTwoTalks);
  ASSERT_TRUE(journal.add_jsonl(other.outside() / "x"));
  const std::vector<Entry> here = journal_.entries().value();
  const std::vector<Entry> there = journal.entries().value();
  ASSERT_EQ(here.size(), there.size());
  for (std::size_t i = 0; i < here.size(); ++i) EXPECT_EQ(here[i].turn.id, there[i].turn.id);
}

TEST_F(AddTest, TakesTheSameTalkAtAnotherTimeAsAnotherOne) {
  const std::string talk =
      R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}],"meta":{"time":)";
  const Journal::Added added =
      add(talk + "\"2026-01-01\"}}\n" + talk + "\"2026-01-02\"}}\n" + talk + "\"2026-01-01T00:00:00Z\"}}\n").value();
  EXPECT_EQ(added.conversations, 2);
  EXPECT_EQ(added.already_there, 1);
}

TEST_F(AddTest, ComposesHangulSoThatTheSameWordIsTheSameBytes) {
  const std::string apart = "\xE1\x84\x80\xE1\x85\xA1";  // 가 as two jamo
  ASSERT_TRUE(add(R"({"messages":[{"role":"user","content":")" + apart + R"("},{"role":"assistant","content":"x"}]})"));
  EXPECT_EQ(journal_.entries()->front().turn.user, "가");
  EXPECT_EQ(add(R"({"messages":[{"role":"user","content":"가"},{"role":"assistant","content":"x"}]})")->already_there,
            1);
}

TEST_F(AddTest, RefusesAMalformedFileWholeAndNamesTheLine) {
  const auto talk = [](const std::string& messages, const std::string& meta) {
    return "{\"messages\":[" + messages + "],\"meta\":" + meta + "}";
  };
  const std::string user = R"({"role":"user","content":"a"})";
  const std::string reply = R"({"role":"assistant","content":"b"})";
  const std::string system = R"({"role":"system","content":"m"})";
  const std::string bad_lines[] = {
      "not json",
      "[]",
      "7",
      "{}",
      R"({"messages":7})",
      R"({"messages":[7]})",
      "\xFF",
      talk("", "{}"),
      talk(user, "{}"),
      talk(reply, "{}"),
      talk(system, "{}"),
      talk(user + "," + user, "{}"),
      talk(user + "," + reply + "," + user, "{}"),
      talk(user + "," + system + "," + reply, "{}"),
      talk(system + "," + system + "," + user + "," + reply, "{}"),
      talk(reply + "," + user, "{}"),
      talk(R"({"role":"robot","content":"a"},)" + reply, "{}"),
      talk(R"({"role":"user","content":7},)" + reply, "{}"),
      talk(R"({"role":"user"},)" + reply, "{}"),
      talk(R"({"role":"user","content":" "},)" + reply, "{}"),
      talk(user + "," + reply, "7"),
      talk(user + "," + reply, R"({"time":"soon"})"),
      talk(user + "," + reply, R"({"time":7})"),
      talk(user + "," + reply, R"({"approved":"yes"})"),
      talk(user + "," + reply, R"({"time":"1970-01-01T00:00:00+09:00"})"),
      talk(R"({"role":"user","content":")" + std::string(kLargestMessage_bytes + 1, 'x') + "\"}," + reply, "{}")};
  for (const std::string& bad : bad_lines) {
    const auto added = add(talk(user + "," + reply, "{}") + "\n\n" + bad + "\n");
    ASSERT_FALSE(added) << bad;
    EXPECT_EQ(added.error().code, Code::InvalidArgument) << bad;
    EXPECT_NE(added.error().message.find("days.jsonl, line 3"), std::string::npos) << added.error().message;
  }
  EXPECT_TRUE(journal_.entries()->empty());
  EXPECT_EQ(journal_.add_jsonl(place_.outside() / "absent").error().code, Code::NotFound);
}

TEST_F(AddTest, AnEmptyFileAddsNothing) {
  EXPECT_EQ(add("")->conversations, 0);
  EXPECT_EQ(add("\xEF\xBB\xBF\n \r\n")->conversations, 0);
}

TEST_F(AddTest, ExportsWhatAnotherBagCanAdd) {
  ASSERT_TRUE(add(kTwoTalks));
  const std::string hello = journal_.entries().value().back().turn.id;
  ASSERT_TRUE(journal_.mark(hello, EntryMark::fixed, "hi, dear"));
  const std::string text = journal_.export_jsonl().value();
  const BagPlace other;
  const auto bag = other.create();
  Journal journal(*bag);
  test::write(other.outside() / "x", text);
  EXPECT_EQ(journal.add_jsonl(other.outside() / "x")->turns, 3);
  EXPECT_EQ(journal.entries()->front().turn.mask, "너는 도리야.");
  EXPECT_EQ(journal.entries()->back().turn.reply, "hi, dear");
  EXPECT_EQ(journal.entries()->back().mark, EntryMark::kept);
}

TEST(Export, IsApprovedOnlyWhereEveryReplyWas) {
  Entry entry;
  entry.turn.conversation = "c";
  entry.turn.user = "u";
  entry.turn.reply = "r";
  std::vector<Entry> entries(2, entry);
  entries[0].mark = EntryMark::kept;
  EXPECT_EQ(parse_conversations(export_conversations(entries), "x", 0)->front().entries[0].mark, EntryMark::none);
  entries[1].mark = EntryMark::kept;
  EXPECT_EQ(parse_conversations(export_conversations(entries), "x", 0)->front().entries[0].mark, EntryMark::kept);
}

TEST(Export, LeavesOutWhatIsNeverToBeTaught) {
  Entry entry;
  entry.turn.conversation = "c";
  entry.turn.user = "u";
  entry.turn.reply = "r";
  std::vector<Entry> entries(2, entry);
  entries[0].mark = EntryMark::struck;
  entries[0].turn.reply = "a slip";
  const std::string text = export_conversations(entries);
  EXPECT_EQ(text.find("a slip"), std::string::npos) << text;
  EXPECT_EQ(parse_conversations(text, "x", 0)->front().entries.size(), 1u);
  EXPECT_EQ(export_conversations(std::span(entries).first(1)), "");
}

TEST(Export, BeginsANewLineWhereTheMaskChanges) {
  Entry entry;
  entry.turn.conversation = "c";
  entry.turn.user = "u";
  entry.turn.reply = "r";
  std::vector<Entry> entries(3, entry);
  entries[2].turn.mask = "another";
  const std::string text = export_conversations(entries);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_EQ(parse_conversations(text, "x", 0)->front().entries.size(), 2u);
}

TEST_F(AddTest, RefusesMessagesThatNobodyCanSee) {
  for (const std::string blank : {"\u3000", "\u00A0", "\u200B", "\uFEFF\u2060"}) {
    const auto added =
        add(R"({"messages":[{"role":"user","content":")" + blank + R"("},{"role":"assistant","content":"hi"}]})");
    ASSERT_FALSE(added) << blank;
    EXPECT_NE(added.error().message.find("message 1 is empty"), std::string::npos) << added.error().message;
  }
  EXPECT_TRUE(journal_.entries().value().empty());
}

}  // namespace
}  // namespace banchu
