// We train what PEFT trains: the same tiny llama, adapter, rows and order give PEFT's loss curve and PEFT's adapter.
// The numbers under tests/fixtures/parity/ come from tools/make_parity_fixture.py.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/parity/peft.h"

namespace banchu::test {
namespace {

double cosine(const std::vector<float>& x, const std::vector<float>& y) {
  double xy = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto a = static_cast<double>(x[i]), b = static_cast<double>(y[i]);
    xy += a * b;
    xx += a * a;
    yy += b * b;
  }
  return xy / std::sqrt(xx * yy);
}

// All bars are relative to PEFT's loss: 1e-5 at the first step, 1e-4 up to step 20, 1e-3 up to step 200.
TEST(PeftParity, LossCurveAndFinalAdapterAreThoseOfPeft) {
  Parity parity;
  const TrainOutcome ours = parity.run(lora::Element::f32);
  ASSERT_EQ(200U, ours.curve.size());
  double worst = 0;
  for (const TrainPoint& point : ours.curve) {
    const double bar = point.step == 1 ? 1e-5 : point.step <= 20 ? 1e-4 : 1e-3;
    const double loss = parity.theirs(point.step, "loss");
    worst = std::max(worst, std::abs(loss - point.loss) / loss);
    ASSERT_NEAR(loss, point.loss, bar * loss) << "step " << point.step;
    ASSERT_NEAR(parity.theirs(point.step, "learning_rate"), point.learning_rate, 1e-12) << "step " << point.step;
    if (point.step == 1) {
      EXPECT_NEAR(parity.theirs(1, "grad_norm"), point.grad_norm, 1e-5 * point.grad_norm);
    }
  }
  RecordProperty("worst_relative_difference", std::to_string(worst));
  const Adapter a = read_adapter(parity.job.output).value();
  const Adapter b = read_adapter(parity_folder() / "final.gguf").value();
  ASSERT_EQ(14U, a.tensors.size());
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (std::size_t i = 0; i < a.tensors.size(); ++i) {
    ASSERT_EQ(a.tensors[i].base, b.tensors[i].base);
    EXPECT_GT(cosine(a.tensors[i].a, b.tensors[i].a), 0.9999) << a.tensors[i].base;
    EXPECT_GT(cosine(a.tensors[i].b, b.tensors[i].b), 0.9999) << a.tensors[i].base;
  }
}

// bf16 products learn the same thing, if not to the last digit.
TEST(PeftParity, Bf16EndsWhereF32Ends) {
  Parity parity;
  const TrainOutcome ours = parity.run(lora::Element::bf16);
  EXPECT_NEAR(parity.theirs(1, "loss"), ours.loss_first, 0.01 * ours.loss_first);
  EXPECT_NEAR(parity.theirs(200, "loss"), ours.loss_last, 0.03 * ours.loss_last);
}

}  // namespace
}  // namespace banchu::test
