// arc calibrate: teaches a probe to read a model's feelings off its last layer.
#include <fmt/format.h>

#include "app/arc_open.h"
#include "app/progress_bar.h"
#include "app/verbs.h"
#include "arc/calibrate.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

namespace banchu {
namespace {

constexpr double kWorthMore = 0.005;  // a gain below this is none

struct CalibrateFlags {
  std::vector<std::string> files;
  std::string out;
  std::size_t most = 4000;
};

Result<std::vector<LabelledSet>> read_sets(const AppContext& context, const CalibrateFlags& flags) {
  std::vector<LabelledSet> sets;
  for (const std::string& file : flags.files) {
    BANCHU_TRY(LabelledSet set, read_labelled(file));
    sets.push_back(std::move(set));
  }
  if (flags.files.empty()) {
    context.note(context.named("no --data: the golden episodes teach it, with the valence that people gave them"));
    BANCHU_TRY(const GoldenSet golden, shipped_golden());
    sets.push_back(labelled_of(golden, "golden"));
  }
  thin_out(sets, flags.most);
  return sets;
}

Json target_as_json(const ProbeTarget& target) {
  Json languages = Json::array();
  for (const ProbeLanguage& language : target.languages) {
    languages.push_back({{"language", language.language},
                         {"rows", language.rows},
                         {"figure", target.is_emotion ? "auc" : "r"},
                         {"probe", language.probe},
                         {"lexicon", language.lexicon},
                         {"both", language.both},
                         {"share", language.share}});
  }
  return {{"name", target.name},
          {"kind", target.is_emotion ? "emotion" : "scale"},
          {"ridge", target.strength},
          {"languages", std::move(languages)}};
}

void print_table(const AppContext& context, const Probe& probe) {
  const auto head = [&](std::string_view word) { return pad_to(context.named(word), 9); };
  context.print(pad_to("", 16) + head("language") + head("rows") + head("figure") + head("probe") + head("lexicon") +
                head("both") + context.named("share"));
  for (const ProbeTarget& target : probe.targets) {
    for (const ProbeLanguage& language : target.languages) {
      context.print(fmt::format("{} {:<8} {:<8} {:<8} {:<8.3f} {:<8.3f} {:<8.3f} {:.2f}",
                                pad_to(shorten(target.name, 14), 15), language.language, language.rows,
                                target.is_emotion ? "AUC" : "r", language.probe, language.lexicon, language.both,
                                language.share));
    }
  }
}

// Said aloud, because a probe that adds nothing is the ordinary case for a small model.
void print_verdict(const AppContext& context, const Probe& probe) {
  const ProbeTarget* valence = probe.target("valence");
  if (valence == nullptr) return;
  for (const ProbeLanguage& language : valence->languages) {
    if (language.both < language.lexicon + kWorthMore) {
      context.say("{}: the probe adds nothing to the lexicon's valence", language.language);
    } else {
      context.say("{}: with the probe, valence is right by r {:.2f} instead of {:.2f}", language.language,
                  language.both, language.lexicon);
    }
  }
}

Result<int> run_calibrate(AppContext& context, const CalibrateFlags& flags) {
  const double began = steady_seconds();
  BANCHU_TRY(const std::vector<LabelledSet> sets, read_sets(context, flags));
  BANCHU_TRY(const ArcModel open, open_arc_model(context, true));
  ProgressBar bar(context);
  BANCHU_TRY(const Probe probe, calibrate_probe(sets, *open.session, {bar.sink(), &context.cancel}));
  bar.clear();
  const std::filesystem::path path = flags.out.empty() ? probe_path(probe.model) : std::filesystem::path(flags.out);
  std::error_code failed;
  if (flags.out.empty()) std::filesystem::create_directories(path.parent_path(), failed);
  BANCHU_TRY_STATUS(write_file_atomic(path, probe_text(probe)));
  print_table(context, probe);
  print_verdict(context, probe);
  context.say("{}: `arc score --model` uses it from now on{}", path.string(),
              flags.out.empty() ? "" : context.named(" when --probe names it"));
  Json targets = Json::array();
  for (const ProbeTarget& target : probe.targets) targets.push_back(target_as_json(target));
  context.answer({{"probe", path.string()},
                  {"model", probe.model},
                  {"dimension", probe.dimension},
                  {"targets", std::move(targets)},
                  {"seconds", steady_seconds() - began}});
  return 0;
}

}  // namespace

void add_arc_calibrate_verb(CLI::App& arc, AppContext& context) {
  auto flags = std::make_shared<CalibrateFlags>();
  CLI::App* calibrate = add_verb(arc, "calibrate", "Teaches a probe to read feeling off a model's last layer",
                                 "banchu arc calibrate --model mine.gguf --data letters.jsonl");
  calibrate
      ->add_option("--data,FILE", flags->files, "Labelled sentences (JSON Lines); without any, the golden episodes")
      ->type_name("FILE");
  calibrate->add_option("-o,--out", flags->out, "The probe; without it, where `arc score` looks")->type_name("FILE");
  calibrate->add_option("--rows", flags->most, "How many sentences are read at most")
      ->check(CLI::Range(40, 1000000))
      ->capture_default_str();
  on_run(calibrate, context, [&context, flags] { return run_calibrate(context, *flags); });
}

}  // namespace banchu
