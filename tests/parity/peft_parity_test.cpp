// We train what PEFT trains: the same tiny llama, adapter, rows and order give PEFT's loss curve and PEFT's adapter.
// The numbers under tests/fixtures/parity/ come from tools/make_parity_fixture.py.
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "base/json.h"
#include "train/run.h"

namespace banchu::test {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(BANCHU_SOURCE_DIR) / "tests/fixtures/parity";

LessonRow row_of(const Json& json) {
  LessonRow row;
  row.kind = json["kind"] == "sft" ? RowKind::sft : RowKind::distill;
  row.tokens = json["tokens"].get<std::vector<Token>>();
  row.targets = json["targets"].get<std::vector<std::uint32_t>>();
  row.weight = json["weight"].get<float>();
  for (const Json& top : json["teacher"]) {
    row.teacher.push_back({top["ids"].get<std::vector<Token>>(), top["logprobs"].get<std::vector<float>>()});
  }
  return row;
}

// The job of the fixture, in f32.
struct Parity {
  Parity() : folder(TemporaryFolder::create("banchu-parity").value()) {
    fixture = parse_json(read_file(kFolder / "parity.json").value(), "parity.json").value();
    std::vector<LessonRow> rows;
    for (const Json& row : fixture["rows"]) rows.push_back(row_of(row));
    set = TrainSet(std::move(rows));
    initial = read_adapter(kFolder / "initial.gguf").value();
    const Json& o = fixture["options"];
    job.base = kFolder / "base.gguf";
    job.train = &set;
    job.initial = &initial;
    job.output = folder.path() / "ours.gguf";
    job.options.threads = 1;
    job.options.rank = o["rank"].get<int>();
    job.options.alpha = o["alpha"].get<double>();
    job.options.batch_rows = o["batch_rows"].get<int>();
    job.options.max_steps = o["max_steps"].get<int>();
    job.options.seed = o["seed"].get<std::uint64_t>();
    job.options.learning_rate = o["learning_rate"].get<double>();
    job.options.warmup_share = o["warmup_share"].get<double>();
    job.options.weight_decay = o["weight_decay"].get<double>();
  }
  TrainOutcome run(lora::Element type) {
    lora::RunSettings settings;
    settings.type = type;
    auto outcome = lora::train_with(job, settings, {}, nullptr);
    EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().message);
    return std::move(outcome).value();
  }
  double theirs(int step, const char* key) const {
    return fixture["curve"][static_cast<std::size_t>(step - 1)][key].get<double>();
  }

  TemporaryFolder folder;
  Json fixture;
  TrainSet set;
  Adapter initial;
  TrainJob job;
};

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
  const Adapter b = read_adapter(kFolder / "final.gguf").value();
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
