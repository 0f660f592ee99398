// Speed, mostly for the user's information. Both selves alternate and the best of three counts, so that a busy
// machine does not decide; only half the speed or less refuses.

#include <algorithm>

#include "evaluate/measures.h"

namespace banchu {
namespace {

constexpr int kRounds = 3;
constexpr int kTokens = 32;

}  // namespace

Status measure_speed(Measuring& m) {
  if (m.input.suite->questions.empty()) return {};
  m.meter.enter("speed");
  const Prompt prompt = assemble_prompt("", {}, {}, m.input.suite->questions.front());
  double before = 0;
  double after = 0;
  for (int round = 0; round < kRounds; ++round) {
    BANCHU_TRY(const double old_speed, m.before.time_one_reply(prompt, kTokens));
    BANCHU_TRY(const double new_speed, m.after.time_one_reply(prompt, kTokens));
    before = std::max(before, old_speed);
    after = std::max(after, new_speed);
  }
  Check check;
  check.name = "speed";
  check.unit = "tokens/s";
  check.before = before;
  check.after = after;
  check.limit = m.options.speed_at_least * before;
  check.rule = Check::Rule::at_least;
  check.samples = kRounds;
  m.add(std::move(check));
  return {};
}

}  // namespace banchu
