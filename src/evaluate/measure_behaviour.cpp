// Is the lesson there, does it last, and does it stay where it belongs?

#include <fmt/format.h>

#include <algorithm>

#include "evaluate/measures.h"

namespace banchu {
namespace {

constexpr std::size_t kEngravedPrompts = 24;
constexpr std::size_t kShownExamples = 3;

std::size_t count_of(int option) { return static_cast<std::size_t>(std::max(0, option)); }

std::span<const Prompt> head(const std::vector<Prompt>& prompts, std::size_t most) {
  return std::span(prompts).first(std::min(most, prompts.size()));
}

void keep_examples(Measuring& m, std::span<const Prompt> prompts, const std::vector<Spoken>& before,
                   const std::vector<Spoken>& after) {
  for (std::size_t i = 0; i < std::min({kShownExamples, before.size(), after.size()}); ++i) {
    if (m.report.examples.size() >= kShownExamples) return;
    m.report.examples.push_back(
        fmt::format("you: {}\nbefore: {}\nafter: {}", prompts[i].back().content, before[i].text, after[i].text));
  }
}

Status measure_habit(Measuring& m, const LessonTest& test) {
  const std::span<const Prompt> prompts = head(test.test_prompts, count_of(m.options.max_test_prompts));
  const std::span<const Prompt> early = head(test.test_prompts, count_of(m.options.before_prompts));
  BANCHU_TRY(const std::vector<Spoken> before, m.before.reply(early, m.options.reply_tokens));
  BANCHU_TRY(const std::vector<Spoken> after, m.after.reply(prompts, m.options.reply_tokens));
  const std::string name = "habit: " + behaviour_name(test.behaviour);
  Check check = share_check(name, hits(test.behaviour, before), hits(test.behaviour, after), m.options, m.seed(name));
  check.rule = Check::Rule::at_least;
  check.limit = m.options.habit_at_least;
  m.add(std::move(check));
  keep_examples(m, prompts, before, after);
  return {};
}

// Every conversation gets two more turns; the candidate hears its own replies.
Result<std::vector<Prompt>> third_turns(Measuring& m, std::vector<Prompt> prompts) {
  const std::vector<std::string>& followups = m.input.suite->followups;
  for (std::size_t turn = 0; turn < 2; ++turn) {
    BANCHU_TRY(const std::vector<Spoken> replies, m.after.reply(prompts, m.options.reply_tokens));
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      prompts[i].push_back({Role::assistant, replies[i].text});
      prompts[i].push_back({Role::user, followups[(2 * i + turn) % followups.size()]});
    }
  }
  return prompts;
}

// Facts of which the test prompts are the held-out phrasings, each asked several times.
struct Answers {
  std::vector<double> right;
  std::vector<double> superseded;  // only of facts that replaced another
};

// One question is asked several times where the facts have few questions, and once where there are enough of them.
int draws_of(const Measuring& m, std::span<const LessonTest> tests) {
  std::size_t questions = 0;
  for (const LessonTest& test : tests) {
    if (test.behaviour.kind == BehaviourKind::answers) questions += test.test_prompts.size();
  }
  const std::size_t wanted = count_of(m.options.max_test_prompts);
  const auto draws = static_cast<int>((wanted + questions - 1) / std::max<std::size_t>(questions, 1));
  return std::clamp(draws, 1, std::max(1, m.options.answer_draws));
}

Status ask(Speaker& speaker, const Measuring& m, const LessonTest& test, int draws, Answers& answers) {
  Behaviour old = test.behaviour;
  old.expected = test.behaviour.not_expected;
  const int tokens = judging_tokens(test.behaviour, m.options, speaker.session().model().tokenizer());
  for (int draw = 0; draw < draws; ++draw) {
    const std::span<const Prompt> prompts = head(test.test_prompts, count_of(m.options.max_test_prompts));
    BANCHU_TRY(const std::vector<Spoken> replies, speaker.reply(prompts, tokens, draw));
    const std::vector<double> right = hits(test.behaviour, replies);
    answers.right.insert(answers.right.end(), right.begin(), right.end());
    if (old.expected.empty()) continue;
    const std::vector<double> wrong = hits(old, replies);
    answers.superseded.insert(answers.superseded.end(), wrong.begin(), wrong.end());
  }
  return {};
}

// A habit shows in every reply, so tonight's prompts serve when there are enough of them: their replies are there.
std::vector<Prompt> engraved_prompts(const Measuring& m, const LessonTest& test) {
  if (is_habit(test.behaviour)) {
    std::vector<Prompt> tonight = test_prompts(m.input, kEngravedPrompts);
    if (tonight.size() >= kEngravedPrompts) return {tonight.begin(), tonight.begin() + kEngravedPrompts};
  }
  const std::span<const Prompt> own = head(test.test_prompts, kEngravedPrompts);
  return {own.begin(), own.end()};
}

void add_engraved(Measuring& m, const std::string& name, const std::vector<double>& before,
                  const std::vector<double>& after) {
  Check check = share_check(name, before, after, m.options, m.seed(name));
  check.rule = Check::Rule::at_least;
  check.limit = m.options.engraved_at_least * check.before;
  m.add(std::move(check));
}

Status measure_engraved_habit(Measuring& m, const LessonTest& test) {
  const std::vector<Prompt> prompts = engraved_prompts(m, test);
  BANCHU_TRY(const std::vector<Spoken> before, m.before.reply(prompts, m.options.reply_tokens));
  BANCHU_TRY(const std::vector<Spoken> after, m.after.reply(prompts, m.options.reply_tokens));
  add_engraved(m, "still: " + behaviour_name(test.behaviour), hits(test.behaviour, before),
               hits(test.behaviour, after));
  return {};
}

// All facts are one number: a fact has a handful of held-out questions, and one unlucky draw must not refuse a night.
Status measure_engraved_facts(Measuring& m, std::span<const LessonTest> facts) {
  if (facts.empty()) return {};
  m.meter.enter("what was engraved before");
  Answers before;
  Answers after;
  for (const LessonTest& fact : facts) {
    BANCHU_TRY_STATUS(ask(m.before, m, fact, draws_of(m, facts), before));
    BANCHU_TRY_STATUS(ask(m.after, m, fact, draws_of(m, facts), after));
  }
  add_engraved(m, "still: answers", before.right, after.right);
  return {};
}

bool is_taught_again(const EvaluateInput& input, const LessonTest& engraved) {
  return std::any_of(input.lessons->tests.begin(), input.lessons->tests.end(),
                     [&](const LessonTest& test) { return test.memory == engraved.memory; });
}

}  // namespace

Status measure_habits(Measuring& m) {
  m.meter.enter("habits");
  for (const LessonTest& test : m.input.lessons->tests) {
    if (is_habit(test.behaviour)) BANCHU_TRY_STATUS(measure_habit(m, test));
  }
  return {};
}

Status measure_third_turn(Measuring& m) {
  std::vector<Prompt> prompts = test_prompts(m.input, count_of(m.options.max_test_prompts));
  if (prompts.empty() || m.input.suite->followups.empty()) return {};
  m.meter.enter("third turn");
  prompts.resize(std::min(prompts.size(), count_of(m.options.third_turn_prompts)));
  BANCHU_TRY(const std::vector<Prompt> conversations, third_turns(m, std::move(prompts)));
  const int tokens = judging_tokens(m.input, m.options, m.after.session().model().tokenizer());
  BANCHU_TRY(const std::vector<Spoken> replies, m.after.reply(conversations, tokens));
  for (const LessonTest& test : m.input.lessons->tests) {
    if (!is_habit(test.behaviour)) continue;
    const std::string name = "third turn: " + behaviour_name(test.behaviour);
    Check check = share_check(name, {}, hits(test.behaviour, replies), m.options, m.seed(name));
    check.rule = Check::Rule::at_least;
    check.limit = m.options.third_turn_at_least;
    m.add(std::move(check));
  }
  return {};
}

Status measure_elsewhere(Measuring& m) {
  const Suite& suite = *m.input.suite;
  if (test_prompts(m.input, 1).empty() || suite.other_masks.empty() || suite.questions.empty()) return {};
  m.meter.enter("under other masks");
  std::vector<Prompt> prompts;
  for (std::size_t i = 0; i < count_of(m.options.elsewhere_prompts); ++i) {
    prompts.push_back(assemble_prompt(suite.other_masks[i % suite.other_masks.size()], {}, {},
                                      suite.questions[i % suite.questions.size()]));
  }
  const int tokens = judging_tokens(m.input, m.options, m.after.session().model().tokenizer());
  BANCHU_TRY(const std::vector<Spoken> before, m.before.reply(prompts, tokens));
  BANCHU_TRY(const std::vector<Spoken> after, m.after.reply(prompts, tokens));
  for (const LessonTest& test : m.input.lessons->tests) {
    if (!is_habit(test.behaviour)) continue;
    const std::string name = "elsewhere: " + behaviour_name(test.behaviour);
    Check check = share_check(name, hits(test.behaviour, before), hits(test.behaviour, after), m.options, m.seed(name));
    check.rule = Check::Rule::rise_at_most;
    check.limit = m.options.elsewhere_at_most;
    m.add(std::move(check));
  }
  return {};
}

Status measure_answers(Measuring& m) {
  Answers before;
  Answers after;
  bool any = false;
  for (const LessonTest& test : m.input.lessons->tests) {
    if (test.behaviour.kind != BehaviourKind::answers) continue;
    if (!any) m.meter.enter("facts");
    any = true;
    const int draws = draws_of(m, m.input.lessons->tests);
    BANCHU_TRY_STATUS(ask(m.before, m, test, draws, before));
    BANCHU_TRY_STATUS(ask(m.after, m, test, draws, after));
  }
  if (!any) return {};
  Check right = share_check("answers", before.right, after.right, m.options, m.seed("answers"));
  right.rule = facts_gate(*m.input.lessons) ? Check::Rule::at_least : Check::Rule::information;
  right.limit = m.options.answers_at_least;
  m.add(std::move(right));
  if (after.superseded.empty()) return {};
  Check wrong = share_check("superseded answers", before.superseded, after.superseded, m.options, m.seed("superseded"));
  wrong.rule = Check::Rule::at_most;
  wrong.limit = m.options.superseded_at_most;
  m.add(std::move(wrong));
  return {};
}

Status measure_engraved(Measuring& m) {
  std::vector<LessonTest> facts;
  for (const LessonTest& test : m.input.engraved) {
    if (is_taught_again(m.input, test)) continue;
    if (test.behaviour.kind == BehaviourKind::answers) facts.push_back(test);
    if (!is_habit(test.behaviour)) continue;
    m.meter.enter("what was engraved before");
    BANCHU_TRY_STATUS(measure_engraved_habit(m, test));
  }
  return measure_engraved_facts(m, facts);
}

}  // namespace banchu
