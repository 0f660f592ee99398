// A job from end to end on the tiny model: it learns, it stops when it should, and it says no clearly.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "base/digest.h"
#include "tests/train/workshop.h"
#include "train/data_order.h"

namespace banchu::test {
namespace {

TEST(Train, LearnsAndLeavesTheBaseUntouched) {
  Workshop shop;
  const std::string base = sha256_file(shop.job.base).value();
  int calls = 0;
  const auto outcome = lora::train_with(
      shop.job, {},
      [&](const Progress& p) {
        ++calls;
        EXPECT_EQ("step", p.unit);
        EXPECT_LE(p.done, p.total);
      },
      nullptr);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_LT(outcome->loss_last, 0.8 * outcome->loss_first);
  EXPECT_EQ("epochs", outcome->stopped_because);
  EXPECT_EQ(calls, outcome->steps);
  EXPECT_GT(outcome->tokens, 0U);
  EXPECT_EQ(sha256_file(shop.job.output).value(), outcome->adapter_digest);
  EXPECT_EQ(base, sha256_file(shop.job.base).value());
}

TEST(Train, LearnsARowByHeart) {
  Workshop shop;
  shop.train = TrainSet({random_row(9, RowKind::sft, 24)});
  shop.job.valid = nullptr;
  shop.job.options.epochs = 150;
  shop.job.options.dropout = 0;
  shop.job.options.learning_rate = 2e-2;
  shop.job.options.rank = 8;
  const auto outcome = shop.run();
  ASSERT_TRUE(outcome);
  EXPECT_LT(outcome->loss_last, 0.05);
}

TEST(Train, StopsWhenValidationGetsNoBetterAndKeepsTheBest) {
  Workshop shop;
  shop.job.options.epochs = 100;
  shop.job.options.patience = 2;
  shop.job.options.validate_every = 2;
  shop.job.options.dropout = 0;
  shop.job.options.learning_rate = 3e-2;
  const auto outcome = shop.run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ("patience", outcome->stopped_because);
  const int an_epoch = lora::DataOrder(pointers_to(shop.train.rows()), shop.job.options).steps_per_epoch();
  double best = std::numeric_limits<double>::infinity(), too_early = best;
  int validations_after_best = 0;
  for (const TrainPoint& point : outcome->curve) {
    if (std::isnan(point.valid_loss)) continue;
    if (point.step < an_epoch) {
      too_early = std::min(too_early, point.valid_loss);
      continue;
    }
    ++validations_after_best;
    if (point.valid_loss < best) {
      best = point.valid_loss;
      validations_after_best = 0;
    }
  }
  EXPECT_EQ(best, outcome->valid_loss_best);
  EXPECT_EQ(2, validations_after_best);
  EXPECT_LT(too_early, best) << "nothing is best before every lesson was seen once: this day should show it";
  // The adapter that was written is the best one: a job that starts from it begins with its validation loss.
  const Adapter written = read_adapter(shop.job.output).value();
  Workshop again;
  again.job.initial = &written;
  again.job.options.max_steps = 1;
  const auto check = again.run();
  ASSERT_TRUE(check) << check.error().message;
  EXPECT_DOUBLE_EQ(best, check->valid_loss_first);
}

TEST(Train, MaxStepsOverridesEpochs) {
  Workshop shop;
  shop.job.options.max_steps = 5;
  const auto outcome = shop.run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(5, outcome->steps);
  EXPECT_EQ("max_steps", outcome->stopped_because);
}

TEST(Train, FrozenAdaptersAreFoldedIntoTheBase) {
  Workshop first;
  first.job.options.dropout = 0;
  ASSERT_TRUE(first.run());
  const Adapter grown = read_adapter(first.job.output).value();
  lora::RunSettings exact;
  exact.type = lora::Element::f32;
  Workshop beside;
  beside.settings = exact;
  beside.job.options.dropout = 0;
  beside.job.initial = &grown;
  const auto expected = beside.run();
  ASSERT_TRUE(expected);
  Workshop folded;
  folded.settings = exact;
  folded.job.options.dropout = 0;
  folded.job.frozen = {{"", first.job.output, 1.0f}};
  const auto got = folded.run();
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_NEAR(expected->loss_first, got->loss_first, 1e-5);
  EXPECT_NE(sha256_file(first.job.output).value(), got->adapter_digest);
}

TEST(Train, AFrozenAdapterForAnotherBaseIsRefused) {
  TinyModel wide;
  wide.n_embd = 64;
  Workshop other(make_tiny_llama(7, false, wide));
  ASSERT_TRUE(other.run());
  Workshop shop;
  shop.job.frozen = {{"", other.job.output, 1.0f}};
  const auto outcome = shop.run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(Code::InvalidArgument, outcome.error().code);
}

TEST(Train, AMissingTensorIsCorruption) {
  TinyModel tiny = make_tiny_llama(7);
  tiny.tensors.erase("blk.1.ffn_up.weight");
  Workshop shop(tiny);
  EXPECT_EQ(Code::Corruption, trainable(*GgufFile::open(shop.job.base).value()).error().code);
}

TEST(Train, AMissingBaseIsNotFound) {
  Workshop shop;
  shop.job.base = shop.folder.path() / "nowhere.gguf";
  EXPECT_EQ(Code::NotFound, shop.run().error().code);
}

TEST(Train, AModelThatDoesNotFitIsRefusedWithTheNumber) {
  Workshop shop;
  shop.job.options.memory_limit_mb = 5;
  const auto outcome = shop.run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(Code::NoSpace, outcome.error().code);
  EXPECT_NE(std::string::npos, outcome.error().message.find("the limit is 5 MB")) << outcome.error().message;
}

TEST(Train, OptionsOutOfRangeAreNamed) {
  using Change = std::function<void(TrainOptions&)>;
  const std::vector<std::pair<std::string, Change>> bad = {
      {"rank", [](TrainOptions& o) { o.rank = 0; }},
      {"alpha", [](TrainOptions& o) { o.alpha = -1; }},
      {"alpha", [](TrainOptions& o) { o.alpha = std::nan(""); }},
      {"dropout", [](TrainOptions& o) { o.dropout = 1; }},
      {"learning_rate", [](TrainOptions& o) { o.learning_rate = -1e-4; }},
      {"batch_rows", [](TrainOptions& o) { o.batch_rows = 0; }},
      {"accumulation", [](TrainOptions& o) { o.accumulation = 0; }},
      {"context_tokens", [](TrainOptions& o) { o.context_tokens = 1; }},
      {"epochs", [](TrainOptions& o) { o.epochs = 0; }},
      {"max_steps", [](TrainOptions& o) { o.max_steps = -1; }},
      {"warmup_share", [](TrainOptions& o) { o.warmup_share = 1.1; }},
      {"warmup_steps", [](TrainOptions& o) { o.warmup_steps = -1; }},
      {"neftune_alpha", [](TrainOptions& o) { o.neftune_alpha = -1; }},
      {"b_rate_ratio", [](TrainOptions& o) { o.b_rate_ratio = 0; }},
      {"ema_decay", [](TrainOptions& o) { o.ema_decay = 1; }},
      {"preference_beta", [](TrainOptions& o) { o.preference_beta = 0; }},
      {"preference_weight", [](TrainOptions& o) { o.preference_weight = std::nan(""); }},
      {"beta2", [](TrainOptions& o) { o.beta2 = 1; }},
      {"epsilon", [](TrainOptions& o) { o.epsilon = 0; }},
      {"max_grad_norm", [](TrainOptions& o) { o.max_grad_norm = -1; }},
      {"rehearsal_share", [](TrainOptions& o) { o.rehearsal_share = 1; }},
      {"patience", [](TrainOptions& o) { o.patience = -1; }},
      {"checkpoint_every", [](TrainOptions& o) { o.checkpoint_every = 0; }},
      {"threads", [](TrainOptions& o) { o.threads = -1; }},
  };
  for (const auto& [name, change] : bad) {
    Workshop shop;
    change(shop.job.options);
    const auto outcome = shop.run();
    ASSERT_FALSE(outcome) << name;
    EXPECT_EQ(Code::InvalidArgument, outcome.error().code);
    EXPECT_NE(std::string::npos, outcome.error().message.find(name)) << outcome.error().message;
  }
}

TEST(Train, RowsThatDoNotFitTheModelAreRefused) {
  using Change = std::function<void(LessonRow&)>;
  const std::vector<Change> bad = {
      [](LessonRow& r) { r.tokens[2] = 61; },
      [](LessonRow& r) { r.tokens[2] = -1; },
      [](LessonRow& r) { r.targets = {0}; },
      [](LessonRow& r) {
        r.targets = {3, 3};
      },
      [](LessonRow& r) { r.targets.back() = static_cast<std::uint32_t>(r.tokens.size()); },
      [](LessonRow& r) { r.teacher.pop_back(); },
      [](LessonRow& r) { r.teacher[0].ids[1] = r.teacher[0].ids[0]; },
      [](LessonRow& r) { r.teacher[0].ids[0] = 61; },
      [](LessonRow& r) { r.teacher[0].logprobs[0] = 0.5f; },
      [](LessonRow& r) { r.teacher[0] = {}; },
      [](LessonRow& r) { r.weight = std::nanf(""); },
  };
  for (std::size_t i = 0; i < bad.size(); ++i) {
    Workshop shop;
    bad[i](shop.train.rows()[1]);  // a distillation row
    const auto outcome = shop.run();
    ASSERT_FALSE(outcome) << i;
    EXPECT_EQ(Code::InvalidArgument, outcome.error().code) << i;
    EXPECT_NE(std::string::npos, outcome.error().message.find("row 2 of the training set")) << outcome.error().message;
  }
}

TEST(Train, NothingToTrainOnIsSaidSo) {
  Workshop shop;
  shop.train = TrainSet(some_rows(1, 0, 5));
  EXPECT_EQ(Code::InvalidArgument, shop.run().error().code);
  shop.train = TrainSet();
  EXPECT_EQ(Code::InvalidArgument, shop.run().error().code);
}

}  // namespace
}  // namespace banchu::test
