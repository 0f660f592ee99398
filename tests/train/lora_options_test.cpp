// The LoRA table's options, each where it can be seen: which maps learn, how strongly, on what noise; and the log.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include "base/json.h"
#include "tests/train/workshop.h"
#include "train/graph.h"
#include "train/noise.h"
#include "train/optimiser.h"

namespace banchu::test {
namespace {

std::set<std::string> maps_of(const std::filesystem::path& adapter) {
  std::set<std::string> maps;
  const Adapter read = read_adapter(adapter).value();
  for (const AdapterTensor& tensor : read.tensors) maps.insert(tensor.base);
  return maps;
}

TEST(TargetModules, OnlyThoseLearnAndOnlyThoseAreWritten) {
  Workshop shop;
  shop.job.options.target_modules = {"q_proj", "v_proj", "down_proj"};
  const auto outcome = shop.run();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_LT(outcome->loss_last, outcome->loss_first);
  EXPECT_EQ((std::set<std::string>{"blk.0.attn_q.weight", "blk.0.attn_v.weight", "blk.0.ffn_down.weight",
                                   "blk.1.attn_q.weight", "blk.1.attn_v.weight", "blk.1.ffn_down.weight"}),
            maps_of(shop.job.output));
}

// A map without an adapter is a map whose adapter does nothing: the same loss, the same gradients of the others.
TEST(TargetModules, TheOthersLearnAsIfTheRestWereSilent) {
  Workshop all, some;
  for (Workshop* shop : {&all, &some}) {
    shop->settings.type = lora::Element::f32;
    shop->job.options.dropout = 0;
    shop->job.options.max_steps = 1;
    shop->job.options.warmup_share = 0;
    shop->job.options.max_grad_norm = 0;
    shop->job.valid = nullptr;
  }
  some.job.options.target_modules = {"k_proj", "up_proj"};
  ASSERT_TRUE(all.run());
  ASSERT_TRUE(some.run());
  std::map<std::string, AdapterTensor> whole;
  const Adapter every = read_adapter(all.job.output).value(), few = read_adapter(some.job.output).value();
  for (const AdapterTensor& tensor : every.tensors) whole[tensor.base] = tensor;
  for (const AdapterTensor& tensor : few.tensors) {
    EXPECT_EQ(whole.at(tensor.base).a, tensor.a) << tensor.base;  // B was 0: only it has moved
    for (std::size_t i = 0; i < tensor.b.size(); ++i) ASSERT_NEAR(whole.at(tensor.base).b[i], tensor.b[i], 1e-5f);
  }
}

TEST(TargetModules, EveryFamilyNamesItsOwn) {
  for (const auto& [name, tiny] : tiny_families()) {
    Workshop shop(tiny);
    shop.job.options.max_steps = 2;
    shop.job.options.target_modules = {tiny.fused ? "qkv_proj" : "q_proj", "o_proj"};
    const auto outcome = shop.run();
    ASSERT_TRUE(outcome) << name << ": " << outcome.error().message;
    EXPECT_EQ(2 * tiny.n_layer, maps_of(shop.job.output).size()) << name;
  }
}

TEST(TargetModules, ANameThatIsNoneIsRefusedWithThoseThatAre) {
  Workshop shop;
  shop.job.options.target_modules = {"q_proj", "qkv_proj"};
  const auto outcome = shop.run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(Code::InvalidArgument, outcome.error().code);
  EXPECT_NE(std::string::npos, outcome.error().message.find("qkv_proj")) << outcome.error().message;
  EXPECT_NE(std::string::npos, outcome.error().hint.find("gate_proj")) << outcome.error().hint;
}

TEST(RankStabilised, TheScaleIsAlphaOverTheRootOfTheRank) {
  Workshop shop;
  const auto shape = lora::read_shape(*GgufFile::open(shop.job.base).value()).value();
  TrainOptions options = shop.job.options;
  options.rank = 16;
  options.alpha = 8;
  EXPECT_FLOAT_EQ(0.5f, lora::plan_parameters(shape, options)->scale);
  options.rank_stabilised = true;
  const auto plan = lora::plan_parameters(shape, options).value();
  EXPECT_FLOAT_EQ(2.0f, plan.scale);
  // The file knows alpha / rank alone.
  const auto parameters = lora::fresh_parameters(plan, 1);
  EXPECT_FLOAT_EQ(32.0f, lora::to_adapter(plan, parameters.data()).alpha);
}

TEST(Neftune, NoiseFillsItsRangeAndKeepsOutOfOtherRows) {
  lora::Batch batch;
  batch.rows = {{0, 100}, {100, 400}};
  batch.noise_alpha = 5;
  batch.noise_key = 3;
  constexpr std::int64_t kWidth = 32;
  std::vector<float> x(520 * kWidth, 0.0f);
  lora::add_noise(batch, kWidth, x.data());
  for (const lora::RowSpan& row : batch.rows) {
    const double reach = 5 / std::sqrt(static_cast<double>(row.length * kWidth));
    double squares = 0, sum = 0, most = 0;
    for (std::int64_t i = row.begin * kWidth; i < (row.begin + row.length) * kWidth; ++i) {
      const auto u = static_cast<double>(x[static_cast<std::size_t>(i)]) / reach;
      most = std::max(most, std::abs(u));
      squares += u * u;
      sum += u;
    }
    const auto n = static_cast<double>(row.length * kWidth);
    EXPECT_LE(most, 1.0 + 1e-6);
    EXPECT_GT(most, 0.99);
    EXPECT_NEAR(1.0 / 3, squares / n, 0.02);  // of a uniform number
    EXPECT_NEAR(0, sum / n, 0.03);
  }
  for (std::size_t i = 500 * kWidth; i < x.size(); ++i) ASSERT_EQ(0.0f, x[i]);
}

TEST(Neftune, TrainsOnNoiseAndMeasuresWithout) {
  Workshop plain, noisy;
  for (Workshop* shop : {&plain, &noisy}) shop->job.options.dropout = 0;
  noisy.job.options.neftune_alpha = 5;
  const auto a = plain.run().value(), b = noisy.run().value();
  EXPECT_NE(a.loss_first, b.loss_first);
  EXPECT_EQ(a.valid_loss_first, b.valid_loss_first);
}

TEST(Neftune, TheGradientIsThatOfTheNoisyModel) {
  Workshop shop;
  const auto file = GgufFile::open(shop.job.base).value();
  const auto shape = lora::read_shape(*file).value();
  const auto plan = lora::plan_parameters(shape, 4, 8);
  const auto weights = lora::Weights<float>::load(file, shape, plan, {}).value();
  lora::Gemm gemm;
  lora::Graph<float> graph(&weights, &plan, &gemm, 0, 1LL << 30);
  std::vector<float> parameters = lora::fresh_parameters(plan, 3);
  Rng rng(5, "awaken");
  for (float& p : parameters) p += static_cast<float>(0.1 * rng.normal());
  const std::vector<LessonRow> rows = some_rows(1, 3);
  lora::Batch batch = lora::pack(pointers_to(rows), {}, 1024, 10);
  batch.noise_alpha = 8;
  const auto loss = [&](const std::vector<float>& at, std::vector<float>* gradients) {
    gradients->assign(at.size(), 0.0f);
    graph.use_parameters(at.data());
    return graph.loss_and_gradients(batch, gradients->data());
  };
  std::vector<float> gradients, unused;
  loss(parameters, &gradients);
  const double norm = lora::gradient_norm(gradients);
  const auto shifted = [&](double along) {
    std::vector<float> moved = parameters;
    for (std::size_t i = 0; i < moved.size(); ++i) moved[i] += static_cast<float>(along / norm) * gradients[i];
    return loss(moved, &unused);
  };
  EXPECT_NEAR(norm, (shifted(2e-3) - shifted(-2e-3)) / 4e-3, 5e-3 * norm);
}

TEST(TrainingLog, HoldsEveryStepOfTheCurveInBothForms) {
  Workshop shop;
  shop.job.log = shop.folder.path() / "curve.jsonl";
  const auto outcome = shop.run().value();
  std::istringstream lines(read_file(shop.job.log).value());
  std::string line;
  for (const TrainPoint& point : outcome.curve) {
    ASSERT_TRUE(std::getline(lines, line));
    const Json json = parse_json(line, "line").value();
    EXPECT_EQ(point.step, json["step"]);
    EXPECT_EQ(point.loss, json["loss"]);
    EXPECT_EQ(std::isnan(point.valid_loss), json["valid_loss"].is_null());
  }
  EXPECT_FALSE(std::getline(lines, line));
  shop.job.log = shop.folder.path() / "curve.csv";
  ASSERT_TRUE(shop.run());
  const std::string csv = read_file(shop.job.log).value();
  EXPECT_TRUE(csv.starts_with("step,loss,learning_rate,grad_norm,valid_loss,valid_loss_of_mean\n1,")) << csv;
  EXPECT_EQ(outcome.steps + 1, std::count(csv.begin(), csv.end(), '\n'));
}

TEST(TrainingLog, IsWholeAfterAStopAndOfNoOtherKind) {
  Workshop shop;
  shop.job.log = shop.folder.path() / "curve.csv";
  CancelFlag cancel{false};
  shop.settings.after_step = [&](int step) { cancel = step == 4; };
  ASSERT_FALSE(shop.run(&cancel));
  shop.settings.after_step = {};
  const auto outcome = shop.run().value();
  EXPECT_TRUE(outcome.resumed);
  const std::string resumed = read_file(shop.job.log).value();
  ASSERT_TRUE(shop.run());
  EXPECT_EQ(read_file(shop.job.log).value(), resumed);
  shop.job.log = shop.folder.path() / "curve.txt";
  EXPECT_EQ(Code::InvalidArgument, shop.run().error().code);
}

}  // namespace
}  // namespace banchu::test
