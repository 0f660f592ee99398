#include "bag/database.h"

#include <gtest/gtest.h>

#include "bag/volume.h"
#include "tests/bag/support.h"

namespace banchu {
namespace {

using test::Child;
using test::count;
namespace fs = std::filesystem;

class DatabaseTest : public testing::Test {
 protected:
  std::unique_ptr<Database> open(Database::Access access = Database::Access::create) {
    auto database = Database::open(path(), access);
    EXPECT_TRUE(database) << (database ? "" : database.error().message);
    return database ? std::move(database).value() : nullptr;
  }
  fs::path path() const { return folder_.path() / "x.db"; }
  fs::path beside(const char* suffix) const { return path().string() + suffix; }

 private:
  TemporaryFolder folder_ = TemporaryFolder::create("banchu-database").value();
};

TEST_F(DatabaseTest, BindsAndReadsEveryKindOfValue) {
  const auto database = open();
  ASSERT_TRUE(database->execute("CREATE TABLE t(a, b, c, d, e)"));
  Statement insert = database->prepare("INSERT INTO t VALUES(?, ?, ?, ?, ?)").value();
  const std::string text("반추\0x", 8);
  ASSERT_TRUE(insert.bind(7).bind(0.5).bind(text).bind_blob("").bind_null().run());
  ASSERT_TRUE(insert.bind(std::size_t{8}).bind(1.5).bind("").bind_blob("z").bind(true).run());  // and again
  Statement query = database->prepare("SELECT * FROM t ORDER BY a").value();
  ASSERT_TRUE(query.step().value());
  EXPECT_EQ(query.integer(0), 7);
  EXPECT_EQ(query.real(1), 0.5);
  EXPECT_EQ(query.text(2), text);
  EXPECT_FALSE(query.is_null(3));
  EXPECT_TRUE(query.is_null(4));
  ASSERT_TRUE(query.step().value());
  EXPECT_EQ(query.blob(3), "z");
  EXPECT_FALSE(query.step().value());
}

TEST_F(DatabaseTest, MapsErrorsToOurCodes) {
  const auto database = open();
  ASSERT_TRUE(
      database->execute("CREATE TABLE a(x INTEGER PRIMARY KEY, y INTEGER CHECK(y > 0)) STRICT;"
                        "CREATE TABLE b(x INTEGER REFERENCES a(x)) STRICT; INSERT INTO a VALUES(1, 1)"));
  EXPECT_EQ(database->execute("INSERT INTO a VALUES(1, 1)").error().code, Code::AlreadyExists);
  EXPECT_EQ(database->execute("INSERT INTO b VALUES(2)").error().code, Code::FailedPrecondition);
  EXPECT_EQ(database->execute("INSERT INTO a VALUES(2, 0)").error().code, Code::InvalidArgument);
  EXPECT_EQ(database->prepare("SELECT * FROM absent").error().code, Code::Internal);
  EXPECT_EQ(Database::open(path().string() + "2", Database::Access::read_write).error().code, Code::NotFound);
  EXPECT_EQ(Database::open("/nowhere/x.db", Database::Access::create).error().code, Code::FailedPrecondition);
  test::write(beside("3"), std::string(5000, 'x'));
  EXPECT_EQ(Database::open(beside("3"), Database::Access::read_write).error().code, Code::Corruption);
  EXPECT_EQ(Database::open(beside("3"), Database::Access::read_only).error().code, Code::Corruption);
}

TEST_F(DatabaseTest, RollsBackWhatFailsAndOnlyThat) {
  const auto database = open();
  ASSERT_TRUE(database->execute("CREATE TABLE t(x)"));
  const Status outer = database->transaction([&]() -> Status {
    BANCHU_TRY_STATUS(database->execute("INSERT INTO t VALUES(1)"));
    const Status inner = database->transaction([&]() -> Status {
      EXPECT_TRUE(database->execute("INSERT INTO t VALUES(2)"));
      return make_error(Code::Cancelled, "no");
    });
    EXPECT_EQ(inner.error().code, Code::Cancelled);
    return {};
  });
  ASSERT_TRUE(outer);
  EXPECT_EQ(count(*database, "SELECT sum(x) FROM t"), 1);
  const Status failed = database->transaction([&]() -> Status {
    EXPECT_TRUE(database->transaction([&] { return database->execute("INSERT INTO t VALUES(4)"); }));
    return make_error(Code::Cancelled, "no");
  });
  EXPECT_EQ(failed.error().code, Code::Cancelled);
  EXPECT_EQ(count(*database, "SELECT sum(x) FROM t"), 1);
}

TEST_F(DatabaseTest, AsksTheGuardOnceForEachOutermostTransaction) {
  const auto database = open();
  int asked = 0;
  bool closed = false;
  database->set_transaction_guard([&]() -> Status {
    ++asked;
    if (closed) return make_error(Code::Busy, "closed");
    return {};
  });
  ASSERT_TRUE(database->transaction([&] { return database->transaction([] { return Status(); }); }));
  EXPECT_EQ(asked, 1);
  closed = true;
  bool ran = false;
  EXPECT_EQ(database->transaction([&] { return ran = true, Status(); }).error().code, Code::Busy);
  EXPECT_FALSE(ran);
}

TEST_F(DatabaseTest, SyncsFullyAndWritesAheadOnALocalDisk) {
  const auto database = open();
  EXPECT_EQ(database->journal_mode().value(), "wal");
  EXPECT_EQ(count(*database, "PRAGMA synchronous"), 2);  // FULL
  EXPECT_EQ(count(*database, "PRAGMA foreign_keys"), 1);
  EXPECT_EQ(count(*database, "PRAGMA busy_timeout"), 5000);
}

// A folder where the shared memory file should be: what a volume without shared memory looks like to SQLite.
TEST_F(DatabaseTest, FallsBackToATruncatedJournalWhereSharedMemoryDoesNotWork) {
  fs::create_directory(beside("-shm"));
  auto database = open();
  ASSERT_NE(database, nullptr);
  EXPECT_EQ(database->journal_mode().value(), "truncate");
  ASSERT_TRUE(database->execute("CREATE TABLE t(x); INSERT INTO t VALUES(1)"));
  Child other([&] {  // not locked out: the locking is not exclusive
    const auto second = Database::open(path(), Database::Access::read_write);
    return second && second.value()->execute("INSERT INTO t VALUES(2)") ? 0 : 1;
  });
  EXPECT_EQ(other.wait(), 0);
  EXPECT_EQ(count(*database, "SELECT count(*) FROM t"), 2);
  EXPECT_EQ(count(*database, "PRAGMA synchronous"), 2);
}

TEST_F(DatabaseTest, CarriedToAVolumeWithoutSharedMemoryItKeepsItsLogsContent) {
  Child killed([&] {
    const auto database = Database::open(path(), Database::Access::create);
    const Status filled = database.value()->execute("CREATE TABLE t(x); INSERT INTO t VALUES(1)");
    ::kill(::getpid(), filled ? SIGKILL : SIGTERM);
    return 1;
  });
  EXPECT_EQ(killed.wait(), -1);
  ASSERT_GT(fs::file_size(beside("-wal")), 0u);
  fs::remove(beside("-shm"));
  fs::create_symlink("nowhere", beside("-shm"));  // SQLite follows no link there: it cannot be opened at all
  const auto database = open(Database::Access::read_write);
  ASSERT_NE(database, nullptr);
  EXPECT_EQ(database->journal_mode().value(), "truncate");
  EXPECT_EQ(count(*database, "SELECT count(*) FROM t"), 1);
  ASSERT_TRUE(database->execute("INSERT INTO t VALUES(2)"));
}

TEST_F(DatabaseTest, IsBusyWhenAnotherProcessDoesNotEndItsTransaction) {
  const auto database = open();
  ASSERT_TRUE(database->execute("CREATE TABLE t(x)"));
  test::Signal begun;
  test::Signal asked;
  Child holder([&] {
    const auto second = Database::open(path(), Database::Access::read_write);
    const Status held = second.value()->transaction([&]() -> Status {
      begun.raise();
      asked.wait();
      return {};
    });
    return held ? 0 : 1;
  });
  ASSERT_TRUE(begun.wait());
  EXPECT_EQ(database->transaction([] { return Status(); }).error().code, Code::Busy);
  asked.raise();
  EXPECT_EQ(holder.wait(), 0);
  EXPECT_TRUE(database->transaction([] { return Status(); }));
}

TEST(Volume, KnowsNetworkFileSystems) {
  for (const long type :
       {0x6969L, 0xFF534D42L, 0x65735546L, 0x01021997L, static_cast<long>(static_cast<int>(0xFE534D42))}) {
    EXPECT_TRUE(is_network_file_system(type)) << type;
  }
  EXPECT_FALSE(is_network_file_system(0xEF53));      // ext4
  EXPECT_FALSE(is_network_file_system(0x01021994));  // tmpfs
}

}  // namespace
}  // namespace banchu
