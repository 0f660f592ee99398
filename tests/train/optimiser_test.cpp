// AdamW in every way its states may be kept, LoRA+, and the running mean.
#include "train/optimiser.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numeric>

#include "base/json.h"
#include "tests/train/workshop.h"
#include "train/block_code.h"

namespace banchu::test {
namespace {

using Optimiser = TrainOptions::Optimiser;

// One map of a tiny model: A [1, 3], then B [2, 1].
lora::ParameterPlan small_plan() {
  lora::ParameterPlan plan;
  plan.rank = 1;
  plan.size = 5;
  lora::Group group;
  group.in = 3;
  group.h_width = 1;
  group.members = {{"w", 2, 0, 3, 0}};
  plan.layers.resize(1);
  plan.layers[0][lora::kQkv] = group;
  return plan;
}

struct Walk {
  explicit Walk(const TrainOptions& walk_options, lora::ParameterPlan walk_plan = small_plan(),
                const std::filesystem::path& folder = {})
      : options(walk_options), plan(std::move(walk_plan)), pieces(lora::pieces_of(plan)) {
    state = lora::fresh_adam(options, pieces, folder).value();
    parameters.assign(static_cast<std::size_t>(plan.size), 0.0f);
  }
  void step(double rate, const std::vector<float>& gradients) {
    lora::adamw_step(options, rate, lora::gradient_norm(gradients), gradients, pieces, &state, &parameters);
  }
  TrainOptions options;
  lora::ParameterPlan plan;
  std::vector<lora::Piece> pieces;
  lora::AdamState state;
  std::vector<float> parameters;
};

TEST(Adamw, TakesTheFirstStepThatPaperAndPenGive) {
  TrainOptions options;
  options.weight_decay = 0.1;
  Walk walk(options);
  walk.parameters = {1.0f, -2.0f, 0.5f, 0.0f, 0.0f};
  walk.step(0.01, {3.0f, 0.0f, -4.0f, 0.0f, 0.0f});  // length 5, clipped to 1
  EXPECT_NEAR(1.0 * 0.999 - 0.01, static_cast<double>(walk.parameters[0]), 1e-6);
  EXPECT_NEAR(-2.0 * 0.999, static_cast<double>(walk.parameters[1]), 1e-6);
  EXPECT_NEAR(0.5 * 0.999 + 0.01, static_cast<double>(walk.parameters[2]), 1e-6);
  std::vector<float> moments(10);
  ASSERT_EQ(40U, walk.state.bytes.all().size());
  std::memcpy(moments.data(), walk.state.bytes.all().data(), 40);
  EXPECT_NEAR(0.1 * 0.6, static_cast<double>(moments[0]), 1e-6);
  EXPECT_NEAR(0.001 * 0.64, static_cast<double>(moments[7]), 1e-8);
}

TEST(Adamw, WithLoraPlusOnlyBWalksFaster) {
  TrainOptions options;
  options.weight_decay = 0;
  options.max_grad_norm = 0;
  options.b_rate_ratio = 16;
  for (const Optimiser optimiser : {Optimiser::adamw, Optimiser::adamw_8bit}) {
    options.optimiser = optimiser;
    Walk walk(options);
    walk.step(0.01, {1, 1, 1, 1, 1});
    EXPECT_NEAR(-0.01, static_cast<double>(walk.parameters[0]), 1e-6);
    EXPECT_NEAR(-0.16, static_cast<double>(walk.parameters[4]), 1e-5);
  }
}

TEST(Pieces, CoverEveryNumberOnceAndNoBlockIsShared) {
  Workshop shop;
  const auto shape = lora::read_shape(*GgufFile::open(shop.job.base).value()).value();
  const auto plan = lora::plan_parameters(shape, 100, 8);  // tensors of several pieces
  std::int64_t next = 0, block = 0;
  for (const lora::Piece& piece : lora::pieces_of(plan)) {
    EXPECT_EQ(next, piece.begin);
    EXPECT_EQ(block, piece.block);
    next += piece.size;
    block += (piece.size + lora::kBlock - 1) / lora::kBlock;
  }
  EXPECT_EQ(plan.size, next);
}

// bitsandbytes' own table, worked out in floats: their last digit may differ. tools/make_moment_fixture.py wrote it.
TEST(DynamicCode, IsThatOfBitsandbytes) {
  const auto path = std::filesystem::path(BANCHU_SOURCE_DIR) / "tests/fixtures/parity/moments.json";
  const Json fixture = parse_json(read_file(path).value(), "moments.json").value();
  for (const bool is_signed : {true, false}) {
    const auto theirs = fixture[is_signed ? "signed" : "unsigned"].get<std::vector<float>>();
    const auto& code = is_signed ? lora::DynamicCode::with_sign() : lora::DynamicCode::without_sign();
    ASSERT_EQ(256U, theirs.size());
    for (std::size_t i = 0; i < 256; ++i) EXPECT_NEAR(theirs[i], code.values()[i], 3e-7f * std::abs(theirs[i])) << i;
  }
}

TEST(DynamicCode, RoundsToTheNearestAndNeverASquareToZero) {
  const lora::DynamicCode& code = lora::DynamicCode::with_sign();
  Rng rng(1, "code");
  for (int i = 0; i < 2000; ++i) {
    const auto x = static_cast<float>((2 * rng.uniform() - 1) * std::pow(10.0, -6 * rng.uniform()));
    float best = 2;
    for (const float value : code.values()) best = std::min(best, std::abs(value - x));
    EXPECT_EQ(best, std::abs(code.values()[code.nearest(x)] - x)) << x;
  }
  const std::vector<float> squares = {1.0f, 1e-12f, 0.0f};
  std::vector<std::uint8_t> codes(3);
  float scale = 0;
  lora::pack_block(lora::DynamicCode::without_sign(), squares.data(), 3, codes.data(), &scale);
  std::vector<float> back(3);
  lora::unpack_block(lora::DynamicCode::without_sign(), codes.data(), scale, 3, back.data());
  EXPECT_EQ(1.0f, back[0]);
  EXPECT_GT(back[1], 0.0f);
  EXPECT_EQ(0.0f, back[2]);
}

TEST(DynamicCode, ABlockOfZerosStaysZero) {
  const std::vector<float> zeros(lora::kBlock, 0.0f);
  std::vector<std::uint8_t> codes(lora::kBlock);
  std::vector<float> back(lora::kBlock, 1.0f);
  float scale = 1;
  lora::pack_block(lora::DynamicCode::with_sign(), zeros.data(), lora::kBlock, codes.data(), &scale);
  lora::unpack_block(lora::DynamicCode::with_sign(), codes.data(), scale, lora::kBlock, back.data());
  EXPECT_EQ(zeros, back);
}

// Blocks keep what a large neighbour elsewhere would drown, and eight bits walk about where 32 do.
TEST(Adamw, InEightBitsWalksWhereThirtyTwoBitsWalk) {
  lora::ParameterPlan plan = small_plan();
  lora::Group& group = plan.layers[0][lora::kQkv];
  group.in = 600;
  group.members[0].b_offset = 600;
  group.members[0].out = 300;
  plan.size = 900;
  TrainOptions options;
  Walk full(options, plan);
  options.optimiser = Optimiser::adamw_8bit;
  Walk eight(options, plan);
  Rng rng(2, "gradients");
  std::vector<float> gradients(900);
  for (int step = 0; step < 50; ++step) {
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      const double size = i < 600 ? 1.0 : 1e-4;
      gradients[i] = static_cast<float>(size * (rng.normal() + 0.5 * std::sin(static_cast<double>(i))));
    }
    full.step(1e-2, gradients);
    eight.step(1e-2, gradients);
  }
  double apart = 0, length = 0;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    apart += std::pow(static_cast<double>(full.parameters[i] - eight.parameters[i]), 2);
    length += std::pow(static_cast<double>(full.parameters[i]), 2);
  }
  EXPECT_LT(std::sqrt(apart / length), 0.05);
  EXPECT_EQ(900U * 8, full.state.bytes.all().size());
  EXPECT_EQ(900U * 2 + 5 * 8, eight.state.bytes.all().size());  // 3 blocks of A, 2 of B
}

TEST(StateBytes, PagedAreZerosInAFileWithoutAName) {
  const auto folder = TemporaryFolder::create("banchu-paged").value();
  auto paged = lora::StateBytes::create(10000, folder.path() / "new").value();
  for (const std::byte b : paged.all()) ASSERT_EQ(std::byte{0}, b);
  paged.all()[9999] = std::byte{7};
  EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "new"));
}

TEST(StateBytes, AFolderThatCannotHoldThemSaysSo) {
  const auto folder = TemporaryFolder::create("banchu-paged").value();
  ASSERT_TRUE(write_file_atomic(folder.path() / "file", "x"));
  const auto refused = lora::StateBytes::create(100, folder.path() / "file");
  ASSERT_FALSE(refused);
  EXPECT_NE(std::string::npos, refused.error().message.find("optimiser")) << refused.error().message;
  const auto too_large = lora::StateBytes::create(std::size_t{1} << 60, folder.path());
  ASSERT_FALSE(too_large);
  EXPECT_FALSE(too_large.error().hint.empty());
}

TEST(Train, PagedStatesChangeNoByteOfTheAdapter) {
  for (const Optimiser optimiser : {Optimiser::adamw, Optimiser::adamw_8bit}) {
    Workshop heap, paged;
    heap.job.options.optimiser = paged.job.options.optimiser = optimiser;
    paged.job.options.paged_states = true;
    ASSERT_TRUE(heap.run());
    ASSERT_TRUE(paged.run());
    EXPECT_EQ(heap.bytes(), paged.bytes());
  }
}

TEST(Train, WithEightBitStatesEndsAboutWhereItEndsWithThirtyTwo) {
  Workshop full, eight;
  for (Workshop* shop : {&full, &eight}) shop->job.options.dropout = 0;
  eight.job.options.optimiser = Optimiser::adamw_8bit;
  const auto a = full.run().value(), b = eight.run().value();
  EXPECT_NEAR(a.loss_last, b.loss_last, 0.02 * a.loss_last);
  EXPECT_NE(full.bytes(), eight.bytes());
}

TEST(RunningMean, IsTheMeanThatItsFormulaGives) {
  std::vector<float> mean = {1.0f};
  lora::move_average(0.5, 1, {3.0f}, &mean);  // (1 + 1) / (10 + 1) is less than 0.5
  EXPECT_NEAR(2.0 / 11 * 1 + 9.0 / 11 * 3, static_cast<double>(mean[0]), 1e-6);
  mean = {1.0f};
  lora::move_average(0.5, 100, {3.0f}, &mean);
  EXPECT_NEAR(2.0, static_cast<double>(mean[0]), 1e-6);
}

TEST(RunningMean, IsKeptWhenItValidatesBetter) {
  Workshop shop;
  shop.settings.type = lora::Element::f32;  // overshooting steps are chaotic: one format on every machine
  shop.job.options.ema_decay = 0.9;
  shop.job.options.epochs = 12;
  shop.job.options.learning_rate = 8e-2;  // steps overshoot: the mean is better
  shop.job.options.validate_every = 1;
  const auto outcome = shop.run();
  ASSERT_TRUE(outcome) << outcome.error().message;
  double steps = 1e9, mean = 1e9;
  for (const TrainPoint& point : outcome->curve) {
    steps = std::min(steps, point.valid_loss);
    mean = std::min(mean, point.valid_loss_of_mean);
  }
  EXPECT_EQ(std::min(steps, mean), outcome->valid_loss_best);
  EXPECT_EQ(mean < steps, outcome->kept_the_mean);
  ASSERT_TRUE(outcome->kept_the_mean) << "steps " << steps << ", mean " << mean;
  // What was written is the mean: a job that starts from it begins with its validation loss.
  const Adapter written = read_adapter(shop.job.output).value();
  Workshop again;
  again.job.initial = &written;
  again.settings.type = lora::Element::f32;
  again.job.options.max_steps = 1;
  EXPECT_DOUBLE_EQ(mean, again.run().value().valid_loss_first);
}

}  // namespace
}  // namespace banchu::test
