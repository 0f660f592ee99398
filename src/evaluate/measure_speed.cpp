// Speed. Tokens a second are for the user's information: on a busy machine they say more about the machine than about
// the self (an adapter adds steps at which threads wait for each other, and each wait lasts longer there). What may
// refuse is the processor time of a token, which a busy machine hardly changes. Both selves alternate, the best of the
// rounds counts.

#include <algorithm>

#include "evaluate/measures.h"

namespace banchu {
namespace {

constexpr int kRounds = 3;
constexpr int kTokens = 32;
constexpr double kSlowestAsked = 1e-3;  // speed_at_least 0 asks for nothing, and a limit must be a number

Check check_of(const char* name, const char* unit, double before, double after) {
  Check check;
  check.name = name;
  check.unit = unit;
  check.before = before;
  check.after = after;
  check.samples = kRounds;
  return check;
}

Pace best(const Pace& a, const Pace& b) {
  return {std::max(a.tokens_per_second, b.tokens_per_second), std::min(a.processor_ms, b.processor_ms)};
}

}  // namespace

Status measure_speed(Measuring& m) {
  if (m.input.suite->questions.empty()) return {};
  m.meter.enter("speed");
  const Prompt prompt = assemble_prompt("", {}, {}, m.input.suite->questions.front());
  Pace before, after;
  for (int round = 0; round < kRounds; ++round) {
    BANCHU_TRY(const Pace old_pace, m.before.time_one_reply(prompt, kTokens));
    BANCHU_TRY(const Pace new_pace, m.after.time_one_reply(prompt, kTokens));
    before = round == 0 ? old_pace : best(before, old_pace);
    after = round == 0 ? new_pace : best(after, new_pace);
  }
  m.add(check_of("speed", "tokens/s", before.tokens_per_second, after.tokens_per_second));
  Check work = check_of("processor time a token", "ms", before.processor_ms, after.processor_ms);
  work.rule = Check::Rule::at_most;
  work.limit = before.processor_ms / std::max(m.options.speed_at_least, kSlowestAsked);
  m.add(std::move(work));
  return {};
}

}  // namespace banchu
