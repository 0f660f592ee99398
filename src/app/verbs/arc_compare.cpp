// arc compare: texts of several writers beside each other, people and models.
#include <fmt/format.h>

#include <filesystem>

#include "app/arc_open.h"
#include "app/progress_bar.h"
#include "app/verbs.h"
#include "arc/compare.h"
#include "arc/compare_texts.h"
#include "arc/compare_writer.h"
#include "base/file.h"
#include "base/text.h"

namespace banchu {
namespace {

constexpr int kRounds = 2000;
constexpr std::uint64_t kMostPromptBytes = 1u << 20;

struct CompareFlags {
  ArcDials dials;
  std::vector<std::string> paths;
  std::vector<std::string> people;
  std::string out;
  std::string title;
  StoryServer server;
  std::string key_file;
  std::string prompt_file;
  std::string save;
  int count = 20;
};

struct Source {
  std::string name;
  bool is_people = false;
  std::vector<SourceText> texts;
};

// "gpt=stories/gpt" names the group; without a name the path does.
Result<Source> read_source(const std::string& argument, bool is_people) {
  const std::size_t sign = argument.find('=');
  const bool has_name = sign != std::string::npos && sign > 0 && !std::filesystem::exists(argument);
  const std::filesystem::path path = has_name ? argument.substr(sign + 1) : argument;
  Source source{has_name ? argument.substr(0, sign) : path.filename().string(), is_people, {}};
  if (source.name.empty()) source.name = path.string();
  BANCHU_TRY(source.texts, read_texts(path));
  return source;
}

Result<StoryServer> open_server(const AppContext& context, const CompareFlags& flags) {
  StoryServer server = flags.server;
  server.model = context.options.model;
  if (server.model.empty() || flags.prompt_file.empty())
    return make_error(Code::InvalidArgument, "--via needs --model NAME and --prompt FILE",
                      "the prompt asks for one story; the model's name is the server's");
  if (!flags.key_file.empty()) {
    BANCHU_TRY(const std::string key, read_file(flags.key_file, kMostPromptBytes));
    server.key = trim(key);
  }
  return server;
}

// Stories as they come; with --save each is on disk before the next is asked for.
Result<Source> write_source(AppContext& context, const CompareFlags& flags) {
  BANCHU_TRY(const StoryServer server, open_server(context, flags));
  BANCHU_TRY(const std::string prompt, read_file(flags.prompt_file, kMostPromptBytes));
  Source source{server.model, false, {}};
  if (!flags.save.empty()) std::filesystem::create_directories(flags.save);
  ProgressBar bar(context);
  const ProgressSink progress = bar.sink();
  for (int i = 0; i < flags.count; ++i) {
    const auto seed = context.seed_or(1) + static_cast<std::uint64_t>(i);
    BANCHU_TRY(const std::string story, write_story(server, prompt, seed, &context.cancel));
    const std::string name = fmt::format("{:04}.txt", i + 1);
    if (!flags.save.empty())
      BANCHU_TRY_STATUS(write_file_atomic(std::filesystem::path(flags.save) / name, story + "\n"));
    source.texts.push_back(text_of(name, story));
    if (progress)
      progress({"writing", static_cast<std::uint64_t>(i + 1), static_cast<std::uint64_t>(flags.count), "story", ""});
  }
  bar.clear();
  return source;
}

Result<std::vector<Source>> gather(AppContext& context, const CompareFlags& flags) {
  std::vector<Source> sources;
  for (const std::string& path : flags.paths) {
    BANCHU_TRY(Source source, read_source(path, false));
    sources.push_back(std::move(source));
  }
  for (const std::string& path : flags.people) {
    BANCHU_TRY(Source source, read_source(path, true));
    sources.push_back(std::move(source));
  }
  if (!flags.server.url.empty()) {
    BANCHU_TRY(Source source, write_source(context, flags));
    sources.push_back(std::move(source));
  }
  if (sources.empty())
    return make_error(Code::InvalidArgument, "there is nothing to compare",
                      "name files or folders, or a server with --via");
  return sources;
}

Result<std::vector<CompareGroup>> measure(AppContext& context, const std::vector<Source>& sources,
                                          const ArcOptions& options) {
  std::vector<CompareGroup> groups;
  std::uint64_t done = 0, total = 0;
  for (const Source& source : sources) total += source.texts.size();
  ProgressBar bar(context);
  const ProgressSink progress = bar.sink();
  for (const Source& source : sources) {
    groups.push_back({source.name, source.is_people, {}});
    for (const SourceText& text : source.texts) {
      BANCHU_TRY(const Reading reading, score_units(text.units, options));
      groups.back().texts.push_back(compared_text(text.name, reading));
      if (progress) progress({"measuring", ++done, total, "text", ""});
    }
  }
  bar.clear();
  return groups;
}

Json interval_as_json(const CompareInterval& interval) { return Json::array({interval.low, interval.high}); }

Json auc_as_json(const CompareAuc& auc) { return {{"auc", auc.auc}, {"interval", interval_as_json(auc.interval)}}; }

Json as_json(const Comparison& comparison, std::span<const CompareGroup> groups) {
  Json rows = Json::array(), measures = Json::object(), texts = Json::array();
  for (const CompareRow& row : comparison.rows) {
    rows.push_back({{"name", row.name},
                    {"people", row.is_people},
                    {"texts", row.texts},
                    {"measured", row.measured},
                    {"mean", row.measured > 0 ? Json(row.mean) : Json()},
                    {"median", row.measured > 0 ? Json(row.median) : Json()},
                    {"interval", row.interval ? interval_as_json(*row.interval) : Json()},
                    {"people_over_it", row.against_people ? auc_as_json(*row.against_people) : Json()}});
  }
  for (const CompareMeasureAuc& measure : comparison.measures)
    measures[measure.measure] = auc_as_json(measure.people_over_machines);
  for (const CompareGroup& group : groups) {
    for (const ComparedText& text : group.texts) {
      Json row = {{"group", group.name}, {"name", text.name}};
      for (std::size_t i = 0; i < kCompareMeasures; ++i)
        row[kCompareMeasureNames[i]] = text.values[i] ? Json(*text.values[i]) : Json();
      texts.push_back(std::move(row));
    }
  }
  return {{"groups", std::move(rows)},
          {"people_over_machines", std::move(measures)},
          {"texts", std::move(texts)},
          {"notes", comparison.notes}};
}

std::string left_pad(const std::string& text, std::size_t columns) {
  const std::size_t used = display_width(text);
  return (used < columns ? std::string(columns - used, ' ') : "") + text;
}

void print_table(const AppContext& context, const Comparison& comparison) {
  const auto head = [&](std::string_view word) { return left_pad(context.named(word), 6); };
  context.print(fmt::format("{} {} {} {}  {:<14} {}", pad_to("", 28), head("texts"), head("mean"), head("median"),
                            "95 %", context.named("people score higher")));
  for (const CompareRow& row : comparison.rows) {
    const std::string interval =
        row.interval ? fmt::format("[{:.0f}, {:.0f}]", row.interval->low, row.interval->high) : "-";
    const std::string against = row.against_people
                                    ? fmt::format("{:.2f} [{:.2f}, {:.2f}]", row.against_people->auc,
                                                  row.against_people->interval.low, row.against_people->interval.high)
                                : row.is_people ? context.named("(people)")
                                                : "";
    context.print(fmt::format("{} {:>6} {:>6} {:>6}  {:<14} {}", pad_to(shorten(row.name, 26), 28), row.measured,
                              row.measured > 0 ? fmt::format("{:.1f}", row.mean) : "-",
                              row.measured > 0 ? fmt::format("{:.1f}", row.median) : "-", interval, against));
  }
  if (!comparison.measures.empty()) context.say("people against machines, AUC:");
  for (const CompareMeasureAuc& measure : comparison.measures) {
    const CompareAuc& auc = measure.people_over_machines;
    context.print(fmt::format("  {} {:.2f} [{:.2f}, {:.2f}]", pad_to(context.named(measure.measure), 12), auc.auc,
                              auc.interval.low, auc.interval.high));
  }
}

Result<int> run_compare(AppContext& context, const CompareFlags& flags) {
  BANCHU_TRY(const std::vector<Source> sources, gather(context, flags));
  ArcOptions options = arc_options(context, flags.dials);
  options.with_interval = false;  // the interval of a group comes from its texts
  if (!flags.dials.golden.empty()) {
    BANCHU_TRY(options.standard, open_standard(context, flags.dials));
  }
  BANCHU_TRY(const std::vector<CompareGroup> groups, measure(context, sources, options));
  BANCHU_TRY(const Comparison comparison, compare_groups(groups, kRounds, context.seed_or(1)));
  if (!flags.out.empty()) {
    const bool in_korean = context.language == Language::ko;
    const std::string title = !flags.title.empty() ? flags.title : context.named("Structure compared");
    BANCHU_TRY_STATUS(write_picture(context, flags.out, [&](bool can_draw_hangul) {
      return compare_svg(groups, comparison, title, in_korean, can_draw_hangul);
    }));
  }
  print_table(context, comparison);
  for (const std::string& note : comparison.notes) context.note(translated(note, context.language));
  context.answer(as_json(comparison, groups));
  return 0;
}

}  // namespace

void add_arc_compare_verb(CLI::App& arc, AppContext& context) {
  auto flags = std::make_shared<CompareFlags>();
  CLI::App* compare = add_verb(arc, "compare", "Sets writers beside each other, people and models",
                               "banchu arc compare gpt=stories/gpt --people mine/ -o compare.svg");
  compare->add_option("PATH", flags->paths, "Files, folders or JSON Lines, each a group; NAME=PATH names it");
  compare->add_option("--people", flags->people, "The same, written by people")->type_name("PATH");
  compare->add_option("-o,--out", flags->out, "The chart: .svg or .png")->type_name("FILE");
  compare->add_option("--title", flags->title, "What stands above the chart");
  compare->add_option("--via", flags->server.url, "An OpenAI-compatible server that writes stories")->type_name("URL");
  compare->add_option("--prompt", flags->prompt_file, "What it is asked, in a file")->type_name("FILE");
  compare->add_option("--n", flags->count, "How many stories")->check(CLI::Range(1, 10000))->capture_default_str();
  compare->add_option("--key-file", flags->key_file, "The server's key, in a file")->type_name("FILE");
  compare->add_option("--save", flags->save, "Keeps the stories in this folder")->type_name("DIR");
  compare->add_option("--temperature", flags->server.temperature, "For the stories")->capture_default_str();
  compare->add_option("--max-tokens", flags->server.max_tokens, "For each story")->capture_default_str();
  add_arc_dials(compare, flags->dials);
  on_run(compare, context, [&context, flags] { return run_compare(context, *flags); });
}

}  // namespace banchu
