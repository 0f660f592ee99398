// plan: memory, time and money, before anything is run.
#include "plan/plan.h"

#include <fmt/format.h>

#include "app/open.h"
#include "app/plan_night.h"
#include "app/plan_text.h"
#include "app/progress_bar.h"
#include "app/verbs.h"
#include "base/file.h"
#include "train/bench.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;

struct PlanFlags {
  PlanQuestion question;
  std::string shape;
  std::string config;
  std::string prices;
  std::string write_prices;
  bool essay = false;
  bool measure = false;
};

Result<plan::Shape> shape_of(const AppContext& context, const PlanFlags& flags) {
  if (!flags.shape.empty()) return plan::shape_by_name(flags.shape);
  if (!flags.config.empty()) {
    BANCHU_TRY(const std::string text, read_file(flags.config, 1 << 22));
    BANCHU_TRY(const Json config, parse_json(text, flags.config));
    return plan::shape_from_config(config, flags.config);
  }
  std::unique_ptr<Bag> bag;
  if (bag_exists(context)) {
    BANCHU_TRY(bag, open_bag(context, Bag::Access::read_only));
  }
  BANCHU_TRY(const fs::path path, find_model(context, bag.get(), nullptr));
  BANCHU_TRY(const auto file, GgufFile::open(path));
  return plan::shape_from_gguf(*file);
}

Result<plan::Prices> prices_of(const PlanFlags& flags) {
  if (flags.prices.empty()) return plan::prices_from_yaml(plan::shipped_prices_yaml(), "the shipped price table");
  BANCHU_TRY(const std::string yaml, read_file(flags.prices, 1 << 20));
  return plan::prices_from_yaml(yaml, flags.prices);
}

Result<int> write_prices(const AppContext& context, const std::string& to) {
  std::error_code failure;
  if (fs::exists(to, failure)) return make_error(Code::AlreadyExists, to + " is there already", "choose another name");
  BANCHU_TRY_STATUS(write_file_atomic(to, plan::shipped_prices_yaml()));
  context.answer({{"file", to}});
  context.say("the price table lies in {}; edit it and give it with --prices {}", to, to);
  return 0;
}

// A few training steps of the model that is here: what this machine really reaches.
Status measure_rate(AppContext& context) {
  std::unique_ptr<Bag> bag;
  if (bag_exists(context)) {
    BANCHU_TRY(bag, open_bag(context, Bag::Access::read_only));
  }
  TrainBenchOptions options;
  BANCHU_TRY(options.model, find_model(context, bag.get(), nullptr));
  options.steps = 3;
  options.threads = context.options.threads;
  options.measures_peak = false;
  ProgressBar bar(context);
  BANCHU_TRY(const TrainBench bench, bench_train(options, bar.sink(), &context.cancel));
  bar.clear();
  return remember_rate({bench.achieved_gflops, options.model.filename().string(), format_time(now())});
}

Result<int> run_plan(AppContext& context, const PlanFlags& flags) {
  if (!flags.write_prices.empty()) return write_prices(context, flags.write_prices);
  if (!flags.shape.empty() && !flags.config.empty()) {
    return make_error(Code::InvalidArgument, "--shape and --config contradict each other", "give one of them");
  }
  BANCHU_TRY(const plan::Prices prices, prices_of(flags));
  if (flags.essay) {
    BANCHU_TRY(const plan::Essay essay, plan::essay(prices));
    context.answer(essay_to_json(essay, prices));
    for (const std::string& line : essay_lines(context, essay, prices)) context.print(line);
    return 0;
  }
  BANCHU_TRY(const plan::Shape shape, shape_of(context, flags));
  if (flags.measure) BANCHU_TRY_STATUS(measure_rate(context));
  BANCHU_TRY(const PlanAnswer answer, make_plan(shape, prices, flags.question));
  context.answer(plan_to_json(answer));
  for (const std::string& line : plan_lines(context, answer)) context.print(line);
  return 0;
}

void add_size_options(CLI::App& verb, PlanQuestion& question) {
  verb.add_option("--quantisation", question.quantisation, "Only this quantisation (default: a table of all)");
  verb.add_option("--context", question.context_tokens, "Tokens of a conversation that are kept in sight")
      ->check(CLI::Range(16, 1 << 22));
  verb.add_option("--rank", question.night.rank, "Of the adapter")->check(CLI::Range(1, 256));
  verb.add_option("--rows", question.night.rows, "Rows that are computed at once while training")
      ->check(CLI::Range(1, 256));
  verb.add_option("--row-tokens", question.night.row_tokens, "Tokens of the longest row while training")
      ->check(CLI::Range(16, 131072));
  verb.add_option("--night-tokens", question.night_tokens, "Tokens a night trains on")->check(CLI::Range(1.0, 1e12));
}

}  // namespace

void add_plan_verbs(CLI::App& app, AppContext& context) {
  auto flags = std::make_shared<PlanFlags>();
  CLI::App* verb = add_verb(app, "plan", "Memory, time and money, before anything is run",
                            "banchu plan --shape 70b --hours-a-day 2\n  banchu plan --essay");
  verb->add_option("--shape", flags->shape, "A shape instead of a file: 8b, 70b");
  verb->add_option("--config", flags->config, "A Hugging Face config.json instead of a file")->type_name("FILE");
  verb->add_option("--for", flags->question.purpose, "chat or train (default: both)")
      ->check(CLI::IsMember({"chat", "train"}));
  add_size_options(*verb, flags->question);
  verb->add_option("--gpu", flags->question.gpu, "Only this device (default: every one of the price table)")
      ->type_name("NAME");
  verb->add_option("--hours-a-day", flags->question.hours_a_day, "Hours of use a day")->check(CLI::Range(0.0, 24.0));
  verb->add_option("--prices", flags->prices, "Your own price table")->type_name("FILE");
  verb->add_option("--write-prices", flags->write_prices, "Writes the price table, to be edited")->type_name("FILE");
  verb->add_flag("--measure", flags->measure, "Measures first how fast this machine trains");
  verb->add_flag("--essay", flags->essay, "Essay arithmetic: 70B on rented GPUs, line by line");
  on_run(verb, context, [&context, flags] { return run_plan(context, *flags); });
}

}  // namespace banchu
