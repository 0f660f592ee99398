#include <gtest/gtest.h>

#include "base/file.h"
#include "promote/promote.h"
#include "promote/run_store.h"

namespace banchu {
namespace {

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::create("banchu-promote");
    ASSERT_TRUE(folder);
    folder_ = std::make_unique<TemporaryFolder>(std::move(*folder));
    ASSERT_TRUE(Bag::create(folder_->path() / "bag"));
    reopen();
  }
  void reopen() {
    bag_.reset();
    auto bag = Bag::open(folder_->path() / "bag", Bag::Access::read_write);
    ASSERT_TRUE(bag) << bag.error().message;
    bag_ = std::move(*bag);
  }
  SelfStore selves() { return SelfStore(*bag_); }

  // The gate and the store do not look into an adapter; that it is there is what counts.
  std::string adapter(const std::string& bytes) {
    const auto file = folder_->path() / "finished.gguf";
    EXPECT_TRUE(write_file_atomic(file, bytes));
    return bag_->store_adapter(file).value();
  }
  Self promoted(const std::string& bytes, const std::string& run) {
    const Self parent = selves().awake().value();
    auto self = selves().promote(parent, {adapter(bytes), 0.7}, run, 200, nullptr);
    EXPECT_TRUE(self) << (self ? "" : self.error().message);
    return self ? *self : Self{};
  }

  std::unique_ptr<TemporaryFolder> folder_;
  std::unique_ptr<Bag> bag_;
};

TEST_F(StoreTest, NobodyIsAwakeInANewBag) {
  const auto self = selves().awake();
  ASSERT_FALSE(self);
  EXPECT_EQ(self.error().code, Code::NotFound);
}

TEST_F(StoreTest, TheFirstSelfIsTheBareModelAndAwake) {
  const auto first = selves().begin("base", 100);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->id.size(), 12u);
  EXPECT_TRUE(first->awake);
  EXPECT_TRUE(first->adapters.empty());
  EXPECT_EQ(selves().begin("base", 300)->created, 100) << "begun once, it stays as it was";
  EXPECT_EQ(selves().list()->size(), 1u);
}

TEST_F(StoreTest, APromotedSelfIsAwakeWithItsParentsAdaptersAndItsOwn) {
  const Self first = selves().begin("base", 100).value();
  const Self second = promoted("one", "run1");
  const Self third = promoted("two", "run2");
  EXPECT_EQ(second.parent, first.id);
  EXPECT_EQ(third.parent, second.id);
  ASSERT_EQ(third.adapters.size(), 2u);
  EXPECT_EQ(third.adapters[0].digest, second.adapters[0].digest);
  EXPECT_DOUBLE_EQ(third.adapters[1].scale, 0.7);
  EXPECT_EQ(third.run, "run2");
  reopen();
  EXPECT_EQ(selves().awake()->id, third.id);
  const auto all = selves().list();
  ASSERT_EQ(all->size(), 3u);
  EXPECT_EQ((*all)[0].id, first.id);
  EXPECT_FALSE((*all)[0].awake);
}

TEST_F(StoreTest, WhatFailsInsideThePromotionUndoesAllOfIt) {
  const Self first = selves().begin("base", 100).value();
  RunStore runs(*bag_);
  const auto failed = selves().promote(first, {adapter("one"), 0.7}, "run1", 200, [&]() -> Status {
    NightRun run;
    run.id = "run1";
    EXPECT_TRUE(runs.put(run));
    return make_error(Code::Internal, "the power went out");
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "the power went out");
  EXPECT_EQ(selves().awake()->id, first.id);
  EXPECT_EQ(selves().list()->size(), 1u);
  EXPECT_TRUE(runs.list()->empty());
}

TEST_F(StoreTest, PromotingTwiceIsPromotingOnce) {
  const Self first = selves().begin("base", 100).value();
  const SelfAdapter grown{adapter("one"), 0.7};
  int calls = 0;
  const auto count = [&]() -> Status {
    ++calls;
    return {};
  };
  const auto once = selves().promote(first, grown, "run1", 200, count);
  const auto twice = selves().promote(first, grown, "run1", 200, count);
  ASSERT_TRUE(once);
  ASSERT_TRUE(twice) << twice.error().message;
  EXPECT_EQ(once->id, twice->id);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(selves().list()->size(), 2u);
}

TEST_F(StoreTest, ANightOfASelfThatIsNoLongerAwakeDoesNotWakeItsChild) {
  const Self first = selves().begin("base", 100).value();
  const Self second = promoted("one", "run1");
  const auto late = selves().promote(first, {adapter("two"), 0.7}, "run2", 300, nullptr);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::FailedPrecondition);
  EXPECT_EQ(selves().awake()->id, second.id);
}

TEST_F(StoreTest, ASelfWithoutItsAdapterDoesNotWake) {
  const Self first = selves().begin("base", 100).value();
  EXPECT_FALSE(selves().promote(first, {std::string(64, 'a'), 0.7}, "run1", 200, nullptr));
  const Self second = promoted("one", "run1");
  ASSERT_TRUE(selves().wake(first.id));
  std::filesystem::remove(bag_->adapter_path(second.adapters[0].digest));
  const auto woken = selves().wake(second.id);
  ASSERT_FALSE(woken);
  EXPECT_EQ(woken.error().code, Code::FailedPrecondition);
  EXPECT_EQ(selves().awake()->id, first.id);
}

TEST_F(StoreTest, RollbackWakesTheParentAndStopsAtTheFirst) {
  const Self first = selves().begin("base", 100).value();
  promoted("one", "run1");
  const auto back = selves().rollback();
  ASSERT_TRUE(back);
  EXPECT_EQ(back->id, first.id);
  EXPECT_TRUE(back->awake);
  const auto further = selves().rollback();
  ASSERT_FALSE(further);
  EXPECT_EQ(further.error().code, Code::FailedPrecondition);
}

TEST_F(StoreTest, ARolledBackSelfCanBePromotedAgain) {
  selves().begin("base", 100).value();
  const Self second = promoted("one", "run1");
  ASSERT_TRUE(selves().rollback());
  EXPECT_EQ(promoted("one", "run2").id, second.id);
  EXPECT_EQ(selves().awake()->id, second.id);
}

TEST_F(StoreTest, ASelfIsFoundByAnUnambiguousBeginningOfItsId) {
  const Self first = selves().begin("base", 100).value();
  EXPECT_EQ(selves().find(first.id.substr(0, 5))->id, first.id);
  EXPECT_EQ(selves().find("zzz").error().code, Code::NotFound);
  EXPECT_EQ(selves().find("%").error().code, Code::NotFound) << "no wildcard gets through";
  EXPECT_EQ(selves().find("").error().code, Code::InvalidArgument);
}

NightRun night(const std::string& id, Time started, const std::string& stage, const std::string& key) {
  NightRun run;
  run.id = id;
  run.started = started;
  run.stage = stage;
  run.key = key;
  run.body = {{"lessons", 3}, {"말", "좋은 아침"}};
  return run;
}

TEST_F(StoreTest, ANightComesBackAsItWasKept) {
  RunStore runs(*bag_);
  ASSERT_TRUE(runs.put(night("aa11", 100, "ruminated", "k")));
  NightRun later = night("aa11", 100, "done", "k");
  later.finished = 160;
  later.outcome = "promoted";
  ASSERT_TRUE(runs.put(later));
  const auto back = runs.find("aa");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->stage, "done");
  EXPECT_EQ(back->finished, 160);
  EXPECT_EQ(back->outcome, "promoted");
  EXPECT_EQ(back->body, later.body);
  EXPECT_EQ(runs.list()->size(), 1u);
}

TEST_F(StoreTest, OnlyAnUnfinishedNightWithTheSameKeyGoesOn) {
  RunStore runs(*bag_);
  EXPECT_FALSE(runs.find_unfinished("k")->has_value());
  ASSERT_TRUE(runs.put(night("aa11", 100, "done", "k")));
  EXPECT_FALSE(runs.find_unfinished("k")->has_value());
  ASSERT_TRUE(runs.put(night("bb22", 200, "trained", "k")));
  ASSERT_TRUE(runs.put(night("cc33", 300, "trained", "other")));
  const auto found = runs.find_unfinished("k");
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->id, "bb22");
}

TEST_F(StoreTest, NightsAreListedOldestFirstAndTheLatestIsFound) {
  RunStore runs(*bag_);
  EXPECT_FALSE(runs.latest()->has_value());
  ASSERT_TRUE(runs.put(night("bb22", 200, "done", "k")));
  ASSERT_TRUE(runs.put(night("aa11", 100, "done", "k")));
  EXPECT_EQ(runs.list()->front().id, "aa11");
  EXPECT_EQ((*runs.latest())->id, "bb22");
  EXPECT_EQ(runs.find("zz").error().code, Code::NotFound);
}

TEST_F(StoreTest, AnAdoptedSelfSleepsBesideItsParentUntilItIsWoken) {
  const Self first = selves().begin("base", 100).value();
  const auto adopted = selves().adopt(first, {{adapter("foreign"), 0.5}}, 150);
  ASSERT_TRUE(adopted) << adopted.error().message;
  EXPECT_FALSE(adopted->awake);
  EXPECT_EQ(adopted->parent, first.id);
  EXPECT_EQ(adopted->base, "base");
  EXPECT_EQ(adopted->run, "");
  EXPECT_EQ(selves().awake()->id, first.id);
  EXPECT_EQ(selves().adopt(first, adopted->adapters, 300)->id, adopted->id) << "twice is once";
  EXPECT_EQ(selves().list()->size(), 2u);
  EXPECT_TRUE(selves().wake(adopted->id)->awake);
  EXPECT_EQ(selves().rollback()->id, first.id);
  EXPECT_EQ(selves().adopt(first, {{std::string(64, '0'), 1}}, 300).error().code, Code::FailedPrecondition);
}

TEST_F(StoreTest, RollbackDoesNotWakeAParentWhoseAdapterIsGone) {
  ASSERT_TRUE(selves().begin("base", 100));
  const Self parent = promoted("one", "run1");
  const Self child = promoted("two", "run2");
  ASSERT_TRUE(std::filesystem::remove(bag_->adapter_path(parent.adapters[0].digest)));
  EXPECT_EQ(selves().rollback().error().code, Code::FailedPrecondition);
  EXPECT_EQ(selves().awake()->id, child.id);
}

TEST_F(StoreTest, AnotherNightWithTheSameResultStillSettlesItsDay) {
  const Self first = selves().begin("base", 100).value();
  const Self child = promoted("one", "run1");
  const auto again = selves().promote(first, child.adapters[0], "run2", 300, nullptr);
  ASSERT_FALSE(again) << "it would close its day without a word of its own";
  EXPECT_EQ(again.error().code, Code::FailedPrecondition);
}

TEST_F(StoreTest, HowStronglyAnAdapterWorksIsPartOfWhoASelfIs) {
  const Self first = selves().begin("base", 100).value();
  const std::string digest = adapter("one");
  const auto id_at = [&](double scale) { return selves().adopt(first, {{digest, scale}}, 200).value().id; };
  EXPECT_NE(id_at(0.45), id_at(0.5));
  EXPECT_NE(id_at(0.501), id_at(0.502));
  EXPECT_EQ(id_at(0.5), id_at(0.5));
}

}  // namespace
}  // namespace banchu
