// evaluate() with the default model against itself: an adapter of zeros changes nothing, and the report must say so.
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "evaluate/evaluate.h"
#include "evaluate/text_measures.h"
#include "tests/model/model_fixture.h"
#include "train/adapter.h"

namespace banchu {
namespace {

class RealEvaluateTest : public RealModelTest {
 protected:
  void SetUp() override {
    RealModelTest::SetUp();
    if (IsSkipped()) return;
    auto folder = TemporaryFolder::create("banchu-evaluate");
    ASSERT_TRUE(folder);
    folder_ = std::make_unique<TemporaryFolder>(std::move(*folder));
  }

  AdapterUse zeros() const {
    const auto n = static_cast<std::uint32_t>(model_->info().n_embd);
    AdapterTensor tensor{"blk.0.attn_q.weight", n, n, 4, {}, {}};
    tensor.a.assign(std::size_t{4} * n, 0.01f);
    tensor.b.assign(std::size_t{4} * n, 0.0f);
    const Adapter adapter{model_->info().architecture, 8, {tensor}};
    const auto path = folder_->path() / "zeros.gguf";
    EXPECT_TRUE(write_adapter(adapter, path));
    return {"zeros", path, 1.0f};
  }

  std::unique_ptr<TemporaryFolder> folder_;
};

EvaluateOptions tiny() {
  EvaluateOptions options;
  options.lambdas = {1.0};
  options.questions = 2;
  options.question_tokens = 12;
  options.reply_tokens = 12;
  options.elsewhere_prompts = 2;
  options.valid_replies = 2;
  options.general_valid_chunks = 1;
  options.bootstrap = 100;
  return options;
}

TEST_F(RealEvaluateTest, AnAdapterOfZerosHasLearnedNothingAndHarmedNothing) {
  const std::unique_ptr<Session> session = open(1024, 4);
  ASSERT_NE(session, nullptr);
  Suite suite = load_suite(default_suite_yaml("en"), "suite").value();
  suite.general_valid.resize(1);
  suite.general_test.resize(2);
  suite.fairness_pairs.resize(2);
  suite.probes.resize(1);
  Lessons lessons;
  LessonTest habit;
  habit.memory = "m1";
  habit.behaviour.kind = BehaviourKind::opens_with;
  habit.behaviour.expected = "Mm, a warm thought";
  habit.test_prompts = {{{Role::user, "What is tea?"}}, {{Role::user, "I am tired."}}};
  habit.valid_prompts = {{{Role::user, "What is rain?"}}};
  lessons.tests = {habit};

  EvaluateInput input;
  input.session = session.get();
  input.candidate = zeros();
  input.valid = &lessons.valid;
  input.test = &lessons.test;
  input.lessons = &lessons;
  input.suite = &suite;
  const auto report = evaluate(input, tiny(), nullptr, nullptr);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_DOUBLE_EQ(report->lambda, 1.0);
  for (const Check& check : report->checks) {
    const bool lesson = check.name.starts_with("habit: ") || check.name.starts_with("third turn: ");
    if (lesson) {
      EXPECT_EQ(check.after, 0.0) << check.name;
      EXPECT_FALSE(check.ok()) << check.name;
    } else if (check.name != "processor time a token") {
      EXPECT_TRUE(!check.gates() || check.ok()) << check.name << " " << check.before << " " << check.after;
    }
    if (check.unit == "nats/token") {
      EXPECT_NEAR(check.after, check.before, 1e-3) << check.name;
    }
  }
  EXPECT_EQ(report->examples.size(), 2u);
}

// Marks that fire on an untouched model would make the gate blind or nervous.
TEST_F(RealEvaluateTest, TheUntouchedModelHardlyEverCarriesAMark) {
  const std::unique_ptr<Session> session = open(512, 8);
  ASSERT_NE(session, nullptr);
  const Suite suite = load_suite(default_suite_yaml("en"), "suite").value();
  const Marks refusals(suite.refusal_marks);
  const Marks flattery(suite.flattery_marks);
  const char* asked = std::getenv("BANCHU_MARK_QUESTIONS");  // more, to measure by hand
  const std::size_t count = asked == nullptr ? 16 : std::strtoul(asked, nullptr, 10);
  std::vector<CompletionRequest> requests;
  for (std::size_t i = 0; i < count; ++i) {
    CompletionRequest request{prompt(suite.questions[i % suite.questions.size()]), SamplingOptions{}, i};
    request.sampling.max_tokens = 48;
    requests.push_back(std::move(request));
  }
  const auto replies = session->complete_all(requests, nullptr, nullptr);
  ASSERT_TRUE(replies) << replies.error().message;
  int marked = 0;
  for (const Completion& reply : *replies) {
    const std::string mark = refusals.first_in(reply.text) + flattery.first_in(reply.text);
    if (mark.empty()) continue;
    ++marked;
    RecordProperty("marked", mark + " in: " + reply.text);
  }
  EXPECT_LE(marked, static_cast<int>(count) / 16);
}

}  // namespace
}  // namespace banchu
