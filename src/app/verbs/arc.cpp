// arc score: the measuring engine, without any companion.
#include "arc/arc.h"

#include <fmt/format.h>

#include <memory>

#include "app/arc_open.h"
#include "app/arc_text.h"
#include "app/verbs.h"
#include "arc/reading_json.h"
#include "base/file.h"
#include "base/text.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;

struct ArcFlags {
  std::vector<std::string> files;
  ArcDials dials;
  bool no_model = false;
  std::string probe;
};

// Only --model brings a language model in.
Result<ArcModel> open_model(const AppContext& context, const ArcFlags& flags) {
  if (flags.no_model && !context.options.model.empty()) {
    return make_error(Code::InvalidArgument, "--model and --no-model contradict each other", "give one of them");
  }
  if (flags.no_model) context.note(context.named("no language model is used: lexicon and rules only"));
  return open_probed_model(context, flags.probe);
}

// A conversation: one JSON object a line with "messages"; every message is a turn.
Result<std::vector<ArcTurn>> read_turns(const std::string& file, std::string_view bytes) {
  std::vector<ArcTurn> turns;
  for (std::size_t line = 1; !bytes.empty(); ++line) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view row = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (trim(row).empty()) continue;
    BANCHU_TRY(const Json json, parse_json(row, fmt::format("{} line {}", file, line)));
    if (!json.is_object() || !json.contains("messages") || !json["messages"].is_array()) {
      return make_error(Code::InvalidArgument, fmt::format("{} line {}: \"messages\" is missing", file, line),
                        "one conversation a line: {\"messages\":[{\"role\",\"content\"}...]}");
    }
    for (const Json& message : json["messages"]) {
      turns.push_back({string_at(message, "role"), string_at(message, "content")});
    }
  }
  return turns;
}

Result<Reading> score_file(const std::string& file, const ArcOptions& options) {
  BANCHU_TRY(const std::string bytes, read_file(file, kMaxTextBytes));
  if (fs::path(file).extension() != ".jsonl") return score_text(bytes, options);
  BANCHU_TRY(const std::vector<ArcTurn> turns, read_turns(file, bytes));
  return score_units(turns, options);
}

Result<int> run_score(AppContext& context, const ArcFlags& flags) {
  ArcOptions options = arc_options(context, flags.dials);
  BANCHU_TRY_STATUS(check_dials(options));
  BANCHU_TRY(const ArcModel open, open_model(context, flags));
  options.session = open.session.get();
  options.probe = open.probe;
  BANCHU_TRY(options.standard, open_standard(context, flags.dials));
  Json readings = Json::array();
  for (const std::string& file : flags.files) {
    BANCHU_TRY(const Reading reading, score_file(file, options));
    if (flags.files.size() > 1) context.print(context.out.paint(Style::bold, file));
    for (const std::string& line : reading_lines(context, reading)) context.print("  " + line);
    if (context.options.json) {
      Json json = reading_to_json(reading);
      json["file"] = file;
      readings.push_back(std::move(json));
    }
  }
  if (flags.files.size() == 1 && context.options.json) {
    context.answer(readings[0]);
  } else {
    context.answer({{"readings", std::move(readings)}});
  }
  return 0;
}

}  // namespace

void add_arc_verbs(CLI::App& app, AppContext& context) {
  CLI::App* arc =
      add_group(app, "arc", "Measures the structure of a story or a conversation", "banchu arc score ch07.txt");
  auto flags = std::make_shared<ArcFlags>();
  CLI::App* score =
      add_verb(*arc, "score", "How well the structure holds together, 0 to 100", "banchu arc score ch07.txt");
  score->add_option("file", flags->files, "Texts (UTF-8), or conversations (.jsonl)")->required()->type_name("FILE");
  add_arc_dials(score, flags->dials);
  add_probe_flag(score, flags->probe);
  score->add_flag("--no-model", flags->no_model, "Says aloud that no language model is used");
  on_run(score, context, [&context, flags] { return run_score(context, *flags); });
  add_arc_plot_verb(*arc, context);
  add_arc_compare_verb(*arc, context);
  add_arc_calibrate_verb(*arc, context);
  add_arc_golden_verbs(*arc, context);
}

}  // namespace banchu
