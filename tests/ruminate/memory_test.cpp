#include "ruminate/memory.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "ruminate/claim.h"
#include "ruminate/memory_json.h"
#include "ruminate/ruminate.h"
#include "tests/ruminate/support.h"

namespace banchu::test {
namespace {

constexpr Time kDay = 86400;

TEST(Retention, IsOneAtFirstAndFadesWithTheDays) {
  Memory memory;
  memory.recalled = kNight;
  EXPECT_DOUBLE_EQ(retention(memory, kNight), 1);
  EXPECT_NEAR(retention(memory, kNight + 5 * kDay), std::exp(-1.0), 1e-12);
  EXPECT_LT(retention(memory, kNight + 9 * kDay), retention(memory, kNight + 5 * kDay));
}

TEST(Retention, FadesMoreSlowlyTheStrongerTheMemoryIs) {
  Memory weak, strong;
  strong.strength = 5;
  EXPECT_GT(retention(strong, 5 * kDay), retention(weak, 5 * kDay));
  EXPECT_NEAR(retention(strong, 25 * kDay), std::exp(-1.0), 1e-12);
}

TEST(MemoryId, IsTheSameForTheSameContentAndTwelveDigits) {
  EXPECT_EQ(memory_id(MemoryKind::fact, "a"), memory_id(MemoryKind::fact, "a"));
  EXPECT_NE(memory_id(MemoryKind::fact, "a"), memory_id(MemoryKind::habit, "a"));
  EXPECT_EQ(memory_id(MemoryKind::fact, "a").size(), 12u);
}

TEST(MemoryJson, ComesBackWhole) {
  Memory memory = memory_of(claims_of("우리 고양이 이름은 나비예요.").at(0), kNight);
  memory.state = MemoryState::engraved;
  memory.provenance = Provenance::confirmed;
  memory.turns = {"a", "b"};
  memory.run = "night1";
  memory.strength = 3;
  memory.superseded_by = "abc";
  memory.behaviour.not_expected = "미소";
  const auto back = memory_from_json(memory_to_json(memory));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(to_line(memory_to_json(*back)), to_line(memory_to_json(memory)));
  EXPECT_EQ(back->behaviour.questions, memory.behaviour.questions);
}

TEST(MemoryJson, OfAnotherShapeIsCorruption) {
  for (const char* text : {"{}", "[]", R"({"id":"a","kind":"wish"})"}) {
    const auto memory = memory_from_json(*parse_json(text, "test"));
    ASSERT_FALSE(memory.has_value());
    EXPECT_EQ(memory.error().code, Code::Corruption);
  }
}

class Store : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::make_unique<TemporaryFolder>(*TemporaryFolder::create("memories"));
    auto bag = Bag::create(folder_->path() / "bag");
    ASSERT_TRUE(bag.has_value()) << bag.error().message;
    bag_ = std::move(*bag);
  }
  std::unique_ptr<TemporaryFolder> folder_;
  std::unique_ptr<Bag> bag_;
};

TEST_F(Store, KeepsAMemoryAndFindsItByTheBeginningOfItsId) {
  MemoryStore store(*bag_);
  const Memory memory = memory_of(claims_of("My dog is called Pippin.").at(0), kNight);
  ASSERT_TRUE(store.put(memory).has_value());
  ASSERT_TRUE(store.set_state(memory.id, MemoryState::engraved, "night1").has_value());
  const auto found = store.find(memory.id.substr(0, 5));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->state, MemoryState::engraved);
  EXPECT_EQ(found->run, "night1");
  EXPECT_EQ(store.list()->size(), 1u);
}

TEST_F(Store, SaysWhenThereIsNoneOrMoreThanOne) {
  MemoryStore store(*bag_);
  EXPECT_EQ(store.find("zz").error().code, Code::NotFound);
  Memory memory;
  for (const char* id : {"aab000000000", "aac000000000"}) {
    memory.id = id;
    ASSERT_TRUE(store.put(memory).has_value());
  }
  EXPECT_EQ(store.find("aa").error().code, Code::InvalidArgument);
  EXPECT_EQ(store.find("").error().code, Code::NotFound);
}

TEST_F(Store, AddedByHandSupersedesWhatItContradicts) {
  MemoryStore store(*bag_);
  const auto first = store.add("My dog is called Pippin.", kNight);
  ASSERT_TRUE(first.has_value()) << first.error().message;
  const auto second = store.add("my dog is called Rolf", kNight + 5);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->state, MemoryState::active);
  EXPECT_EQ(second->behaviour.not_expected, "Pippin");
  EXPECT_EQ(store.find(first->id)->state, MemoryState::superseded);
  EXPECT_EQ(store.find(first->id)->superseded_by, second->id);
}

TEST_F(Store, AddedWordsThatNoRuleUnderstandsWaitInReview) {
  MemoryStore store(*bag_);
  EXPECT_EQ(store.add("The blue door is only for guests", kNight)->state, MemoryState::review);
  EXPECT_EQ(store.add("   ", kNight).error().code, Code::InvalidArgument);
  EXPECT_EQ(store.add("a\xff", kNight).error().code, Code::InvalidArgument);
}

}  // namespace
}  // namespace banchu::test
