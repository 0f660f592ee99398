#include "evaluate/evaluate.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "evaluate/lambda.h"
#include "evaluate/measures.h"

namespace banchu {
namespace {

// Whatever happens, the session speaks as the awake self again.
class AwakeAgain {
 public:
  explicit AwakeAgain(const EvaluateInput& input) : input_(input) {}
  ~AwakeAgain() {
    const Status ignored = input_.session->set_adapters(input_.awake);
    static_cast<void>(ignored);
  }
  AwakeAgain(const AwakeAgain&) = delete;
  AwakeAgain& operator=(const AwakeAgain&) = delete;

 private:
  const EvaluateInput& input_;
};

bool same_adapters(const std::vector<AdapterUse>& a, const std::vector<AdapterUse>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const AdapterUse& x, const AdapterUse& y) {
    return x.digest == y.digest && x.path == y.path && x.scale == y.scale;
  });
}

std::uint64_t sum_of(std::initializer_list<int> counts) {
  std::uint64_t sum = 0;
  for (const int count : counts) sum += static_cast<std::uint64_t>(std::max(0, count));
  return sum;
}

// A guess at the number of replies, for the progress bar.
std::uint64_t expected_replies(const EvaluateInput& input, const EvaluateOptions& options) {
  std::uint64_t replies =
      sum_of({options.questions, options.before_questions, options.elsewhere_prompts, options.elsewhere_prompts});
  if (input.coherence_of) {
    const int told = std::min(static_cast<int>(input.suite->stories.size()), options.stories);
    replies += sum_of({told, told});
  }
  for (const LessonTest& test : input.lessons->tests) {
    const int prompts = static_cast<int>(test.test_prompts.size());
    if (is_habit(test.behaviour)) {
      replies += sum_of({std::min(prompts, options.before_prompts), std::min(prompts, options.max_test_prompts),
                         2 * std::min(prompts, options.third_turn_prompts), 2 * options.valid_replies});
    } else if (test.behaviour.kind == BehaviourKind::answers) {
      replies += sum_of({2 * options.answer_draws * prompts, 2 * options.valid_replies});
    }
  }
  return replies;
}

Status measure_all(Measuring& m) {
  BANCHU_TRY_STATUS(measure_habits(m));
  BANCHU_TRY_STATUS(measure_third_turn(m));
  BANCHU_TRY_STATUS(measure_elsewhere(m));
  BANCHU_TRY_STATUS(measure_answers(m));
  BANCHU_TRY_STATUS(measure_losses(m));
  BANCHU_TRY_STATUS(measure_engraved(m));
  BANCHU_TRY_STATUS(measure_replies(m));
  BANCHU_TRY_STATUS(measure_stories(m));
  BANCHU_TRY_STATUS(measure_speed(m));
  Check count;
  count.name = "replies generated";
  count.unit = "replies";
  count.before = m.before.generated();
  count.after = m.after.generated();
  m.add(std::move(count));
  return {};
}

// What every night must answer, whatever it taught: a measurement that was left out then shows as missing.
const std::vector<std::string>& always_required() {
  static const std::vector<std::string> names = {
      "general loss", "general loss since birth", "refusals",          "flattery",           "repetition",
      "parroting",    "fairness pairs",           "leaning to refuse", "leaning to flatter", "processor time a token"};
  return names;
}

void require(Report& report, const std::string& name) {
  const bool there = std::find(report.required.begin(), report.required.end(), name) != report.required.end();
  if (!there) report.required.push_back(name);
}

void require_all(Report& report, const EvaluateInput& input) {
  for (const std::string& name : always_required()) require(report, name);
  for (const LessonTest& test : input.lessons->tests) {
    const std::string name = behaviour_name(test.behaviour);
    if (is_habit(test.behaviour)) {
      for (const char* where : {"habit: ", "third turn: ", "elsewhere: "}) require(report, where + name);
    } else if (test.behaviour.kind == BehaviourKind::answers) {
      if (facts_gate(*input.lessons)) require(report, "answers");
    } else if (test.behaviour.kind == BehaviourKind::as_masked) {
      require(report, name);
    }
  }
}

}  // namespace

Result<Report> evaluate(const EvaluateInput& input, const EvaluateOptions& options, const ProgressSink& progress,
                        const CancelFlag* cancel) {
  BANCHU_CHECK(input.session != nullptr && input.suite != nullptr && input.lessons != nullptr);
  BANCHU_CHECK(input.valid != nullptr && input.test != nullptr);
  const AwakeAgain awake_again(input);
  Meter meter(progress, cancel);
  meter.expect(expected_replies(input, options));
  Report report;
  Speaker before(input.session, input.awake, input.sampling, options.seed, meter);
  BANCHU_TRY(report.trials, try_lambdas(input, options, before, meter));
  report.lambda = choose_lambda(report.trials, options);
  if (std::isfinite(report.lambda)) {
    Speaker after(input.session, with_candidate(input, report.lambda), input.sampling, options.seed, meter);
    Speaker first(input.session, input.first_self, input.sampling, options.seed, meter);
    Speaker& born = same_adapters(input.first_self, input.awake) ? before : first;
    Measuring m{input, options, before, after, born, meter, report};
    BANCHU_TRY_STATUS(measure_all(m));
  }
  require_all(report, input);
  return report;
}

}  // namespace banchu
