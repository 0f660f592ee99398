// What stops the meter of a rented machine.
#include "app/meter.h"

#include <gtest/gtest.h>

#include "tests/app/ward.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
using test::Ran;
using test::Room;
using test::Ward;

TEST(IdleWatch, IsOverOnlyAfterTheWholeLimitWithoutWork) {
  IdleWatch watch(600, 1000);
  EXPECT_FALSE(watch.is_over(false, 0, 1599.9));
  EXPECT_TRUE(watch.is_over(false, 0, 1600));
  EXPECT_FALSE(watch.is_over(false, 7, 1601));  // something was said between two looks
  EXPECT_FALSE(watch.is_over(false, 7, 2200));
  EXPECT_TRUE(watch.is_over(false, 7, 2201));
}

TEST(IdleWatch, WhatTakesLongIsNotIdle) {
  IdleWatch watch(600, 0);
  for (double now = 0; now <= 36000; now += 300) EXPECT_FALSE(watch.is_over(true, 0, now));
  EXPECT_FALSE(watch.is_over(false, 0, 36599));
  EXPECT_TRUE(watch.is_over(false, 0, 36600));
}

TEST(IdleWatch, WithoutALimitItIsNeverOver) {
  IdleWatch watch(0, 0);
  EXPECT_FALSE(watch.is_over(false, 0, 1e9));
}

TEST(Spending, IsCheckedAgainstThePriceOfAnHour) {
  const Spending spending{1.5, 0.75, "USD"};
  EXPECT_TRUE(spending.check(0));
  EXPECT_TRUE(spending.check(2 * 3600 - 1));
  const Status over = spending.check(2 * 3600);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Code::FailedPrecondition);
  EXPECT_EQ(over.error().message, "the night has cost 1.50 USD, and at most 1.50 may be spent");
  EXPECT_TRUE((Spending{0, 0.75, "USD"}.check(1e9)));
  EXPECT_EQ((Spending{1, 0, "KRW"}.can_be_counted().error().code), Code::InvalidArgument);
  EXPECT_TRUE((Spending{0, 0, "KRW"}.can_be_counted()));
}

// The cap is reached in the first moment, so that the night ends before its first stage; without it, it goes on.
TEST(SpendingCap, EndsANightBetweenItsStagesAndLosesNothing) {
  const Ward ward;
  ward.prepare("banchu journal add \"$TINY/good-day.jsonl\"; echo 'price_per_hour: 1000000000' >> bag/night.yaml");
  const Ran capped =
      ward.shell("banchu night --spend-at-most 0.000001 --then 'echo $BANCHU_OUTCOME > told'", Room::plain);
  EXPECT_EQ(capped.exit_code, 5) << capped.err;
  EXPECT_NE(capped.err.find("may be spent"), std::string::npos) << capped.err;
  EXPECT_EQ(read_file(ward.folder() / "told").value_or(""), "failed\n");  // the machine is given back then too
  const Ran korean = ward.shell("banchu --lang ko night --spend-at-most 0.000001", Room::plain);
  EXPECT_NE(korean.err.find("넘겨 쓰지 않기로"), std::string::npos) << korean.err;
  const Ran whole = ward.shell("banchu --json night --spend-at-most 1000000000000", Room::plain);
  EXPECT_TRUE(whole.exit_code == 0 || whole.exit_code == 20) << whole.err;
  EXPECT_GT(whole.json()["receipt"]["money"].get<double>(), 0);
}

TEST(SpendingCap, CountsWhatEarlierAttemptsTook) {
  const Ward ward;
  ward.prepare("banchu journal add \"$TINY/good-day.jsonl\"; echo 'price_per_hour: 3600' >> bag/night.yaml");
  const Ran trained = ward.shell("banchu --json train", Room::plain);
  EXPECT_EQ(trained.exit_code, 0) << trained.err;
  const double seconds = trained.json()["receipt"]["seconds"].get<double>();
  EXPECT_GT(seconds, 0);
  // The measuring may not even begin.
  const Ran capped = ward.shell(fmt::format("banchu night --spend-at-most {}", seconds / 2), Room::plain);
  EXPECT_EQ(capped.exit_code, 5) << capped.err;
  EXPECT_NE(capped.err.find("may be spent"), std::string::npos) << capped.err;
}

// Whether the cap is met before the training or at one of its steps, the training has not come to its end.
TEST(SpendingCap, DoesNotWaitForTheEndOfAStage) {
  const Ward ward;
  ward.prepare("banchu journal add \"$TINY/good-day.jsonl\"; echo 'price_per_hour: 3600' >> bag/night.yaml");
  const Ran chewed = ward.shell("banchu --json ruminate", Room::plain);
  ASSERT_EQ(chewed.exit_code, 0) << chewed.err;
  const double seconds = chewed.json()["receipt"]["seconds"].get<double>();
  const Ran capped = ward.shell(fmt::format("banchu night --spend-at-most {}", seconds + 0.1), Room::plain);
  EXPECT_EQ(capped.exit_code, 5) << capped.err;
  EXPECT_NE(capped.err.find("may be spent"), std::string::npos) << capped.err;
  const fs::path adapters = ward.folder() / "bag/memory_core/adapters";
  EXPECT_TRUE(!fs::exists(adapters) || fs::is_empty(adapters));
}

TEST(SpendingCap, NeedsAPrice) {
  const Ward ward;
  const Ran ran = ward.shell("banchu night --spend-at-most 5", Room::plain);
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_NE(ran.err.find("price_per_hour"), std::string::npos) << ran.err;
}

TEST(Then, RunsWhenTheNightIsOverAndTheBagIsFree) {
  const Ward ward;
  ward.prepare("banchu journal add \"$TINY/good-day.jsonl\"");
  const Ran ran = ward.shell(
      "banchu --json night --then 'echo said; echo $BANCHU_OUTCOME > told; banchu --json doctor > seen; exit 3'",
      Room::plain);
  EXPECT_TRUE(ran.exit_code == 0 || ran.exit_code == 20) << ran.err;
  EXPECT_EQ(read_file(ward.folder() / "told").value_or(""), ran.json()["decision"].get<std::string>() + "\n");
  EXPECT_NE(read_file(ward.folder() / "seen").value_or("").find("nobody else holds the bag"), std::string::npos);
  EXPECT_NE(ran.err.find("said"), std::string::npos);
  EXPECT_NE(ran.err.find("it ended with 3"), std::string::npos) << ran.err;
}

TEST(Then, RunsAlsoWhenTheNightCannotBegin) {
  const Ward ward;
  ward.prepare("echo 'no_such_key: 1' >> bag/night.yaml");
  const Ran ran = ward.shell("banchu night --then 'echo $BANCHU_OUTCOME > told'", Room::plain);
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_EQ(read_file(ward.folder() / "told").value_or(""), "failed\n");
}

TEST(Then, DoesNotRunWhenSomebodyEndsTheNightByHandOrOnlyLooks) {
  const Ward ward;
  ward.prepare("banchu journal add \"$TINY/good-day.jsonl\"");
  EXPECT_EQ(ward.shell("banchu night --dry-run --then 'echo x > told'", Room::plain).exit_code, 0);
  EXPECT_FALSE(fs::exists(ward.folder() / "told"));
  const Ran ended = ward.shell(
      "banchu night --progress --then 'echo x > told' 2> said & pid=$!\n"
      "until [ -s said ]; do kill -0 $pid || exit 1; sleep 0.02; done\n"
      "kill -TERM $pid; wait $pid; exit $?",
      Room::plain);
  // A night that was over before the signal came has run its command, as it should.
  EXPECT_EQ(fs::exists(ward.folder() / "told"), ended.exit_code != 10) << ended.exit_code;
}

// The limit is 0.3 s here; how long the server really stood there decides nothing.
TEST(Idle, AServerThatNobodyAsksEndsAndRunsTheCommand) {
  const Ward ward;
  const Ran ran =
      ward.shell("banchu serve --port 0 --idle-limit 0.005 --then 'echo $BANCHU_OUTCOME > told'", Room::plain);
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(read_file(ward.folder() / "told").value_or(""), "idle\n");
  EXPECT_NE((ran.out + ran.err).find("nobody has asked anything"), std::string::npos) << ran.out << ran.err;
}

TEST(Idle, AServerThatIsEndedByHandRunsNoCommand) {
  const Ward ward;
  ward.prepare(
      "banchu serve --port 0 --idle-limit 1000 --then 'echo x > told' > said & pid=$!\n"
      "until grep -q 'Ctrl-C ends it' said; do kill -0 $pid || exit 1; sleep 0.05; done\n"
      "kill -TERM $pid; wait $pid; [ ! -e told ]");
}

}  // namespace
}  // namespace banchu
