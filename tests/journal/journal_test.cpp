#include "journal/journal.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "tests/bag/support.h"

namespace banchu {
namespace {

using test::BagPlace;
namespace fs = std::filesystem;

constexpr Time kEvening = 1'795'000'000;  // 2026-11-18

class JournalTest : public testing::Test {
 protected:
  Turn turn(const std::string& id, const std::string& conversation, int index, Time time) {
    Turn turn;
    turn.id = id;
    turn.conversation = conversation;
    turn.index = index;
    turn.time = time;
    turn.user = "안녕 " + conversation + std::to_string(index);
    turn.reply = "reply\n\"" + std::to_string(index) + "\"";
    return turn;
  }
  std::vector<std::string> ids() {
    std::vector<std::string> ids;
    const std::vector<Entry> entries = journal_.entries().value();
    for (const Entry& entry : entries) ids.push_back(entry.turn.id);
    return ids;
  }
  fs::path mirror(Time time) const { return bag_->journal_folder() / (format_day(time) + ".jsonl"); }
  std::vector<Json> mirror_lines(Time time) {
    std::vector<Json> lines;
    std::ifstream file(mirror(time));
    for (std::string line; std::getline(file, line);) lines.push_back(parse_json(line, "mirror").value());
    return lines;
  }
  bool is_sound() { return bag_->verify(true)->ok; }

  BagPlace place_;
  std::unique_ptr<Bag> bag_ = place_.create();
  Journal journal_{*bag_};
};

TEST_F(JournalTest, KeepsEveryPartOfATurnAndMirrorsIt) {
  Turn said = turn("aa", "c", 0, kEvening);
  said.mask = "너는 도리야.";
  said.few_shot = {{Role::user, "hi"}, {Role::assistant, "hello"}};
  said.self = "0123456789ab";
  said.reply = std::string("a\0b", 3) + "끝";
  ASSERT_TRUE(journal_.append(said, EntrySource::spoken, EntryMark::kept));
  const Entry entry = journal_.find("aa").value();
  EXPECT_EQ(entry.turn.mask, said.mask);
  EXPECT_EQ(entry.turn.few_shot, said.few_shot);
  EXPECT_EQ(entry.turn.user, said.user);
  EXPECT_EQ(entry.turn.reply, said.reply);
  EXPECT_EQ(entry.turn.self, said.self);
  EXPECT_EQ(entry.turn.time, kEvening);
  EXPECT_EQ(entry.mark, EntryMark::kept);
  EXPECT_EQ(entry.state, EntryState::fresh);
  const std::vector<Json> lines = mirror_lines(kEvening);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].at("messages").size(), 3u);
  EXPECT_EQ(lines[0].at("messages")[2].at("content"), said.reply);
  EXPECT_EQ(lines[0].at("meta").at("time"), format_time(kEvening));
  EXPECT_EQ(lines[0].at("meta").at("approved"), true);
  EXPECT_TRUE(is_sound());
}

TEST_F(JournalTest, RefusesASecondTurnOfTheSameIdOrPlace) {
  ASSERT_TRUE(journal_.append(turn("aa", "c", 0, kEvening)));
  EXPECT_EQ(journal_.append(turn("aa", "d", 0, kEvening)).error().code, Code::AlreadyExists);
  EXPECT_EQ(journal_.append(turn("bb", "c", 0, kEvening)).error().code, Code::AlreadyExists);
  EXPECT_EQ(ids().size(), 1u);
  EXPECT_EQ(mirror_lines(kEvening).size(), 1u);
}

TEST_F(JournalTest, RefusesInvalidTextAndTimesWithoutADay) {
  Turn bad = turn("aa", "c", 0, kEvening);
  bad.reply = "\xFF";
  EXPECT_EQ(journal_.append(bad).error().code, Code::InvalidArgument);
  bad = turn("aa", "c", 0, kEvening);
  bad.few_shot = {{Role::user, "\xC0\x80"}};
  EXPECT_EQ(journal_.append(bad).error().code, Code::InvalidArgument);
  for (const Time time : {Time{-1}, Time{253402300800}, std::numeric_limits<Time>::max()}) {
    EXPECT_EQ(journal_.append(turn("aa", "c", 0, time)).error().code, Code::InvalidArgument);
  }
  EXPECT_EQ(journal_.append(turn("", "c", 0, 1)).error().code, Code::InvalidArgument);
  EXPECT_EQ(journal_.append(turn("aa", "c", -1, 1)).error().code, Code::InvalidArgument);
  EXPECT_TRUE(ids().empty());
}

TEST_F(JournalTest, OddIdsAreOnlyText) {
  const std::string odd = "../../x'; DROP TABLE turns; --%";
  ASSERT_TRUE(journal_.append(turn(odd, odd, 0, kEvening)));
  EXPECT_EQ(journal_.find(odd)->turn.conversation, odd);
  EXPECT_TRUE(journal_.mark(odd, EntryMark::kept));
  EXPECT_EQ(journal_.find("%").error().code, Code::NotFound);
  EXPECT_TRUE(is_sound());
}

TEST_F(JournalTest, OrdersByTimeThenByWhatWasSaidWhateverTheIdsAre) {
  // Two bags of the same talk under different random ids; two conversations share their times.
  std::vector<std::string> users[2];
  for (int way = 0; way < 2; ++way) {
    const BagPlace place;
    const auto bag = place.create();
    Journal journal(*bag);
    for (const int index : {1, 0}) {
      for (const char* talk : {"x", "y"}) {
        Turn said = turn(random_id(), talk, index, kEvening);
        said.conversation = (way == 0) == (*talk == 'x') ? "1" : "2";  // the ids trade places
        ASSERT_TRUE(journal.append(said));
      }
    }
    ASSERT_TRUE(journal.append(turn(random_id(), "0", 0, kEvening + 1)));
    ASSERT_TRUE(journal.append(turn(random_id(), "9", 0, kEvening - 1)));
    const std::vector<Entry> entries = journal.entries().value();
    for (const Entry& entry : entries) users[way].push_back(entry.turn.user);
  }
  EXPECT_EQ(users[0], users[1]);
  EXPECT_EQ(users[0].front(), "안녕 90");
  EXPECT_EQ(users[0].back(), "안녕 00");
  EXPECT_EQ(users[0][1].substr(0, users[0][1].size() - 1), users[0][2].substr(0, users[0][2].size() - 1));
}

TEST_F(JournalTest, FindsByAnUnambiguousPrefix) {
  for (const char* id : {"abc1", "abc2", "abc", "b"}) ASSERT_TRUE(journal_.append(turn(id, id, 0, kEvening)));
  EXPECT_EQ(journal_.find("abc")->turn.id, "abc");  // exact wins
  EXPECT_EQ(journal_.find("abc2")->turn.id, "abc2");
  EXPECT_EQ(journal_.find("b")->turn.id, "b");
  EXPECT_EQ(journal_.find("ab").error().code, Code::InvalidArgument);
  EXPECT_EQ(journal_.find("x").error().code, Code::NotFound);
  EXPECT_EQ(journal_.find("").error().code, Code::InvalidArgument);
}

TEST_F(JournalTest, MarksReachTheMirror) {
  ASSERT_TRUE(journal_.append(turn("aa", "c", 0, kEvening)));
  ASSERT_TRUE(journal_.append(turn("bb", "c", 1, kEvening)));
  ASSERT_TRUE(journal_.mark("aa", EntryMark::fixed, "이렇게 말했어야지"));
  EXPECT_EQ(journal_.find("aa")->fixed_reply, "이렇게 말했어야지");
  EXPECT_EQ(mirror_lines(kEvening)[0].at("meta").at("fixed_reply"), "이렇게 말했어야지");
  ASSERT_TRUE(journal_.mark("aa", EntryMark::struck, "ignored"));
  EXPECT_EQ(journal_.find("aa")->fixed_reply, "");
  EXPECT_EQ(mirror_lines(kEvening)[0].at("meta").at("mark"), "struck");
  EXPECT_EQ(journal_.mark("aa", EntryMark::fixed, " ").error().code, Code::InvalidArgument);
  EXPECT_EQ(journal_.mark("aa", EntryMark::fixed, "\xFF").error().code, Code::InvalidArgument);
  EXPECT_EQ(journal_.mark("zz", EntryMark::kept).error().code, Code::NotFound);
  EXPECT_TRUE(is_sound());
}

TEST_F(JournalTest, SetsStatesAllOrNone) {
  for (const char* id : {"a", "b"}) ASSERT_TRUE(journal_.append(turn(id, id, 0, kEvening)));
  const std::vector<std::string> both = {"a", "b"};
  ASSERT_TRUE(journal_.set_state(both, EntryState::used, "run1"));
  EXPECT_EQ(journal_.entries_in_state(EntryState::used)->size(), 2u);
  EXPECT_EQ(journal_.find("b")->run, "run1");
  const std::vector<std::string> one_unknown = {"a", "z"};
  EXPECT_EQ(journal_.set_state(one_unknown, EntryState::quarantined, "run2").error().code, Code::NotFound);
  EXPECT_EQ(journal_.find("a")->state, EntryState::used);
  const Status night = bag_->database().transaction([&]() -> Status {
    BANCHU_TRY_STATUS(journal_.set_state(both, EntryState::fresh, ""));
    return make_error(Code::Cancelled, "the night was stopped");
  });
  EXPECT_FALSE(night);
  EXPECT_EQ(journal_.find("a")->state, EntryState::used);
  EXPECT_TRUE(journal_.set_state({}, EntryState::used, ""));
}

TEST_F(JournalTest, RebuildsALostCutOrSpoiledMirror) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(journal_.append(turn(std::to_string(i), "c", i, kEvening)));
  ASSERT_TRUE(journal_.append(turn("later", "d", 0, kEvening + 86400)));
  const std::string sound = read_file(mirror(kEvening)).value();
  EXPECT_EQ(journal_.repair_mirror().value(), 0);
  const std::string one_line = sound.substr(0, sound.find('\n') + 1);
  const std::pair<std::string, int> damages[] = {{"", 3},
                                                 {one_line, 2},
                                                 {sound.substr(0, sound.size() - 5), 1},
                                                 {sound.substr(0, sound.size() - 1), 1},
                                                 {sound + one_line, 0},
                                                 {sound + "{\"half", 0}};
  for (const auto& [damaged, missing] : damages) {
    test::write(mirror(kEvening), damaged);
    EXPECT_FALSE(is_sound() && damaged.size() + 1 != sound.size()) << damaged;
    EXPECT_EQ(journal_.repair_mirror().value(), missing) << damaged;
    EXPECT_EQ(read_file(mirror(kEvening)).value(), sound);
    EXPECT_TRUE(is_sound());
  }
  fs::remove(mirror(kEvening));
  fs::remove(mirror(kEvening + 86400));
  EXPECT_FALSE(is_sound());
  EXPECT_EQ(journal_.repair_mirror().value(), 4);
  EXPECT_TRUE(is_sound());
}

TEST_F(JournalTest, VerifyNoticesAMirrorThatSaysSomethingElse) {
  ASSERT_TRUE(journal_.append(turn("aa", "c", 0, kEvening)));
  std::string line = read_file(mirror(kEvening)).value();
  line.replace(line.find("reply"), 5, "REPLY");
  test::write(mirror(kEvening), line);
  const BagVerification report = bag_->verify(true).value();
  ASSERT_EQ(report.damaged.size(), 1u);
  EXPECT_EQ(report.damaged[0].path, "memory_core/journal/2026-11-18.jsonl");
  EXPECT_TRUE(bag_->verify(false)->ok);  // a quick look does not read it
  for (const char* odd : {"[]", "{\"meta\":7}", "{\"meta\":{\"id\":\"aa\"},\"messages\":[1,2]}", "\xFF"}) {
    test::write(mirror(kEvening), odd);
    EXPECT_FALSE(is_sound()) << odd;
  }
}

TEST_F(JournalTest, NeverGluesALineOntoACutOne) {
  ASSERT_TRUE(journal_.append(turn("aa", "c", 0, kEvening)));
  test::write(mirror(kEvening), "{\"messages\":[{\"ro");
  ASSERT_TRUE(journal_.append(turn("bb", "c", 1, kEvening)));
  EXPECT_EQ(mirror_lines(kEvening).size(), 2u);
  EXPECT_TRUE(is_sound());
}

TEST_F(JournalTest, ATurnWhoseMirrorFailsIsSafeAndSaysSo) {
  fs::create_directory(mirror(kEvening));  // nobody can append to a folder
  const Status kept = journal_.append(turn("aa", "c", 0, kEvening));
  ASSERT_FALSE(kept);
  EXPECT_NE(kept.error().message.find("safe in banchu.db"), std::string::npos) << kept.error().message;
  EXPECT_TRUE(journal_.find("aa"));
  fs::remove(mirror(kEvening));
  EXPECT_TRUE(is_sound()) << "a line that was never written is not a line that was lost";
  EXPECT_EQ(journal_.repair_mirror().value(), 1);
  EXPECT_TRUE(is_sound());
}

TEST_F(JournalTest, InTheSandboxReadsAndNeverWrites) {
  ASSERT_TRUE(journal_.append(turn("aa", "c", 0, kEvening)));
  const std::string before = test::picture_of(place_.path());
  const auto sandbox = place_.read();
  Journal journal(*sandbox);
  EXPECT_EQ(journal.entries()->size(), 1u);
  EXPECT_EQ(journal.append(turn("bb", "c", 1, kEvening)).error().code, Code::FailedPrecondition);
  EXPECT_EQ(journal.mark("aa", EntryMark::kept).error().code, Code::FailedPrecondition);
  EXPECT_EQ(journal.repair_mirror().error().code, Code::FailedPrecondition);
  EXPECT_EQ(test::picture_of(place_.path()), before);
}

}  // namespace
}  // namespace banchu
