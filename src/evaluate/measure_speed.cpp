// Speed. Tokens a second are for the user's information: on a busy machine they say more about the machine than about
// the self. What may refuse is the processor time of a token on one thread: there no thread waits (and burns time) for
// another one that has to share its core. Both selves alternate, the best of the rounds counts.

#include <algorithm>

#include "evaluate/measures.h"

namespace banchu {
namespace {

constexpr int kRounds = 3;
constexpr int kTokens = 32;
constexpr int kTokensAlone = 16;
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

Status take_best(Speaker& speaker, const Prompt& prompt, bool first, Pace& best) {
  BANCHU_TRY(const Pace together, speaker.time_one_reply(prompt, kTokens, 0));
  BANCHU_TRY(const Pace alone, speaker.time_one_reply(prompt, kTokensAlone, 1));
  best.tokens_per_second = std::max(best.tokens_per_second, together.tokens_per_second);
  best.processor_ms = first ? alone.processor_ms : std::min(best.processor_ms, alone.processor_ms);
  return {};
}

}  // namespace

Status measure_speed(Measuring& m) {
  if (m.input.suite->questions.empty()) return {};
  m.meter.enter("speed");
  const Prompt prompt = assemble_prompt("", {}, {}, m.input.suite->questions.front());
  Pace before, after;
  for (int round = 0; round < kRounds; ++round) {
    BANCHU_TRY_STATUS(take_best(m.before, prompt, round == 0, before));
    BANCHU_TRY_STATUS(take_best(m.after, prompt, round == 0, after));
  }
  m.add(check_of("speed", "tokens/s", before.tokens_per_second, after.tokens_per_second));
  Check work = check_of("processor time a token", "ms", before.processor_ms, after.processor_ms);
  work.rule = Check::Rule::at_most;
  work.limit = before.processor_ms / std::max(m.options.speed_at_least, kSlowestAsked);
  m.add(std::move(work));
  return {};
}

}  // namespace banchu
