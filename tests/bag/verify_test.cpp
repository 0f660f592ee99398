#include <gtest/gtest.h>

#include "tests/bag/support.h"

namespace banchu {
namespace {

using test::BagPlace;
namespace fs = std::filesystem;

class VerifyTest : public testing::Test {
 protected:
  void SetUp() override {
    bag_ = place_.create();
    blob_ = "memory_core/blobs/" + bag_->put_blob("the lessons of a night").value();
    test::write(place_.outside() / "new", "weights of a night");
    digest_ = bag_->store_adapter(place_.outside() / "new").value();
    adapter_ = "memory_core/adapters/" + digest_ + ".gguf";
  }
  BagVerification verify(bool full) { return bag_->verify(full).value(); }
  // The damage that was found at `path`, or "".
  static std::string damage(const BagVerification& report, const std::string& path) {
    for (const BagFinding& finding : report.damaged) {
      if (finding.path == path) return finding.damage;
    }
    return "";
  }
  fs::path at(const std::string& relative) const { return place_.path() / relative; }

  BagPlace place_;
  std::unique_ptr<Bag> bag_;
  std::string blob_;
  std::string digest_;
  std::string adapter_;
};

TEST_F(VerifyTest, FindsNothingInASoundBag) {
  for (const bool full : {false, true}) {
    const BagVerification report = verify(full);
    EXPECT_TRUE(report.ok);
    EXPECT_TRUE(report.damaged.empty());
    EXPECT_EQ(report.level, full ? "full" : "quick");
    EXPECT_EQ(report.files, 4u);  // bag.json, banchu.db, a blob, an adapter
    EXPECT_GT(report.bytes, 4096u);
  }
  EXPECT_TRUE(place_.read()->verify(true)->ok);
}

TEST_F(VerifyTest, FindsAFlippedByteOnlyWhenItHashes) {
  test::flip_byte(at(adapter_), 3);
  test::flip_byte(at(blob_), 5);
  EXPECT_TRUE(verify(false).ok);
  const BagVerification report = verify(true);
  EXPECT_FALSE(report.ok);
  EXPECT_NE(damage(report, adapter_).find("SHA-256"), std::string::npos);
  EXPECT_NE(damage(report, blob_).find("SHA-256"), std::string::npos);
  EXPECT_EQ(report.damaged.size(), 2u);
}

TEST_F(VerifyTest, FindsACutOrMissingFileQuickly) {
  fs::resize_file(at(blob_), 7);
  fs::remove(at(adapter_));
  const BagVerification report = verify(false);
  EXPECT_EQ(damage(report, blob_), "has 7 bytes and should have 22");
  EXPECT_EQ(damage(report, adapter_), "missing");
  fs::resize_file(at(blob_), 23);
  EXPECT_EQ(damage(verify(false), blob_), "has 23 bytes and should have 22");
}

TEST_F(VerifyTest, FindsASelfWhoseAdapterIsNotThere) {
  const std::string other(64, 'e');
  const std::string selves = "INSERT INTO selves VALUES('a', '', 'b', '[{\"digest\":\"" + digest_ +
                             "\",\"scale\":1}]', 1, ''), ('c', 'a', 'b', '[{\"digest\":\"" + other +
                             "\"},{\"digest\":\"../../../bag.json\"}]', 2, ''), ('d', 'c', 'b', '{', 3, '')";
  ASSERT_TRUE(bag_->database().execute(selves));
  const BagVerification report = verify(false);
  EXPECT_EQ(damage(report, "memory_core/adapters/" + other + ".gguf"), "missing; self c needs it");
  EXPECT_EQ(damage(report, "memory_core/adapters/not-a-digest.gguf"), "missing; self c needs it");
  EXPECT_NE(damage(report, "banchu.db").find("self d"), std::string::npos);
  EXPECT_EQ(report.damaged.size(), 3u);
}

TEST_F(VerifyTest, FindsADanglingModelAndHashesALinkedOne) {
  test::write(place_.outside() / "model", "base");
  fs::create_symlink("/nowhere/base.gguf", at("models/" + std::string(64, 'a') + ".gguf"));
  fs::create_symlink(place_.outside() / "model", at("models/" + sha256("base") + ".gguf"));
  EXPECT_EQ(verify(true).damaged.size(), 1u);
  EXPECT_NE(damage(verify(false), "models/" + std::string(64, 'a') + ".gguf").find("/nowhere"), std::string::npos);
  test::write(place_.outside() / "model", "basE");
  EXPECT_EQ(verify(true).damaged.size(), 2u);
}

TEST_F(VerifyTest, PassesOverScratchFoldersAndStrangersFiles) {
  fs::create_directory(bag_->run_folder("a1"));
  test::write(bag_->run_folder("a1") / "checkpoint", "x");
  test::write(at("memory_core/blobs/README"), "x");
  EXPECT_TRUE(verify(true).ok);
}

// Bytes of every region of the file are flipped, one after another: each is found, or does no harm that SQLite knows.
TEST_F(VerifyTest, FindsADamagedDatabase) {
  ASSERT_TRUE(
      bag_->database().execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
                               "INSERT INTO meta SELECT 'key ' || i, 'value ' || i FROM n"));
  bag_.reset();
  const fs::path database = at("banchu.db");
  const std::string sound = read_file(database).value();
  int found = 0;
  for (const std::streamoff place : {100, 104, 4096 * 3, 4096 * 20, 4096 * 20 + 5, 4096 * 30 + 8}) {
    test::write(database, sound);
    test::flip_byte(database, place);
    const auto bag = Bag::open(place_.path(), Bag::Access::read_only);
    const bool noticed = bag ? !bag.value()->verify(true)->ok : bag.error().code == Code::Corruption;
    found += noticed ? 1 : 0;
  }
  EXPECT_GE(found, 5);
  test::write(database, sound.substr(0, sound.size() / 2));
  const auto cut = Bag::open(place_.path(), Bag::Access::read_only);
  EXPECT_TRUE(cut ? !cut.value()->verify(false)->ok : cut.error().code == Code::Corruption);
}

}  // namespace
}  // namespace banchu
