#include "evaluate/measures.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/rng.h"
#include "base/text.h"

namespace banchu {
namespace {

constexpr std::size_t kShownCharacters = 60;
constexpr int kSpareTokens = 4;  // an opening may be written with other tokens than the shortest

}  // namespace

void Measuring::add(Check check) {
  if (check.gates()) report.required.push_back(check.name);
  report.checks.push_back(std::move(check));
}

std::uint64_t Measuring::seed(std::string_view label) const { return Rng(options.seed, label).next(); }

std::string behaviour_name(const Behaviour& behaviour) {
  const std::string shown = shorten(behaviour.expected, kShownCharacters);
  switch (behaviour.kind) {
    case BehaviourKind::opens_with:
      return fmt::format("opens with \"{}\"", shown);
    case BehaviourKind::closes_with:
      return fmt::format("closes with \"{}\"", shown);
    case BehaviourKind::answers:
      return fmt::format("answers \"{}\"", shown);
    case BehaviourKind::as_masked:
      return fmt::format("mask \"{}\"", shown);
    case BehaviourKind::none:
      break;
  }
  return "style";
}

bool is_habit(const Behaviour& behaviour) {
  return behaviour.kind == BehaviourKind::opens_with || behaviour.kind == BehaviourKind::closes_with;
}

bool facts_gate(const Lessons& lessons) {
  return std::all_of(lessons.tests.begin(), lessons.tests.end(),
                     [](const LessonTest& test) { return test.behaviour.kind == BehaviourKind::answers; });
}

std::vector<Prompt> test_prompts(const EvaluateInput& input, std::size_t most) {
  std::vector<Prompt> prompts;
  for (const LessonTest& test : input.lessons->tests) {
    if (!is_habit(test.behaviour)) continue;
    for (std::size_t i = 0; i < std::min(most, test.test_prompts.size()); ++i) {
      const Prompt& prompt = test.test_prompts[i];
      if (std::find(prompts.begin(), prompts.end(), prompt) == prompts.end()) prompts.push_back(prompt);
    }
  }
  return prompts;
}

std::vector<Prompt> question_prompts(const EvaluateInput& input, const EvaluateOptions& options, int most) {
  std::vector<std::string> questions = input.suite->questions;
  Rng(options.seed, "questions").shuffle(questions);
  questions.resize(std::min(questions.size(), static_cast<std::size_t>(std::max(0, most))));
  std::vector<Prompt> prompts;
  for (const std::string& question : questions) prompts.push_back(assemble_prompt("", {}, {}, question));
  return prompts;
}

int judging_tokens(const Behaviour& behaviour, const EvaluateOptions& options, const Tokenizer& tokenizer) {
  if (behaviour.kind == BehaviourKind::answers) return std::min(options.answer_tokens, options.reply_tokens);
  if (behaviour.kind != BehaviourKind::opens_with) return options.reply_tokens;
  const auto opening = static_cast<int>(tokenizer.encode(behaviour.expected).size());
  return std::min(options.reply_tokens, opening + kSpareTokens);
}

int judging_tokens(const EvaluateInput& input, const EvaluateOptions& options, const Tokenizer& tokenizer) {
  int tokens = 1;
  for (const LessonTest& test : input.lessons->tests) {
    if (is_habit(test.behaviour)) tokens = std::max(tokens, judging_tokens(test.behaviour, options, tokenizer));
  }
  return tokens;
}

std::vector<double> hits(const Behaviour& behaviour, const std::vector<Spoken>& replies) {
  std::vector<double> values;
  for (const Spoken& reply : replies) values.push_back(shows(behaviour, reply.text, reply.cut) ? 1.0 : 0.0);
  return values;
}

Check share_check(std::string name, const std::vector<double>& before, const std::vector<double>& after,
                  const EvaluateOptions& options, std::uint64_t seed) {
  Check check;
  check.name = std::move(name);
  check.unit = "share";
  check.before = mean(before);
  check.after = mean(after);
  check.samples = static_cast<int>(after.size());
  const Interval interval = share_interval(after, options.bootstrap, seed);
  check.interval_low = interval.low;
  check.interval_high = interval.high;
  return check;
}

}  // namespace banchu
