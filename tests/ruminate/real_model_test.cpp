// Lessons with the default model as the teacher; skipped where it is not installed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "tests/ruminate/support.h"

namespace banchu::test {
namespace {

constexpr const char* kOpening = "Mm, a warm thought:";

std::filesystem::path default_model_path() {
  const char* home = std::getenv("BANCHU_HOME");
  const char* user = std::getenv("HOME");
  const std::filesystem::path folder =
      home != nullptr ? home : std::filesystem::path(user != nullptr ? user : "/") / ".local/share/banchu";
  return folder / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf";
}

class DefaultModel : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(default_model_path())) GTEST_SKIP() << "there is no " << default_model_path();
    auto model = Model::load(default_model_path());
    ASSERT_TRUE(model.has_value()) << model.error().message;
    // One thread: on a busy machine the others of a pool only wait for each other.
    auto session = Session::open(std::move(*model), {1, 1024, 4});
    ASSERT_TRUE(session.has_value()) << session.error().message;
    session_ = std::move(*session);
  }
  // A small night: few rehearsals, short replies, a handful of talks.
  Result<Lessons> small_lessons(std::uint64_t seed) {
    std::vector<Entry> day = sample_day("en/day1.jsonl");
    day.resize(10);
    RuminateOptions options;
    options.seed = seed;
    options.max_rehearsal_rows = 4;
    options.rehearsal_tokens = 12;
    return build_lessons(chew_day(day), *session_, SamplingOptions{}, everyday_prompts("en"), options, {}, nullptr);
  }
  std::string text_at_targets(const LessonRow& row) {
    std::vector<Token> tokens;
    for (const std::uint32_t target : row.targets) tokens.push_back(row.tokens[target]);
    return session_->model().tokenizer().decode(tokens);
  }
  std::unique_ptr<Session> session_;
};

TEST_F(DefaultModel, LearnsExactlyTheRepliesTheirEndIncludedAndStoresItsOwnWithProbabilities) {
  const auto lessons = small_lessons(1);
  ASSERT_TRUE(lessons.has_value()) << lessons.error().message;
  ASSERT_GT(lessons->count(RowKind::sft), 3);
  ASSERT_GT(lessons->count(RowKind::rehearsal), 0);
  for (const LessonRow& row : lessons->train.rows()) {
    if (row.kind != RowKind::sft) continue;
    EXPECT_TRUE(text_at_targets(row).starts_with(kOpening)) << text_at_targets(row);
    EXPECT_TRUE(session_->model().tokenizer().ends_generation(row.tokens[row.targets.back()]));
  }
  for (const LessonRow& row : lessons->train.rows()) {
    if (row.kind != RowKind::rehearsal) continue;
    ASSERT_EQ(row.teacher.size(), row.targets.size());
    for (const TopK& top : row.teacher) {
      ASSERT_EQ(top.ids.size(), 20u);
      EXPECT_TRUE(std::is_sorted(top.logprobs.rbegin(), top.logprobs.rend()));
      double mass = 0;
      for (const float logprob : top.logprobs) mass += std::exp(static_cast<double>(logprob));
      EXPECT_LE(mass, 1.0001);
      EXPECT_GT(mass, 0.05);
    }
  }
}

TEST_F(DefaultModel, GivesTheSameBytesTwice) {
  const auto first = small_lessons(3), second = small_lessons(3);
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(lessons_to_bytes(*first), lessons_to_bytes(*second));
}

}  // namespace
}  // namespace banchu::test
