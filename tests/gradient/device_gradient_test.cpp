// The walk on ggml's devices against the processor's own kernels, which model_gradient_test.cpp holds against
// differences: the same loss and the same gradients, in every family, on one device and shared out over several. The
// devices here are the processor as ggml sees it; a graphics card runs the very same graphs.
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "tests/train/rows.h"
#include "tests/train/workshop.h"
#include "train/device_graph.h"
#include "train/graph.h"

namespace banchu::test {
namespace {

constexpr double kDropout = 0.2;

struct Both {
  Both(const TinyModel& tiny, const std::vector<std::string>& modules, const lora::DevicePlan& devices)
      : folder(TemporaryFolder::create("banchu-device").value()) {
    write_tiny_model(tiny, folder.path() / "tiny.gguf");
    file = GgufFile::open(folder.path() / "tiny.gguf").value();
    const auto shape = lora::read_shape(*file).value();
    TrainOptions options;
    options.rank = 3;
    options.alpha = 6;
    options.target_modules = modules;
    plan = lora::plan_parameters(shape, options).value();
    weights = std::make_unique<lora::Weights<float>>(lora::Weights<float>::load(file, shape, plan, {}).value());
    own = std::make_unique<lora::Graph<float>>(weights.get(), &plan, &gemm, kDropout, 1LL << 30);
    device = lora::DeviceGraph::create(lora::FrozenModel::load(file, shape, plan, {}).value(), plan, devices, kDropout)
                 .value();
    parameters = lora::fresh_parameters(plan, 3);
    Rng rng(5, "awaken");  // B away from zero, so that A matters
    for (float& p : parameters) p += static_cast<float>(0.1 * rng.normal());
  }
  std::pair<double, std::vector<float>> run(lora::StepGraph* graph, const lora::Batch& batch) const {
    std::vector<float> gradients(parameters.size(), 0.5F);  // it adds to what is there
    graph->use_parameters(parameters.data());
    const double loss = graph->loss_and_gradients(batch, gradients.data());
    return {loss, gradients};
  }
  void expect_the_same(const lora::Batch& batch) const {
    const auto [own_loss, own_gradients] = run(own.get(), batch);
    const auto [loss, gradients] = run(device.get(), batch);
    EXPECT_NEAR(own_loss, loss, 1e-5 * std::abs(own_loss));
    EXPECT_NEAR(own->loss(batch), device->loss(batch), 1e-5 * std::abs(own_loss));
    for (const lora::ParameterTensor& tensor : lora::tensors_of(plan)) {
      double scale = 1e-3;
      for (std::int64_t i = tensor.begin; i < tensor.begin + tensor.size; ++i) {
        scale = std::max(scale, std::abs(static_cast<double>(own_gradients[static_cast<std::size_t>(i)]) - 0.5));
      }
      for (std::int64_t i = tensor.begin; i < tensor.begin + tensor.size; ++i) {
        ASSERT_NEAR(own_gradients[static_cast<std::size_t>(i)], gradients[static_cast<std::size_t>(i)], 1e-4 * scale)
            << tensor.name << " " << i - tensor.begin;
      }
    }
  }

  TemporaryFolder folder;
  std::shared_ptr<const GgufFile> file;
  lora::ParameterPlan plan;
  lora::Gemm gemm;
  std::unique_ptr<lora::Weights<float>> weights;
  std::unique_ptr<lora::Graph<float>> own;
  std::unique_ptr<lora::DeviceGraph> device;
  std::vector<float> parameters;
};

lora::Batch mixed_batch() {
  static const std::vector<LessonRow> rows = {random_row(1, RowKind::sft, 9), random_row(2, RowKind::distill, 70),
                                              random_row(3, RowKind::rehearsal, 12), random_row(4, RowKind::sft, 9)};
  lora::Batch batch = lora::pack(pointers_to(rows), {}, 1024, 1);
  batch.dropout_key = 11;
  batch.noise_alpha = 5;
  batch.noise_key = 13;
  return batch;
}

class OnADevice : public testing::TestWithParam<std::string> {
 protected:
  const TinyModel tiny_ = tiny_families().at(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Tiny, OnADevice, testing::ValuesIn(tiny_family_names()),
                         [](const auto& one) { return one.param; });

TEST_P(OnADevice, LossAndEveryGradientAreThoseOfTheProcessor) {
  Both(tiny_, {}, {{"CPU"}}).expect_the_same(mixed_batch());
}

TEST_P(OnADevice, LayersSharedOutOverTwoGiveTheSame) {
  Both(tiny_, {}, {{"CPU", "CPU"}, {1, 1}}).expect_the_same(mixed_batch());
}

TEST(Device, LeavesModulesAloneThatAreNotTrained) {
  Both(make_tiny_llama(7), {"k_proj", "down_proj"}, {{"CPU"}}).expect_the_same(mixed_batch());
}

TEST(Device, SharesLayersOutAndForgetsNone) {
  EXPECT_EQ(lora::share_out(32, {1, 1}), (std::vector<std::int64_t>{16, 16}));
  EXPECT_EQ(lora::share_out(7, {1, 1, 1}), (std::vector<std::int64_t>{2, 3, 2}));
  EXPECT_EQ(lora::share_out(4, {0, 1}), (std::vector<std::int64_t>{0, 4}));
}

TEST(Device, TrainsWhatTheProcessorTrains) {
  Workshop own, device;
  own.settings.type = lora::Element::f32;
  device.job.options.devices = {"CPU"};
  ASSERT_TRUE(own.run());
  const auto outcome = device.run();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_NE(outcome->memory_choice.find("CPU"), std::string::npos);
  const Adapter expected = read_adapter(own.job.output).value(), got = read_adapter(device.job.output).value();
  for (std::size_t i = 0; i < expected.tensors.size(); ++i) {
    for (std::size_t k = 0; k < expected.tensors[i].b.size(); ++k) {
      ASSERT_NEAR(expected.tensors[i].b[k], got.tensors[i].b[k], 2e-3) << expected.tensors[i].base << " " << k;
    }
  }
}

TEST(Device, GivesTheSameBytesTwiceAndWhenItGoesOn) {
  Workshop whole, halves;
  whole.job.options.devices = halves.job.options.devices = {"CPU"};
  ASSERT_TRUE(whole.run());
  CancelFlag cancel{false};
  halves.settings.after_step = [&](int step) { cancel = step == 4; };
  EXPECT_EQ(halves.run(&cancel).error().code, Code::Cancelled);
  cancel = false;
  const auto outcome = halves.run(&cancel);
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->resumed);
  EXPECT_EQ(whole.bytes(), halves.bytes());
}

TEST(Device, ThatIsNotThereIsNamedWithThoseThatAre) {
  Workshop shop;
  shop.job.options.devices = {"CUDA7"};
  const auto outcome = shop.run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::NotFound);
  EXPECT_NE(outcome.error().hint.find("CPU"), std::string::npos);
}

TEST(Device, SharesThatDoNotFitAreRefused) {
  Workshop shop;
  shop.job.options.devices = {"CPU"};
  for (const std::vector<double>& shares : {std::vector<double>{1, 1}, {-1}, {0}}) {
    shop.job.options.device_shares = shares;
    const auto outcome = shop.run();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Code::InvalidArgument);
  }
}

}  // namespace
}  // namespace banchu::test
