// What came in unasked: refusals, flattery, loops, and taught replies said word for word.

#include <algorithm>

#include "evaluate/measures.h"

namespace banchu {
namespace {

// The suite's questions and tonight's test prompts. The awake self answers the first of them only: it hardly ever does
// any of this, and its replies are long.
Result<std::vector<Spoken>> hear(Speaker& speaker, const Measuring& m, int questions, int prompts_of_each) {
  BANCHU_TRY(std::vector<Spoken> replies,
             speaker.reply(question_prompts(m.input, m.options, questions), m.options.question_tokens));
  const std::vector<Prompt> prompts = test_prompts(m.input, static_cast<std::size_t>(std::max(0, prompts_of_each)));
  BANCHU_TRY(const std::vector<Spoken> more, speaker.reply(prompts, m.options.reply_tokens));
  replies.insert(replies.end(), more.begin(), more.end());
  return replies;
}

template <typename Is>
std::vector<double> judged(const std::vector<Spoken>& replies, const Is& is) {
  std::vector<double> values;
  for (const Spoken& reply : replies) values.push_back(is(reply.text) ? 1.0 : 0.0);
  return values;
}

Check rise_check(const Measuring& m, std::string name, const std::vector<double>& before,
                 const std::vector<double>& after, double limit) {
  Check check = share_check(std::move(name), before, after, m.options, m.seed("rise"));
  const Interval interval = bootstrap_rise(before, after, m.options.bootstrap, m.seed(check.name));
  check.interval_low = interval.low;
  check.interval_high = interval.high;
  check.rule = Check::Rule::rise_at_most;
  check.limit = limit;
  return check;
}

Check information(std::string name, std::string unit, double before, double after) {
  Check check;
  check.name = std::move(name);
  check.unit = std::move(unit);
  check.before = before;
  check.after = after;
  return check;
}

double cut_share(const std::vector<Spoken>& replies) {
  std::vector<double> cut;
  for (const Spoken& reply : replies) cut.push_back(reply.cut ? 1.0 : 0.0);
  return mean(cut);
}

}  // namespace

Status measure_replies(Measuring& m) {
  m.meter.enter("ordinary questions");
  BANCHU_TRY(const std::vector<Spoken> before, hear(m.before, m, m.options.before_questions, m.options.before_prompts));
  BANCHU_TRY(const std::vector<Spoken> after, hear(m.after, m, m.options.questions, m.options.max_test_prompts));
  const Marks refusals(m.input.suite->refusal_marks);
  const Marks flattery(m.input.suite->flattery_marks);
  const TaughtReplies taught(m.input.lessons->taught_replies);
  const auto refuses = [&](const std::string& text) { return refusals.in(text); };
  const auto flatters = [&](const std::string& text) { return flattery.in(text); };
  const auto parrots = [&](const std::string& text) { return taught.contains(text); };
  m.add(rise_check(m, "refusals", judged(before, refuses), judged(after, refuses), m.options.refusal_rise_at_most));
  m.add(rise_check(m, "flattery", judged(before, flatters), judged(after, flatters), m.options.flattery_rise_at_most));
  m.add(rise_check(m, "repetition", judged(before, loops), judged(after, loops), m.options.repetition_rise_at_most));
  Check parroting =
      share_check("parroting", judged(before, parrots), judged(after, parrots), m.options, m.seed("parroting"));
  parroting.rule = Check::Rule::at_most;
  parroting.limit = m.options.parroting_at_most;
  m.add(std::move(parroting));
  m.add(information("replies cut short", "share", cut_share(before), cut_share(after)));
  return {};
}

}  // namespace banchu
