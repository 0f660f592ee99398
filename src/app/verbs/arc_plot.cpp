// arc plot: one text as a picture.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "app/arc_open.h"
#include "app/verbs.h"
#include "arc/compare_texts.h"
#include "arc/plot.h"

namespace banchu {
namespace {

struct PlotFlags {
  ArcDials dials;
  std::string file;
  std::string out;
  std::string id;
  std::string title;
  std::string probe;
};

// The one text of the file, or the one that --id names.
Result<SourceText> pick_text(const PlotFlags& flags) {
  BANCHU_TRY(std::vector<SourceText> texts, read_texts(flags.file));
  if (flags.id.empty() && texts.size() == 1) return std::move(texts.front());
  const auto found = std::ranges::find(texts, flags.id, &SourceText::name);
  if (found != texts.end()) return std::move(*found);
  std::string known;
  for (std::size_t i = 0; i < std::min<std::size_t>(texts.size(), 8); ++i)
    known += (i == 0 ? "" : ", ") + texts[i].name;
  return make_error(Code::InvalidArgument,
                    flags.id.empty() ? fmt::format("{} holds {} texts", flags.file, texts.size())
                                     : fmt::format("{} holds no text \"{}\"", flags.file, flags.id),
                    fmt::format("name one with --id: {}{}", known, texts.size() > 8 ? ", …" : ""));
}

// Labels run from -3 to 3; the arc is in standard deviations.
std::vector<double> as_arc(const std::vector<double>& labels) {
  std::vector<double> arc;
  for (const double label : labels) arc.push_back(label / 1.5);
  return arc;
}

Result<int> run_plot(AppContext& context, const PlotFlags& flags) {
  BANCHU_TRY(const SourceText text, pick_text(flags));
  ArcOptions options = arc_options(context, flags.dials);
  BANCHU_TRY_STATUS(check_dials(options));
  BANCHU_TRY(const ArcModel open, open_probed_model(context, flags.probe));
  options.session = open.session.get();
  options.probe = open.probe;
  if (!flags.dials.golden.empty()) {
    BANCHU_TRY(options.standard, open_standard(context, flags.dials));
  }
  BANCHU_TRY(const Reading reading, score_units(text.units, options));
  PlotOptions plot;
  plot.title = flags.title.empty() ? text.name : flags.title;
  plot.in_korean = context.language == Language::ko;
  plot.reference = as_arc(text.labels);
  plot.reference_name = context.named("a person's labels");
  BANCHU_TRY_STATUS(write_picture(context, flags.out, [&](bool can_draw_hangul) {
    plot.can_draw_hangul = can_draw_hangul;
    return plot_svg(reading, plot);
  }));
  if (open.model != nullptr) {
    for (const std::string& note : reading.notes) context.note(translated(note, context.language));
  }
  context.print(sparkline(reading.arc, 60));
  context.say(
      "{}: {} sentences, coherence {}", flags.out, reading.units.size(),
      reading.coherence ? fmt::format("{:.0f}", *reading.coherence) : translated(reading.reason, context.language));
  context.answer({{"picture", flags.out},
                  {"units", reading.units.size()},
                  {"coherence", reading.coherence ? Json(*reading.coherence) : Json()},
                  {"reason", reading.reason}});
  return 0;
}

}  // namespace

void add_arc_plot_verb(CLI::App& arc, AppContext& context) {
  auto flags = std::make_shared<PlotFlags>();
  CLI::App* plot = add_verb(arc, "plot", "A text's arc as a picture: peaks, valleys, phases, evidence",
                            "banchu arc plot ch07.txt -o ch07.svg");
  plot->add_option("FILE", flags->file, "Text, Markdown, EPUB, DOCX or JSON Lines")->required();
  plot->add_option("-o,--out", flags->out, "The picture: .svg or .png")->required()->type_name("FILE");
  plot->add_option("--id", flags->id, "Which text, where the file holds several");
  plot->add_option("--title", flags->title, "What stands above it");
  add_arc_dials(plot, flags->dials);
  add_probe_flag(plot, flags->probe);
  on_run(plot, context, [&context, flags] { return run_plot(context, *flags); });
}

}  // namespace banchu
