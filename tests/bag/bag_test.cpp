#include "bag/bag.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

#include "base/json.h"
#include "tests/bag/support.h"

namespace banchu {
namespace {

using test::BagPlace;
using test::Child;
namespace fs = std::filesystem;

constexpr int kSkipped = 77;

bool mentions(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Bag, HasTheLayoutOfTheContractAndKeepsItsId) {
  const BagPlace place;
  const std::string id = place.create()->id();
  for (const char* name :
       {"bag.json", "banchu.db", "memory_core/journal", "memory_core/adapters", "memory_core/blobs", "models"}) {
    EXPECT_TRUE(fs::exists(place.path() / name)) << name;
  }
  EXPECT_EQ(place.open()->id(), id);
  EXPECT_EQ(place.read()->id(), id);
  const Json json = parse_json(read_file(place.path() / "bag.json").value(), "bag.json").value();
  EXPECT_EQ(json.at("format"), kBagFormatVersion);
  EXPECT_TRUE(json.at("encryption").is_null());
  EXPECT_EQ(Bag::create(place.path()).error().code, Code::AlreadyExists);
  EXPECT_FALSE(fs::exists(place.path() / "banchu.db-wal"));  // the last one out folded the log in
}

TEST(Bag, FinishesAMakingThatWasCutShort) {
  const BagPlace place;
  const std::string id = place.create()->id();
  fs::remove(place.path() / "bag.json");
  const auto opened = Bag::open(place.path(), Bag::Access::read_write);
  EXPECT_EQ(opened.error().code, Code::Corruption);
  EXPECT_TRUE(mentions(opened.error().hint, "bag init"));
  EXPECT_EQ(place.create()->id(), id);
}

TEST(Bag, SaysThatAForeignFolderIsNoBagAndLeavesItAlone) {
  const BagPlace place;
  for (const Bag::Access access : {Bag::Access::read_only, Bag::Access::read_write}) {
    EXPECT_EQ(Bag::open(place.path(), access).error().code, Code::NotFound);
  }
  fs::create_directory(place.path());
  test::write(place.path() / "holiday.jpg", "sea");
  const std::string before = test::picture_of(place.outside());
  const auto opened = Bag::open(place.path(), Bag::Access::read_write);
  EXPECT_EQ(opened.error().code, Code::NotFound);
  EXPECT_TRUE(mentions(opened.error().message, "not a bag")) << opened.error().message;
  const auto created = Bag::create(place.path());
  EXPECT_EQ(created.error().code, Code::FailedPrecondition);
  EXPECT_TRUE(mentions(created.error().message, "holiday.jpg")) << created.error().message;
  EXPECT_EQ(test::picture_of(place.outside()), before);
  EXPECT_FALSE(Bag::open(place.path() / "holiday.jpg", Bag::Access::read_write));
}

TEST(Bag, RefusesANewerFormatInBothPlacesWhereItIsWritten) {
  const BagPlace place;
  place.create();
  const std::string json = read_file(place.path() / "bag.json").value();
  test::write(place.path() / "bag.json", R"({"format": 2, "id": "x", "created": "2026-01-01"})");
  EXPECT_EQ(Bag::open(place.path(), Bag::Access::read_write).error().code, Code::Unsupported);
  test::write(place.path() / "bag.json", json);
  ASSERT_TRUE(place.open()->database().execute("PRAGMA user_version = 2"));
  EXPECT_EQ(Bag::open(place.path(), Bag::Access::read_write).error().code, Code::Unsupported);
  EXPECT_EQ(Bag::open(place.path(), Bag::Access::read_only).error().code, Code::Unsupported);
}

TEST(Bag, RefusesAnEncryptedBagAndADamagedBagFile) {
  const BagPlace place;
  place.create();
  for (const char* bad :
       {"", "[]", "{", R"({"id":"x"})", R"({"format":1})", R"({"format":1,"id":"x","created":"?"})"}) {
    test::write(place.path() / "bag.json", bad);
    EXPECT_EQ(Bag::open(place.path(), Bag::Access::read_only).error().code, Code::Corruption) << bad;
  }
  test::write(place.path() / "bag.json", R"({"format":1,"id":"x","created":"2026-01-01","encryption":{"kdf":"x"}})");
  EXPECT_EQ(Bag::open(place.path(), Bag::Access::read_only).error().code, Code::Unsupported);
}

TEST(Bag, CallsACutOrForeignDatabaseCorruptAndDoesNotTouchIt) {
  const BagPlace place;
  place.create();
  const fs::path database = place.path() / "banchu.db";
  for (const std::uintmax_t bytes : {0, 50, 4096, 20000}) {
    fs::resize_file(database, bytes);
    test::write(place.path() / "banchu.db-wal", bytes == 0 ? "the only copy of today" : "");
    for (const Bag::Access access : {Bag::Access::read_only, Bag::Access::read_write}) {
      const auto opened = Bag::open(place.path(), access);
      ASSERT_FALSE(opened) << bytes;
      EXPECT_EQ(opened.error().code, Code::Corruption) << bytes << opened.error().message;
    }
    EXPECT_TRUE(bytes != 0 || fs::exists(place.path() / "banchu.db-wal"));
  }
  fs::remove(database);
  ASSERT_TRUE(Database::open(database, Database::Access::create).value()->execute("CREATE TABLE recipes(name)"));
  EXPECT_EQ(Bag::open(place.path(), Bag::Access::read_write).error().code, Code::Corruption);
}

TEST(Bag, KeepsBlobsByDigestAndNoticesDamage) {
  const BagPlace place;
  const auto bag = place.create();
  const std::string bytes("a\0b\xFF", 4);
  const std::string digest = bag->put_blob(bytes).value();
  EXPECT_EQ(digest, sha256(bytes));
  EXPECT_EQ(bag->put_blob(bytes).value(), digest);
  EXPECT_EQ(bag->get_blob(digest).value(), bytes);
  const fs::path file = place.path() / "memory_core" / "blobs" / digest;
  test::flip_byte(file, 1);
  EXPECT_EQ(bag->get_blob(digest).error().code, Code::Corruption);
  EXPECT_EQ(bag->put_blob(bytes).value(), digest);  // put it back
  EXPECT_EQ(bag->get_blob(digest).value(), bytes);
  ASSERT_TRUE(bag->remove_blob(digest));
  EXPECT_EQ(bag->get_blob(digest).error().code, Code::NotFound);
  EXPECT_EQ(bag->remove_blob(digest).error().code, Code::NotFound);
  EXPECT_EQ(bag->put_blob("").value(), sha256(""));
  EXPECT_EQ(bag->get_blob(sha256("")).value(), "");
}

TEST(Bag, NeverTurnsAnOddNameIntoAPath) {
  const BagPlace place;
  const auto bag = place.create();
  test::write(place.outside() / "secret", "x");
  const std::string upper(64, 'A');
  for (const std::string& odd : {std::string("../../../secret"), std::string("/etc/passwd"), std::string(), upper,
                                 std::string(64, 'a') + "/../x", std::string(64, '.'), std::string("a\0b", 3)}) {
    EXPECT_EQ(bag->get_blob(odd).error().code, Code::InvalidArgument) << odd;
    EXPECT_EQ(bag->remove_blob(odd).error().code, Code::InvalidArgument) << odd;
    EXPECT_EQ(bag->adapter_path(odd).parent_path(), place.path() / "memory_core" / "adapters") << odd;
    EXPECT_FALSE(fs::exists(bag->adapter_path(odd)));
    EXPECT_EQ(bag->run_folder("../" + odd).parent_path(), place.path() / "memory_core" / "blobs") << odd;
  }
  EXPECT_EQ(bag->run_folder("a1b2").filename(), "run-a1b2");
  EXPECT_TRUE(fs::exists(place.outside() / "secret"));
}

TEST(Bag, MovesAFinishedAdapterInAndRefusesLinks) {
  const BagPlace place;
  const auto bag = place.create();
  const fs::path finished = place.outside() / "adapter.gguf";
  test::write(finished, "weights");
  const std::string digest = bag->store_adapter(finished).value();
  EXPECT_EQ(digest, sha256("weights"));
  EXPECT_EQ(read_file(bag->adapter_path(digest)).value(), "weights");
  EXPECT_FALSE(fs::exists(finished));
  test::write(finished, "weights");
  EXPECT_EQ(bag->store_adapter(finished).value(), digest);
  EXPECT_FALSE(fs::exists(finished));
  EXPECT_EQ(bag->store_adapter(bag->adapter_path(digest)).value(), digest);  // from its own place: stays
  EXPECT_EQ(read_file(bag->adapter_path(digest)).value(), "weights");
  fs::create_symlink(bag->adapter_path(digest), finished);
  EXPECT_EQ(bag->store_adapter(finished).error().code, Code::InvalidArgument);
  EXPECT_EQ(bag->store_adapter(place.outside() / "absent").error().code, Code::NotFound);
}

TEST(Bag, SweepsWhatAKilledWriterLeftOnlyWhenNobodyElseWrites) {
  const BagPlace place;
  auto first = place.create();
  const fs::path left = place.path() / "memory_core" / "blobs" / (sha256("x") + ".Ab12Cd");
  const fs::path foreign = place.path() / "memory_core" / "blobs" / "note.txt";
  test::write(left, "half");
  test::write(foreign, "mine");
  place.open().reset();
  EXPECT_TRUE(fs::exists(left));  // `first` might be writing it
  first.reset();
  place.open();
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(foreign));
}

TEST(Bag, OpenedForReadingRefusesEveryChange) {
  const BagPlace place;
  place.create();
  const auto bag = place.read();
  EXPECT_TRUE(bag->is_read_only());
  EXPECT_EQ(bag->put_blob("x").error().code, Code::FailedPrecondition);
  EXPECT_EQ(bag->remove_blob(sha256("x")).error().code, Code::FailedPrecondition);
  EXPECT_EQ(bag->store_adapter("x").error().code, Code::FailedPrecondition);
  EXPECT_EQ(bag->acquire(LeaseKind::night).error().code, Code::FailedPrecondition);
  EXPECT_EQ(bag->database().execute("DELETE FROM turns").error().code, Code::FailedPrecondition);
}

TEST(Bag, SaysThatItCannotBeWritten) {
  const BagPlace place;
  place.create();
  fs::permissions(place.outside(), fs::perms(0755));
  fs::permissions(place.path(), fs::perms(0755));
  Child child([&] {
    if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) return kSkipped;
    if (::geteuid() != 65534) {
      fs::permissions(place.path(), fs::perms(0555));  // not root: our own folder, made unwritable
    }
    const auto writing = Bag::open(place.path(), Bag::Access::read_write);
    const bool refused = !writing && writing.error().code == Code::FailedPrecondition;
    const bool readable = Bag::open(place.path(), Bag::Access::read_only).has_value();
    return refused && readable ? 0 : 1;
  });
  const int answer = child.wait();
  fs::permissions(place.path(), fs::perms(0755));
  if (answer == kSkipped) GTEST_SKIP() << "this root cannot become another user";
  EXPECT_EQ(answer, 0);
}

// On a volume of 1 MiB: every kind of write says NoSpace, and what was acknowledged is still there.
int fill_a_small_volume(const fs::path& volume) {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", volume.c_str(), "tmpfs", 0, "size=1m") != 0) {
    return kSkipped;
  }
  auto bag = Bag::create(volume / "workspace");
  if (!bag) return 1;
  int rows = 0;
  while (true) {
    const Status kept = bag.value()->database().transaction([&]() -> Status {
      BANCHU_TRY(Statement insert, bag.value()->database().prepare("INSERT INTO meta VALUES(?1, ?2)"));
      return insert.bind("row " + std::to_string(rows)).bind(std::string(20000, 'x')).run();
    });
    if (!kept && kept.error().code != Code::NoSpace) return 2;
    if (!kept) break;
    ++rows;
  }
  const auto blob = bag.value()->put_blob(std::string(1 << 20, 'b'));
  if (blob || blob.error().code != Code::NoSpace || blob.error().hint.empty()) return 3;
  if (test::count(bag.value()->database(), "SELECT count(*) FROM meta WHERE key LIKE 'row %'") != rows) return 4;
  return bag.value()->database().integrity_check(false) ? 0 : 5;
}

TEST(Bag, SaysThatTheDiskIsFullAndKeepsWhatItAcknowledged) {
  const BagPlace place;
  Child child([&] { return fill_a_small_volume(place.outside()); });
  const int answer = child.wait();
  if (answer == kSkipped) GTEST_SKIP() << "mounting a small volume needs root";
  EXPECT_EQ(answer, 0);
}

}  // namespace
}  // namespace banchu
