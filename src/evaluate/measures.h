// The measurements of one evaluation, each adding its checks to the report. Internal to evaluate/.
//
// `before` is the awake self, `after` the same with the candidate at the chosen lambda. All of them return the errors
// of the session, or Cancelled.
#pragma once

#include <string>
#include <vector>

#include "evaluate/evaluate.h"
#include "evaluate/losses.h"
#include "evaluate/speaker.h"
#include "evaluate/text_measures.h"

namespace banchu {

struct Measuring {
  const EvaluateInput& input;
  const EvaluateOptions& options;
  Speaker& before;
  Speaker& after;
  Speaker& first;  // may be the same object as `before`
  Meter& meter;
  Report& report;

  // A check that gates is also required: it must be in the report whatever happens.
  void add(Check check);
  std::uint64_t seed(std::string_view label) const;
};

// Names of checks, the same for reasons, required[] and tests.
std::string behaviour_name(const Behaviour& behaviour);  // opens with "Mm, a warm thought"
bool is_habit(const Behaviour& behaviour);               // seen in every reply

// Habits on prompts they were not trained on, at the third turn, and under another mask; facts; what was engraved on
// earlier nights.
Status measure_habits(Measuring& m);
Status measure_third_turn(Measuring& m);
Status measure_elsewhere(Measuring& m);
Status measure_answers(Measuring& m);
Status measure_engraved(Measuring& m);

// Refusals, flattery, repetition and parroting, over replies to ordinary questions and to the test prompts.
Status measure_replies(Measuring& m);

// The structure of a few stories of its own, for information.
Status measure_stories(Measuring& m);

// General loss, held-out lesson rows, masks, fairness pairs, leanings.
Status measure_losses(Measuring& m);

Status measure_speed(Measuring& m);

// A night that teaches a habit or a mask as well is not refused for a fact that it could not learn: the fact is shown,
// and stays unengraved. A night of facts alone must have learned them.
bool facts_gate(const Lessons& lessons);

// The prompts of tonight's tests, each once, in order; of every test at most `most`.
std::vector<Prompt> test_prompts(const EvaluateInput& input, std::size_t most);
// The suite's questions of this evaluation, as chat would ask them: the first `most` in an order drawn by the seed.
std::vector<Prompt> question_prompts(const EvaluateInput& input, const EvaluateOptions& options, int most);
// How many tokens have to be heard to judge these lessons: an opening shows at once, a closing only at the end.
int judging_tokens(const EvaluateInput& input, const EvaluateOptions& options, const Tokenizer& tokenizer);
int judging_tokens(const Behaviour& behaviour, const EvaluateOptions& options, const Tokenizer& tokenizer);
std::vector<double> hits(const Behaviour& behaviour, const std::vector<Spoken>& replies);

// The share of one behaviour, with its interval.
Check share_check(std::string name, const std::vector<double>& before, const std::vector<double>& after,
                  const EvaluateOptions& options, std::uint64_t seed);

}  // namespace banchu
