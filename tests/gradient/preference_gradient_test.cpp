// The loss of pairs: the closed formula, and the gradient of a whole tiny model against central differences of the
// double reference.
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "tests/gradient/reference.h"
#include "tests/train/rows.h"
#include "train/graph.h"

namespace banchu::test {
namespace {

// A tiny llama with an adapter that is awake, and some pairs between other rows.
struct Pairs {
  Pairs() {
    write_tiny_model(tiny, folder.path() / "tiny.gguf");
    const auto file = GgufFile::open(folder.path() / "tiny.gguf").value();
    const auto shape = lora::read_shape(*file).value();
    plan = lora::plan_parameters(shape, 3, 6.0);
    weights = std::make_unique<lora::Weights<float>>(lora::Weights<float>::load(file, shape, plan, {}).value());
    graph = std::make_unique<lora::Graph<float>>(weights.get(), &plan, &gemm, 0, 1LL << 30);
    parameters = lora::fresh_parameters(plan, 3);
    Rng rng(5, "awaken");
    for (float& p : parameters) p += static_cast<float>(0.1 * rng.normal());
    rows[1].weight = 0.5f;
    for (std::size_t i = 0; i < rows.size(); ++i) references[&rows[i]] = 1.5 * static_cast<double>(i) - 2;
  }
  double run(double beta) {
    lora::KindWeights kinds;
    kinds.preference = 2;
    kinds.beta = beta;
    kinds.references = &references;
    gradients.assign(parameters.size(), 0.0f);
    graph->use_parameters(parameters.data());
    return graph->loss_and_gradients(lora::pack(pointers_to(rows), kinds, 1024, 3), gradients.data());
  }
  double by_formula(const ReferenceModel& model, double beta) const {
    double total = 0;
    for (const LessonRow& row : rows) {
      total += row.kind == RowKind::preference ? 2 * model.preference_loss(row, beta, references.at(&row))
                                               : model.loss(row);
    }
    return total / 3;
  }

  TemporaryFolder folder = TemporaryFolder::create("banchu-pairs").value();
  TinyModel tiny = make_tiny_llama(7);
  lora::ParameterPlan plan;
  lora::Gemm gemm;
  std::unique_ptr<lora::Weights<float>> weights;
  std::unique_ptr<lora::Graph<float>> graph;
  std::vector<float> parameters, gradients;
  std::vector<LessonRow> rows = {random_row(1, RowKind::preference, 12), random_row(2, RowKind::preference, 20),
                                 random_row(3, RowKind::sft, 9), random_row(4, RowKind::preference, 6)};
  lora::References references;
};

TEST(Preference, TheMarginsLossAndPullAreThoseOfTheFormulaAndNeverOverflow) {
  for (const double m : {-30.0, -2.0, -1e-9, 0.0, 0.3, 4.0, 30.0}) {
    const lora::Margin margin = lora::margin_of(m);
    EXPECT_NEAR(-std::log(1 / (1 + std::exp(-m))), margin.loss, 1e-12 * std::max(1.0, margin.loss)) << m;
    EXPECT_NEAR(1 / (1 + std::exp(m)), margin.pull, 1e-12) << m;
  }
  EXPECT_DOUBLE_EQ(1e5, lora::margin_of(-1e5).loss);
  EXPECT_EQ(1.0, lora::margin_of(-1e5).pull);
  EXPECT_EQ(0.0, lora::margin_of(1e5).loss);
}

TEST(Preference, LossAndGradientsMatchTheReference) {
  Pairs pairs;
  const ReferenceModel still(pairs.tiny, lora::to_adapter(pairs.plan, pairs.parameters.data()));
  for (const double beta : {0.1, 0.7}) {
    const double loss = pairs.run(beta);
    EXPECT_NEAR(pairs.by_formula(still, beta), loss, 1e-5 * loss);
    ReferenceModel model = still;
    for (const lora::ParameterTensor& tensor : lora::tensors_of(pairs.plan)) {
      const std::string base = tensor.name.substr(0, tensor.name.rfind('.'));
      auto& [a, b] = model.lora.at(base);
      Vector& values = tensor.is_b ? b : a;
      double scale = 1e-3;
      for (std::int64_t i = 0; i < tensor.size; ++i) {
        scale = std::max(scale, std::abs(static_cast<double>(pairs.gradients[static_cast<std::size_t>(tensor.begin + i)])));
      }
      const std::int64_t i = tensor.size / 3;
      constexpr double kStep = 1e-5;
      double& x = values[static_cast<std::size_t>(i)];
      const double here = x;
      x = here + kStep;
      const double up = pairs.by_formula(model, beta);
      x = here - kStep;
      const double slope = (up - pairs.by_formula(model, beta)) / (2 * kStep);
      x = here;
      EXPECT_NEAR(slope, static_cast<double>(pairs.gradients[static_cast<std::size_t>(tensor.begin + i)]), 1e-4 * scale)
          << tensor.name << " beta " << beta;
    }
  }
}

// One step along the gradient does what it is for.
TEST(Preference, AStepWidensTheLeadOfTheChosenReply) {
  Pairs pairs;
  pairs.rows.erase(pairs.rows.begin() + 2);
  pairs.references.clear();
  for (const LessonRow& row : pairs.rows) pairs.references[&row] = 0;
  const auto lead = [&] {
    const ReferenceModel model(pairs.tiny, lora::to_adapter(pairs.plan, pairs.parameters.data()));
    double sum = 0;
    for (const LessonRow& row : pairs.rows) sum += model.lead(row);
    return sum;
  };
  const double before = lead();
  pairs.run(0.1);
  for (std::size_t i = 0; i < pairs.parameters.size(); ++i) pairs.parameters[i] -= 0.05f * pairs.gradients[i];
  EXPECT_GT(lead(), before);
}

}  // namespace
}  // namespace banchu::test
