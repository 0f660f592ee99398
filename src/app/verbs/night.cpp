// night, and its stages as verbs of their own: ruminate, train, evaluate, promote. Each goes as far as its name says
// and leaves the rest to the next; a night that was stopped goes on where it stopped.
#include "app/night.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "app/device_flags.h"
#include "app/meter.h"
#include "app/night_jobs.h"
#include "app/night_text.h"
#include "app/open.h"
#include "app/progress_bar.h"
#include "app/remote.h"
#include "app/verbs.h"
#include "evaluate/report_text.h"
#include "journal/journal.h"

namespace banchu {
namespace {

struct NightFlags {
  std::string recipe;
  int memory_limit_mb = 0;
  DeviceFlags device;
  std::string only;
  std::string then;
  double spend_at_most = 0;
  bool ask = false;
  bool dry_run = false;
  bool explain = false;
  bool progress = false;
  PushFlags push;
};

using Until = NightRequest::Until;

// A stage's lines stand under its name, as in "chewing over   61 turns ...".
void tell(const AppContext& context, std::string_view stage, const std::vector<std::string>& lines) {
  if (context.options.json) return;
  bool first = true;
  for (const std::string& line : lines) {
    context.print(pad_to(first ? stage : "", 15) + line);
    first = false;
  }
}

// "ㅛ" is the y key while the keyboard types Hangul.
bool is_yes(const std::string& answer) {
  constexpr std::string_view kYes[] = {"y", "Y", "네", "예", "응", "ㅛ"};
  return std::any_of(std::begin(kYes), std::end(kYes), [&](std::string_view yes) { return answer.starts_with(yes); });
}

Result<bool> ask_the_user(const AppContext& context) {
  if (!context.err.is_terminal()) {
    return make_error(Code::FailedPrecondition, "nobody is at the terminal to be asked",
                      "the night waits, measured: run `banchu promote` in a terminal");
  }
  context.err.write(context.named("Wake up as this self? [y/N] "));
  std::string answer;
  // Ctrl-C and an input that ends are no answer: the night waits as it does where nobody is there.
  if (!std::getline(std::cin, answer) || is_cancelled(&context.cancel)) {
    context.err.write("\n");
    return make_error(Code::Cancelled, "nothing was decided", "the night waits, measured: run `banchu promote`");
  }
  return is_yes(answer);
}

// `--explain` and `--dry-run`: no model is loaded and nothing is written.
Result<int> run_look(AppContext& context, const NightFlags& flags, const Recipe& recipe) {
  BANCHU_TRY(std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_only));
  BANCHU_TRY(const Chewed chewed, look_at_the_day(*bag, recipe));
  Json answer = explain_to_json(chewed);
  if (flags.dry_run) answer["recipe"] = recipe_to_json(recipe);
  context.answer(answer);
  tell(context, context.named("chewing over"), chewed_lines(chewed, context.language));
  if (flags.explain && !context.options.json) {
    for (const std::string& line : explain_lines(chewed, context.language)) context.print(line);
  }
  return 0;
}

void tell_outcome(const AppContext& context, const NightOutcome& outcome) {
  tell(context, context.named("waking"), waking_lines(outcome, context.language));
  tell(context, context.named("receipt"), {receipt_line(outcome, context.language)});
  if (!outcome.morning.empty()) context.print(context.named("banchu") + " ▸ " + outcome.morning);
}

// A day that only servers' models spoke, in a bag that has no model: which weights should learn from it is the user's
// choice and not that of whatever file lies in the shared folder.
Status check_someone_can_learn(const AppContext& context, Bag& bag) {
  BANCHU_TRY(const std::string model, default_model_of(bag));
  if (!context.options.model.empty() || !model.empty()) return {};
  BANCHU_TRY(const std::vector<Entry> entries, Journal(bag).entries_in_state(EntryState::fresh));
  const auto spoken =
      std::find_if(entries.begin(), entries.end(), [](const Entry& entry) { return was_said_via_server(entry.turn); });
  if (spoken == entries.end()) return {};
  return make_error(Code::FailedPrecondition,
                    fmt::format("a server's model spoke this day ({}), and a night changes only the weights of a GGUF "
                                "file on this machine",
                                spoken->turn.self.substr(self_of_remote("").size())),
                    "this bag has no model yet; name the one that shall learn: `banchu --model FILE night`");
}

// The file that the awake self was born on; a bag that has never spoken gets its first self here.
Result<std::filesystem::path> base_of_night(const AppContext& context, Bag& bag) {
  auto awake = SelfStore(bag).awake();
  if (!awake && awake.error().code != Code::NotFound) return std::move(awake).error();
  if (!awake) BANCHU_TRY_STATUS(check_someone_can_learn(context, bag));
  BANCHU_TRY(const std::filesystem::path file, find_model(context, &bag, awake ? &*awake : nullptr));
  if (!awake) {
    BANCHU_TRY(const std::shared_ptr<Model> model, Model::load(file));
    BANCHU_TRY(const Self first, awake_or_begin(bag, *model));
  }
  return file;
}

Result<Until> stage_named(const std::string& name) {
  if (name.empty()) return Until::done;
  if (name == "ruminate") return Until::ruminate;
  if (name == "train") return Until::train;
  if (name == "evaluate") return Until::evaluate;
  return make_error(Code::InvalidArgument, fmt::format("--only {}: there is no such stage", name),
                    "ruminate, train or evaluate");
}

Result<NightRequest> prepare(AppContext& context, Bag& bag, const Recipe& recipe, const NightFlags& flags) {
  BANCHU_TRY(const std::filesystem::path model, base_of_night(context, bag));
  NightRequest request;
  request.bag = &bag;
  request.model = model;
  request.recipe = recipe;
  if (flags.memory_limit_mb > 0) request.recipe.train.memory_limit_mb = flags.memory_limit_mb;
  request.recipe.train.devices = chosen_devices(flags.device);
  request.recipe.train.device_shares = flags.device.split;
  request.seed = context.seed_or(1);
  request.threads = context.options.threads;
  request.cancel = &context.cancel;
  if (recipe.ask || flags.ask) request.ask = [&context](const Report&) { return ask_the_user(context); };
  return request;
}

Result<Pushed> push_awake(const AppContext& context, Bag& bag, const std::string& id, const PushFlags& flags) {
  BANCHU_TRY(const Self self, SelfStore(bag).find(id));
  return push_self(context, bag, self, flags);
}

// The answer of a night that was to be pushed. The night stands, whatever became of that.
Json with_push(const AppContext& context, Bag& bag, const PushFlags& flags, const NightOutcome& outcome) {
  Json answer = outcome_to_json(outcome);
  if (flags.url.empty()) return answer;
  answer["pushed"] = Json();
  if (outcome.decision != Decision::promoted) return answer;
  const Result<Pushed> pushed = push_awake(context, bag, outcome.self_after, flags);
  if (pushed) {
    answer["pushed"] = pushed_to_json(*pushed);
    if (!context.options.json) tell_pushed(context, *pushed);
    return answer;
  }
  answer["push_error"] = pushed.error().message;
  context.note(context.said("the night stands; the adapter was not pushed: {}",
                            translated(pushed.error().message, context.language)));
  context.note(context.said("to try again: banchu self push {}", flags.url));
  return answer;
}

Result<int> tell_end(const AppContext& context, Bag& bag, const NightFlags& flags, const NightOutcome& outcome,
                     Until until) {
  for (const Json& note : outcome.train.is_object() ? outcome.train.value("notes", Json::array()) : Json::array()) {
    context.note(translated(note.get<std::string>(), context.language));
  }
  if (!outcome.finished) {
    context.answer(outcome_to_json(outcome));
    if (outcome.train.is_object() && until == Until::train)
      tell(context, context.named("engraving"), {engraved_line(outcome, context.language)});
    context.note(context.said("done so far; to go on: banchu night"));
    return 0;
  }
  if (!context.options.json) tell_outcome(context, outcome);
  context.answer(with_push(context, bag, flags.push, outcome));
  return outcome.decision == Decision::refused ? kExitAnswerIsNo : 0;
}

// Over the cap the stage that runs is asked to end between two steps, as by Ctrl-C.
std::function<Status(double)> watch_spending(AppContext& context, const Spending& spending, Status& last_word) {
  if (spending.most <= 0) return {};
  return [&context, spending, &last_word](double seconds) {
    last_word = spending.check(seconds);
    if (!last_word) context.cancel = true;
    return last_word;
  };
}

Result<int> run_stages(AppContext& context, const NightFlags& flags, Until until, std::string& decision) {
  BANCHU_TRY(std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_write));
  BANCHU_TRY(const Recipe recipe, load_recipe(flags.recipe, bag->folder()));
  const Spending spending{flags.spend_at_most, recipe.price_per_hour, recipe.currency};
  BANCHU_TRY_STATUS(spending.can_be_counted());
  BANCHU_TRY(NightRequest request, prepare(context, *bag, recipe, flags));
  Status spent;
  request.may_go_on = watch_spending(context, spending, spent);
  request.until = until;

  ProgressBar bar(context);
  request.progress = bar.sink();
  if (flags.progress) {
    request.progress = [&context](const Progress& told) { context.err.write(to_line(progress_to_json(told)) + "\n"); };
  }
  request.on_chewed = [&](const Chewed& chewed, const Lessons&) {
    bar.clear();
    tell(context, context.named("chewing over"), chewed_lines(chewed, context.language));
  };
  request.on_report = [&](const Report& report) {
    bar.clear();
    tell(context, context.named("measuring"), report_lines(report, context.language == Language::ko ? "ko" : "en"));
  };
  const Result<NightOutcome> ended = run_night(request);
  bar.clear();
  if (!ended) return spent ? ended.error() : spent.error();
  decision = ended->finished ? name_of(ended->decision) : "unfinished";
  return tell_end(context, *bag, flags, *ended, until);
}

Result<int> run_night_verb(AppContext& context, const NightFlags& flags, Until until) {
  if (flags.progress) BANCHU_TRY_STATUS(end_with_parent());
  BANCHU_TRY(const Until named, stage_named(flags.only));
  if (flags.explain || flags.dry_run) {
    BANCHU_TRY(const Recipe recipe, load_recipe(flags.recipe, bag_folder(context)));
    return run_look(context, flags, recipe);
  }
  std::string decision = "failed";
  const Result<int> answer = run_stages(context, flags, flags.only.empty() ? until : named, decision);
  // Whoever ends it by hand is there, and wants the machine.
  if (answer || answer.error().code != Code::Cancelled) run_then(context, flags.then, decision);
  return answer;
}

struct StageVerb {
  const char* name;
  const char* what;
  const char* example;
  Until until;
};

constexpr StageVerb kStages[] = {
    {"night", "The whole night: ruminate, train, evaluate, promote", "banchu night --recipe night.yaml", Until::done},
    {"ruminate", "Chews the day over and writes the lessons", "banchu ruminate --explain", Until::ruminate},
    {"train", "... and engraves them into a new adapter", "banchu train", Until::train},
    {"evaluate", "... and measures it beside the awake self", "banchu evaluate --json", Until::evaluate},
    {"promote", "... and wakes it, when the gate says yes", "banchu promote --ask", Until::done},
};

void add_push_flags(CLI::App* verb, PushFlags& push) {
  CLI::Option* url =
      verb->add_option("--push", push.url, "Brings a promoted self's adapter to this vLLM or Ollama")->type_name("URL");
  verb->add_option("--push-folder", push.folder, "Where a vLLM reads it from (default: exports/ in the bag)")
      ->needs(url)
      ->type_name("DIR");
  verb->add_option("--push-key-file", push.key_file, "The server's key, in a file (else $BANCHU_VIA_KEY)")
      ->needs(url)
      ->type_name("FILE");
}

}  // namespace

void add_night_verbs(CLI::App& app, AppContext& context) {
  for (const StageVerb& stage : kStages) {
    auto flags = std::make_shared<NightFlags>();
    CLI::App* verb = add_verb(app, stage.name, stage.what, stage.example);
    verb->add_option("--recipe", flags->recipe, "Every parameter of a night (default: the bag's night.yaml)");
    verb->add_option("--memory-limit", flags->memory_limit_mb, "Trains within this many MB; the adapter stays the same")
        ->type_name("MB")
        ->check(CLI::Range(0, 100000000));
    add_device_flags(verb, &flags->device);
    const std::string name = stage.name;
    if (name == "ruminate") verb->add_flag("--explain", flags->explain, "The reason for every entry; writes nothing");
    if (name == "night" || name == "promote") verb->add_flag("--ask", flags->ask, "You decide before it wakes");
    if (name == "night" || name == "promote") add_push_flags(verb, flags->push);
    if (name == "night") {
      verb->add_flag("--dry-run", flags->dry_run, "What the day holds and the recipe; writes nothing");
      verb->add_flag("--progress", flags->progress, "Tells every step as a JSON line on stderr, for other programs");
      verb->add_option("--then", flags->then,
                       "A command of yours for when it is over, such as one that ends a rented machine")
          ->type_name("COMMAND");
      verb->add_option("--spend-at-most", flags->spend_at_most,
                       "Ends before a stage when the night has cost so much (by the recipe's price_per_hour)")
          ->type_name("AMOUNT")
          ->check(CLI::Range(0.0, 1e12));
      verb->add_option("--only", flags->only, "Stop after this stage: ruminate, train or evaluate");
    }
    on_run(verb, context, [&context, flags, until = stage.until] { return run_night_verb(context, *flags, until); });
  }
}

}  // namespace banchu
