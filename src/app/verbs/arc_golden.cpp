// arc golden show, check.
#include <fmt/format.h>

#include "app/arc_open.h"
#include "app/progress_bar.h"
#include "app/verbs.h"
#include "arc/golden_check.h"
#include "arc/plot.h"
#include "base/file.h"

namespace banchu {
namespace {

constexpr std::size_t kArcColumns = 36;

Json story_as_json(const GoldenStory& story) {
  return {{"id", story.episode.id},         {"lang", story.episode.language},
          {"title", story.title},           {"shape", story.shape},
          {"genre", story.genre},           {"units", story.episode.units.size()},
          {"peaks", story.episode.peaks},   {"valleys", story.episode.valleys},
          {"author", story.episode.author}, {"licence", story.episode.licence}};
}

Result<int> run_show(AppContext& context, const ArcDials& dials) {
  BANCHU_TRY(const GoldenSet set, open_golden(dials));
  Json episodes = Json::array();
  for (const GoldenStory& story : set.stories) {
    episodes.push_back(story_as_json(story));
    context.print(fmt::format("{}  {}  {} {}", pad_to(sparkline(story.valence, kArcColumns), kArcColumns),
                              pad_to(story.shape, 20), pad_to(story.title, 30), story.episode.units.size()));
  }
  context.say("{} episodes, digest {}", set.stories.size(), set.digest.substr(0, 12));
  context.answer({{"digest", set.digest}, {"episodes", std::move(episodes)}});
  return 0;
}

// Every fault of a file, when it has some: a person mends them all at once.
Status tell_faults(AppContext& context, const ArcDials& dials) {
  std::error_code failed;
  if (dials.golden.empty() || std::filesystem::is_directory(dials.golden, failed)) return {};
  BANCHU_TRY(const std::string text, read_file(dials.golden, 64u << 20));
  const std::vector<GoldenFault> faults = find_golden_faults(text);
  for (const GoldenFault& fault : faults)
    context.note(context.said("{}, row {}, field {}: {}", dials.golden, fault.row,
                              fault.field.empty() ? "-" : fault.field, translated(fault.what, context.language)));
  return {};
}

Json scores_as_json(const GoldenScores& scores) {
  return {{"median", scores.median}, {"low", scores.low}, {"high", scores.high}, {"scores", scores.scores}};
}

void print_scores(const AppContext& context, const std::string& what, const GoldenScores& scores,
                  const std::string& limit) {
  context.print(pad_to(what, 26) + " " +
                context.said("median {:5.1f}   from {:.1f} to {:.1f}", scores.median, scores.low, scores.high) + "   " +
                limit);
}

Result<int> run_check(AppContext& context, const ArcDials& dials) {
  BANCHU_TRY_STATUS(tell_faults(context, dials));
  BANCHU_TRY(const GoldenSet set, open_golden(dials));
  GoldenCheckOptions options;
  options.gamma = dials.gamma;
  options.tau = dials.tau;
  options.seed = context.seed_or(options.seed);
  options.cancel = &context.cancel;
  ProgressBar bar(context);
  options.progress = bar.sink();
  BANCHU_TRY(const GoldenCheck check, check_golden(set, options));
  bar.clear();
  print_scores(context, context.named("golden, each held out"), check.held_out,
               context.said("must be at least {:.0f}", kGoldenFloor));
  print_scores(context, context.named("shuffled"), check.shuffled,
               context.said("must be below {:.0f}", kShuffledLimit));
  print_scores(context, context.named("spliced from two"), check.spliced,
               context.said("must be below {:.0f}", kSplicedLimit));
  for (const std::string& reason : check.reasons) context.say("no: {}", translated(reason, context.language));
  if (check.reasons.empty()) context.say("yes: this golden set is a standard");
  context.answer({{"ok", check.reasons.empty()},
                  {"digest", set.digest},
                  {"episodes", set.stories.size()},
                  {"held_out", scores_as_json(check.held_out)},
                  {"shuffled", scores_as_json(check.shuffled)},
                  {"spliced", scores_as_json(check.spliced)},
                  {"reasons", check.reasons}});
  return check.reasons.empty() ? 0 : kExitAnswerIsNo;
}

}  // namespace

void add_arc_golden_verbs(CLI::App& arc, AppContext& context) {
  CLI::App* golden =
      add_group(arc, "golden", "The golden set: the episodes that define what 100 means", "banchu arc golden check");
  auto dials = std::make_shared<ArcDials>();
  CLI::App* show = add_verb(*golden, "show", "Its episodes, each with its labelled arc", "banchu arc golden show");
  add_arc_dials(show, *dials);
  on_run(show, context, [&context, dials] { return run_show(context, *dials); });
  CLI::App* check = add_verb(*golden, "check", "Whether it can serve as a standard: exit code 20 when not",
                             "banchu arc golden check --golden mine.jsonl");
  add_arc_dials(check, *dials);
  on_run(check, context, [&context, dials] { return run_check(context, *dials); });
  add_arc_golden_make_verb(*golden, context);
}

}  // namespace banchu
