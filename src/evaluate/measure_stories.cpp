// Does what the self tells hold together? The structure of a few small stories of its own, for the user's information:
// it gates nothing as long as nobody knows what a night does to it.

#include <algorithm>

#include "evaluate/bootstrap.h"
#include "evaluate/measures.h"

namespace banchu {
namespace {

std::vector<Prompt> story_prompts(const Measuring& m) {
  const std::size_t most = std::min(m.input.suite->stories.size(), static_cast<std::size_t>(m.options.stories));
  std::vector<Prompt> prompts;
  for (std::size_t i = 0; i < most; ++i) prompts.push_back(assemble_prompt("", {}, {}, m.input.suite->stories[i]));
  return prompts;
}

// Of the stories that are long enough to be judged.
std::vector<double> coherences(const std::vector<Spoken>& stories, const CoherenceOf& coherence_of) {
  std::vector<double> values;
  for (const Spoken& story : stories) {
    if (const std::optional<double> value = coherence_of(story.text)) values.push_back(*value);
  }
  return values;
}

}  // namespace

Status measure_stories(Measuring& m) {
  if (!m.input.coherence_of || m.options.stories <= 0 || m.input.suite->stories.empty()) return {};
  m.meter.enter("stories of its own");
  const std::vector<Prompt> prompts = story_prompts(m);
  BANCHU_TRY(const std::vector<Spoken> before, m.before.reply(prompts, m.options.story_tokens));
  BANCHU_TRY(const std::vector<Spoken> after, m.after.reply(prompts, m.options.story_tokens));
  const std::vector<double> told_before = coherences(before, m.input.coherence_of);
  const std::vector<double> told_after = coherences(after, m.input.coherence_of);
  Check check;
  check.name = "coherence of stories";
  check.unit = "points";
  if (!told_before.empty()) check.before = mean(told_before);
  if (!told_after.empty()) check.after = mean(told_after);
  check.samples = static_cast<int>(told_after.size());
  m.add(std::move(check));
  return {};
}

}  // namespace banchu
