#include "app/arc_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "arc/plot.h"
#include "base/text.h"

namespace banchu {
namespace {

constexpr std::size_t kWidestArc = 60;
constexpr std::size_t kShownEvidence = 4;
constexpr std::size_t kShownPhases = 9;
constexpr std::size_t kShownCharacters = 60;

std::size_t percent(std::size_t at, std::size_t units) { return units > 1 ? 100 * at / (units - 1) : 0; }

std::string phases_text(const AppContext& context, const Reading& reading) {
  std::string text;
  for (std::size_t i = 0; i < std::min(reading.phases.size(), kShownPhases); ++i) {
    const PhaseSpan& span = reading.phases[i];
    const std::size_t middle = percent((span.begin + span.end - 1) / 2, reading.units.size());
    if (i > 0) text += " · ";
    if (span.phase == Phase::peak) {
      text += context.said("PEAK({} %)", middle);
    } else if (span.phase == Phase::valley) {
      text += context.said("VALLEY({} %)", middle);
    } else {
      text += context.named(kPhaseNames[static_cast<std::size_t>(span.phase)]);
    }
  }
  return reading.phases.size() > kShownPhases ? text + " …" : text;
}

// "turns: opportunity 10 %, ...": where the story turns.
std::string turning_text(const AppContext& context, const Reading& reading) {
  std::string places;
  for (std::size_t k = 0; k < reading.turning_points.size(); ++k) {
    places += fmt::format("{}{} {} %", k > 0 ? ", " : "", context.named(kTurningPointNames[k]),
                          percent(reading.turning_points[k], reading.units.size()));
  }
  return context.said("turns: {}", places);
}

std::string headline(const AppContext& context, const Reading& reading) {
  std::string line = context.said("coherence {:.0f}", *reading.coherence);
  if (reading.interval) line += fmt::format("   [{:.0f}, {:.0f}]", (*reading.interval)[0], (*reading.interval)[1]);
  if (reading.null) line += "   " + context.said("by chance {:.0f}", *reading.null);
  if (reading.standard) line += ", " + context.said("standard {:.0f}", *reading.standard);
  if (reading.ceiling) line += " " + context.said("(golden set held out {:.0f})", *reading.ceiling);
  line += fmt::format("   gamma {} tau {}", reading.gamma, reading.tau);
  if (reading.grid.empty()) return line;
  const auto [low, high] = std::minmax_element(reading.grid.begin(), reading.grid.end(),
                                               [](const auto& a, const auto& b) { return a.coherence < b.coherence; });
  return line + ", " + context.said("range {:.0f} over the whole grid", high->coherence - low->coherence);
}

std::string subscores_text(const AppContext& context, const ArcSubscores& scores) {
  std::string line;
  const auto add = [&](const std::string& name, const std::optional<double>& score) {
    if (score) line += fmt::format("{}{} {:.2f}", line.empty() ? "" : "  ", name, *score);
  };
  add(context.named("order"), scores.order);
  add(context.named("local"), scores.local);
  add(context.named("peak-valley"), scores.peak_valley);
  add(context.named("tension"), scores.tension);
  add(context.named("entities"), scores.entities);
  add(context.named("consistency"), scores.consistency);
  return line;
}

// What an evidence means, in words.
std::string evidence_text(const AppContext& context, const Evidence& evidence) {
  const std::string detail = translated(evidence.detail, context.language);
  if (evidence.rule == "article") return context.said("\"{}\" is spoken of before it is introduced", evidence.detail);
  if (evidence.rule == "pronoun") return context.said("\"{}\" and nobody whom it could mean", evidence.detail);
  if (evidence.rule == "quote") return context.said("speech {}", detail);
  if (evidence.rule == "repetition") return context.said("says again what was said ({})", detail);
  if (evidence.rule == "address") return context.said("changes the manner of address ({})", evidence.detail);
  return evidence.detail.empty() ? evidence.rule : evidence.rule + ": " + detail;
}

void add_evidence(const AppContext& context, const Reading& reading, std::vector<std::string>& lines) {
  const std::string head = context.named("weakest:");
  for (std::size_t i = 0; i < std::min(reading.evidence.size(), kShownEvidence); ++i) {
    const Evidence& evidence = reading.evidence[i];
    const std::string begin = pad_to(i == 0 ? head : "", display_width(head));
    lines.push_back(begin + " " +
                    context.said("sentence {} ({:+.1f}): {}", evidence.unit + 1, evidence.points,
                                 evidence_text(context, evidence)));
    lines.push_back(fmt::format("           {}", shorten(reading.units[evidence.unit].text, kShownCharacters)));
  }
}

std::string cost_text(const AppContext& context, const Reading& reading) {
  const std::string model = reading.inputs.model.empty() ? context.named("no language model used (with one: `--model`)")
                                                         : context.said("{} tokens read", reading.cost.tokens);
  return context.said("{} sentences · {:.2g} s · {}", reading.units.size(), reading.cost.seconds, model);
}

}  // namespace

std::vector<std::string> reading_lines(const AppContext& context, const Reading& reading) {
  std::vector<std::string> lines;
  if (!reading.coherence) {
    lines.push_back(context.said("no number: {}", translated(reading.reason, context.language)));
    return lines;
  }
  const std::size_t columns = context.out.columns();
  lines.push_back(sparkline(reading.arc, std::min(kWidestArc, columns > 4 ? columns - 4 : columns)));
  lines.push_back(phases_text(context, reading));
  if (!reading.turning_points.empty()) lines.push_back(turning_text(context, reading));
  lines.push_back(headline(context, reading));
  lines.push_back(subscores_text(context, reading.subscores));
  add_evidence(context, reading, lines);
  lines.push_back(cost_text(context, reading));
  for (const std::string& note : reading.notes) {
    if (!note.starts_with("no language model")) lines.push_back(translated(note, context.language));
  }
  return lines;
}

}  // namespace banchu
