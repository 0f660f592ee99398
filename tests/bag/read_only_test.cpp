// The sandbox's promise: whatever the bag looks like, reading it changes no byte and no name in it.
#include <gtest/gtest.h>

#include "tests/bag/support.h"

namespace banchu {
namespace {

using test::BagPlace;
using test::Child;
using test::count;
using test::picture_of;
using test::Signal;
namespace fs = std::filesystem;

constexpr const char* kCount = "SELECT count(*) FROM meta WHERE key LIKE 'k%'";

Status put(Database& database, int number, std::size_t bytes = 10) {
  BANCHU_TRY(Statement insert, database.prepare("INSERT INTO meta VALUES(?1, ?2)"));
  return insert.bind("k" + std::to_string(number)).bind(std::string(bytes, 'v')).run();
}

// Opens, reads and closes the bag; answers what it saw, and whether every file is as it was.
std::int64_t look_and_check(const BagPlace& place) {
  const std::string before = picture_of(place.path());
  std::int64_t seen = -1;
  {
    const auto bag = Bag::open(place.path(), Bag::Access::read_only);
    EXPECT_TRUE(bag) << (bag ? "" : bag.error().message);
    if (bag) seen = count(bag.value()->database(), kCount);
    EXPECT_EQ(picture_of(place.path()), before) << "while it was open";
  }
  EXPECT_EQ(picture_of(place.path()), before) << "after it was closed";
  return seen;
}

TEST(ReadOnly, ChangesNothingInABagAtRest) {
  const BagPlace place("an odd?name#100%");
  ASSERT_TRUE(put(place.create()->database(), 1));
  EXPECT_EQ(look_and_check(place), 1);
}

TEST(ReadOnly, ChangesNothingBesideALivingWriterAndSeesItsCommits) {
  const BagPlace place;
  place.create();
  Signal written;
  Signal done;
  Child writer([&] {
    const auto bag = place.open();
    const Status kept = put(bag->database(), 1);
    written.raise();
    done.wait();
    return kept && put(bag->database(), 2) ? 0 : 1;
  });
  ASSERT_TRUE(written.wait());
  ASSERT_GT(fs::file_size(place.path() / "banchu.db-wal"), 0u);
  EXPECT_EQ(look_and_check(place), 1);
  done.raise();
  EXPECT_EQ(writer.wait(), 0);
  EXPECT_EQ(look_and_check(place), 2);
}

TEST(ReadOnly, ChangesNothingAfterAKilledWriterAndSeesItsCommits) {
  const BagPlace place;
  place.create();
  Child writer([&] {
    const auto bag = place.open();
    if (put(bag->database(), 1)) ::kill(::getpid(), SIGKILL);
    return 1;
  });
  ASSERT_EQ(writer.wait(), -1);
  ASSERT_GT(fs::file_size(place.path() / "banchu.db-wal"), 0u);
  EXPECT_EQ(look_and_check(place), 1);
  fs::remove(place.path() / "banchu.db-shm");  // carried without it
  EXPECT_EQ(look_and_check(place), 1);
}

TEST(ReadOnly, SeesNothingOfATransactionThatWasCutShortInARollbackJournal) {
  const BagPlace place;
  ASSERT_TRUE(put(place.create()->database(), 1));
  fs::create_directory(place.path() / "banchu.db-shm");  // no shared memory: a rollback journal
  Child writer([&] {
    const auto bag = place.open();
    const Status spilled = bag->database().transaction([&]() -> Status {
      BANCHU_TRY_STATUS(bag->database().execute("PRAGMA cache_size = 2"));
      for (int i = 2; i < 200; ++i) BANCHU_TRY_STATUS(put(bag->database(), i, 5000));
      ::kill(::getpid(), SIGKILL);
      return {};
    });
    return spilled ? 0 : 1;
  });
  ASSERT_EQ(writer.wait(), -1);
  ASSERT_GT(fs::file_size(place.path() / "banchu.db-journal"), 0u);
  ASSERT_GT(fs::file_size(place.path() / "banchu.db"), 500000u);  // it really was half written
  EXPECT_EQ(look_and_check(place), 1);
}

// A pair of rows always holds the same number. The writer folds its log in after every few pages and starts it afresh
// as often as SQLite can.
int write_pairs_until_killed(Bag& bag, Signal& begun) {
  Status status = bag.database().execute("PRAGMA wal_autocheckpoint = 4; PRAGMA synchronous = OFF");
  for (int i = 0; status; ++i) {
    status = bag.database().transaction([&]() -> Status {
      BANCHU_TRY(Statement set, bag.database().prepare("INSERT OR REPLACE INTO meta VALUES(?1 || ?2, ?3)"));
      const std::string value = std::to_string(i) + std::string(3000, 'v');
      BANCHU_TRY_STATUS(set.bind("k").bind(i % 40).bind(value).run());
      return set.bind("p").bind(i % 40).bind(value).run();
    });
    if (i == 100) begun.raise();
  }
  begun.raise();
  return 1;
}

TEST(ReadOnly, EverySnapshotBesideABusyWriterIsWhole) {
  const BagPlace place;
  place.create();
  Signal begun;
  Child writer([&] { return write_pairs_until_killed(*place.open(), begun); });
  ASSERT_TRUE(begun.wait());
  std::int64_t last = 0;
  for (int i = 0; i < 30; ++i) {
    const auto bag = place.read();
    EXPECT_EQ(count(bag->database(),
                    "SELECT count(*) FROM meta a JOIN meta b ON b.key = 'p' || substr(a.key, 2) "
                    "WHERE a.key LIKE 'k%' AND a.value = b.value"),
              40);
    const std::int64_t newest = count(bag->database(), "SELECT max(CAST(value AS INTEGER)) FROM meta");
    EXPECT_GE(newest, last);
    EXPECT_TRUE(bag->database().integrity_check(false));
    last = newest;
  }
  writer.kill();
}

// Closing a plain descriptor of banchu.db would drop this process's locks, and another process would then take the
// log away from under the open connection.
TEST(ReadOnly, LeavesTheLocksOfAWriterInTheSameProcess) {
  const BagPlace place;
  const auto bag = place.create();
  ASSERT_TRUE(put(bag->database(), 1));
  EXPECT_EQ(look_and_check(place), 1);
  Child other([&] {
    place.open().reset();
    return 0;
  });
  EXPECT_EQ(other.wait(), 0);
  EXPECT_TRUE(fs::exists(place.path() / "banchu.db-wal"));
  ASSERT_TRUE(put(bag->database(), 2));
  EXPECT_EQ(look_and_check(place), 2);
}

TEST(ReadOnly, LeavesNoCopyBehind) {
  const BagPlace place;
  place.create();
  const TemporaryFolder own = TemporaryFolder::create("banchu-own-tmp").value();
  Child reader([&] {
    ::setenv("TMPDIR", own.path().c_str(), 1);
    const auto bag = place.read();
    return fs::is_empty(own.path()) && count(bag->database(), "SELECT count(*) FROM turns") == 0 ? 0 : 1;
  });
  EXPECT_EQ(reader.wait(), 0);
}

}  // namespace
}  // namespace banchu
