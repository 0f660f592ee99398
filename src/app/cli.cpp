#include "app/cli.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <clocale>
#include <exception>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "app/help_format.h"
#include "app/interrupt.h"
#include "app/verbs.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/yaml.h"
#include "model/model.h"

namespace banchu {
namespace {

constexpr int kMaxThreads = 1024;

using AddVerbs = void (*)(CLI::App&, AppContext&);
constexpr AddVerbs kVerbs[] = {
    add_chat_verbs,    add_journal_verbs, add_night_verbs,   add_memory_verbs, add_self_verbs,  add_bag_verbs,
    add_model_verbs,   add_import_verbs,  add_export_verbs,  add_bench_verbs,  add_arc_verbs,   add_plan_verbs,
    add_explain_verbs, add_doctor_verbs,  add_trouble_verbs, add_guide_verbs,  add_serve_verbs, add_shell_verbs};

// CLI11 reads "-1" and numbers that do not fit as some other number.
std::string check_seed(const std::string& text) {
  std::uint64_t seed = 0;
  const char* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, seed);
  if (failure == std::errc() && stop == end) return "";
  return fmt::format("{} is not a whole number from 0 to {}", text, std::numeric_limits<std::uint64_t>::max());
}

void add_global_options(CLI::App& app, AppContext& context) {
  GlobalOptions& options = context.options;
  app.add_option("--bag", options.bag, "The companion's folder (else $BANCHU_BAG, else ./workspace)")->type_name("DIR");
  app.add_option("--model", options.model, "A GGUF file, or the id of a model in the bag")->type_name("ID|PATH");
  app.add_flag("--json", options.json, "Exactly one JSON object on stdout, all else on stderr");
  app.add_option("--seed", options.seed, "Makes every draw repeatable")->type_name("N")->check(check_seed);
  app.add_option("--threads", options.threads, "0: every core")->type_name("N")->check(CLI::Range(0, kMaxThreads));
  app.add_flag("--quiet", options.quiet, "Only the answer: no progress, no remarks");
  app.add_option("--lang", options.lang, "The program's own voice: en or ko")->check(CLI::IsMember({"en", "ko"}));
  app.add_option("--now", options.now, "The time to go by, for repeatable runs")->type_name("RFC3339");
}

void build_table(CLI::App& app, AppContext& context) {
  app.name("banchu");
  app.formatter(std::make_shared<HelpFormat>(context.language, context.out.columns()));
  app.fallthrough();  // global options also after the verb
  app.require_subcommand(1);
  app.set_version_flag("--version", "banchu " BANCHU_VERSION);
  app.set_help_flag("-h,--help", "This help");
  add_global_options(app, context);
  app.footer(
      "Exit codes: 0 done, 1 a bug, 2 wrong use, 3 not found, 4 there already, 5 not possible now, 6 busy,\n"
      "7 no space, 8 damaged, 9 unsupported, 10 stopped, 20 it ran well and the answer is no.\n"
      "`banchu VERB --help` shows an example of each.");
  for (const AddVerbs add : kVerbs) add(app, context);
}

// The known words at the place where `app` stopped understanding: its verbs and its options.
std::vector<std::string> known_words(const CLI::App& app) {
  std::vector<std::string> known;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    known.push_back(verb->get_name());
  for (const CLI::App* at = &app; at != nullptr; at = at->get_parent()) {
    for (const CLI::Option* option : at->get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
  }
  return known;
}

const CLI::App& deepest_parsed(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? app : deepest_parsed(*parsed.back());
}

// "did you mean --persona?", for the first word that nobody knows.
std::string suggestion(const CLI::App& app, const std::vector<std::string>& arguments) {
  const CLI::App& at = deepest_parsed(app);
  const std::vector<std::string> known = known_words(at);
  const std::vector<std::string_view> views(known.begin(), known.end());
  for (const std::string& argument : arguments) {
    const std::string word = argument.substr(0, argument.find('='));
    const bool is_known = std::find(known.begin(), known.end(), word) != known.end();
    if (is_known ||
        (word.starts_with('-') ? !word.starts_with("--") : app.get_subcommands().size() > 0 && &at == &app)) {
      continue;
    }
    if (const std::string near = nearest(word, views); !near.empty()) return fmt::format("did you mean \"{}\"?", near);
  }
  return "";
}

std::string full_name(const CLI::App& verb) {
  if (verb.get_parent() == nullptr) return "";
  const std::string parent = full_name(*verb.get_parent());
  return parent.empty() ? verb.get_name() : parent + " " + verb.get_name();
}

// CLI11's own sentence, but for the two mistakes that everybody makes.
std::string usage_message(const CLI::App& app, const CLI::ParseError& failure, const std::vector<std::string>& rest) {
  const bool wants_verb = deepest_parsed(app).get_require_subcommand_min() > 0;
  if (rest.empty() && wants_verb && failure.get_name() == "RequiredError") return "a verb is missing";
  if (rest.empty()) return failure.what();
  if (wants_verb && !rest.front().starts_with('-')) return fmt::format("there is no verb \"{}\"", rest.front());
  return fmt::format("not understood: {}", fmt::join(rest, " "));
}

// CLI11 keeps what it did not understand in an order of its own, which changes with the depth of the verb.
std::vector<std::string> in_typed_order(std::vector<std::string> rest, std::span<char* const> typed) {
  std::vector<std::string> ordered;
  for (const char* word : typed) {
    const auto found = std::find(rest.begin(), rest.end(), word);
    if (found == rest.end()) continue;
    ordered.push_back(std::move(*found));
    rest.erase(found);
  }
  return ordered;
}

int fail_usage(const CLI::App& app, AppContext& context, const CLI::ParseError& failure, std::span<char* const> typed) {
  const std::vector<std::string> rest = in_typed_order(app.remaining(true), typed);
  std::string hint = suggestion(app, rest);
  context.verb = full_name(deepest_parsed(app));
  if (hint.empty()) {
    hint = fmt::format("`banchu {}{}--help` shows what there is", context.verb, context.verb.empty() ? "" : " ");
  }
  return context.fail(make_error(Code::InvalidArgument, usage_message(app, failure, rest), hint));
}

Status settle_globals(AppContext& context) {
  context.language = language_from(context.options.lang);
  if (context.options.now.empty()) return {};
  BANCHU_TRY(const Time time, parse_time(context.options.now));
  freeze_now(time);
  return {};
}

// CLI11 stops at the first error and at --help, perhaps before it has read --json and --lang: what it says must still
// come as JSON, and in that language.
void read_json_flag_early(AppContext& context, int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--") break;
    if (argument == "--json") context.options.json = true;
    if (argument.starts_with("--lang=")) context.language = language_from(argument.substr(7));
    if (argument == "--lang" && i + 1 < argc) context.language = language_from(argv[i + 1]);
  }
}

int parse_and_run(CLI::App& app, AppContext& context, int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (const Status valid = check_utf8(argv[i], fmt::format("argument {}", i)); !valid)
      return context.fail(valid.error());
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& failure) {
    if (failure.get_exit_code() == 0) return app.exit(failure);  // --help, --version
    return fail_usage(app, context, failure, std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
  }
  if (const Status settled = settle_globals(context); !settled) return context.fail(settled.error());
  const Result<int> outcome = context.action();
  if (!outcome) return context.fail(outcome.error());
  // Nobody may take an answer for whole that was cut short. A reader who has gone away (EPIPE) has read enough.
  if (errno = context.out.error(); errno != 0 && errno != EPIPE) {
    return context.fail(error_from_errno("cannot write", "the answer"));
  }
  return *outcome;
}

AppContext* context_of_last_words = nullptr;

void say_last_words(const char* message) {
  context_of_last_words->fail(make_error(Code::Internal, fmt::format("the engine gave up: {}", message),
                                         "if a model file is damaged, download it again; else please report this"));
  ::_exit(code_info(Code::Internal).exit_code);
}

// A locale in which Hangul has a width and can be typed; the C locale knows only ASCII.
void set_utf8_locale() {
  if (std::setlocale(LC_CTYPE, "") == nullptr || MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
}

}  // namespace

CLI::App* add_verb(CLI::App& parent, const std::string& name, const std::string& what, const std::string& example) {
  CLI::App* verb = parent.add_subcommand(name, what);
  verb->footer("Example:\n  " + example);
  return verb;
}

CLI::App* add_group(CLI::App& parent, const std::string& name, const std::string& what, const std::string& example) {
  CLI::App* group = parent.add_subcommand(name, what);
  group->footer(fmt::format("Example:\n  {}\n`banchu {} VERB --help` shows one of each.", example, name));
  group->require_subcommand(1);
  return group;
}

void on_run(CLI::App* verb, AppContext& context, Action action) {
  verb->callback([verb, &context, action = std::move(action)] {
    context.verb = full_name(*verb);
    context.action = action;
  });
}

int run_command_line(int argc, char** argv) {
  set_utf8_locale();
  AppContext context;
  context.language = language_from("");
  read_json_flag_early(context, argc, argv);
  install_interrupt(context.cancel);
  context_of_last_words = &context;
  set_engine_last_words(&say_last_words);
  try {
    CLI::App app("A companion that talks, keeps the day, sleeps on it and grows.");
    build_table(app, context);
    translate_table(app, context.language);
    return parse_and_run(app, context, argc, argv);
  } catch (const std::bad_alloc&) {
    return context.fail(
        make_error(Code::NoSpace, "the machine's memory is used up", "close other programs, or use a smaller model"));
  } catch (const std::exception& failure) {
    return context.fail(
        make_error(Code::Internal, failure.what(), "this is a bug in banchu; please report what you did"));
  }
}

}  // namespace banchu
