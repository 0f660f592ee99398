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

std::string phases_text(const Reading& reading) {
  std::string text;
  for (std::size_t i = 0; i < std::min(reading.phases.size(), kShownPhases); ++i) {
    const PhaseSpan& span = reading.phases[i];
    const std::size_t middle = percent((span.begin + span.end - 1) / 2, reading.units.size());
    if (i > 0) text += " · ";
    if (span.phase == Phase::peak) {
      text += fmt::format("PEAK({} %)", middle);
    } else if (span.phase == Phase::valley) {
      text += fmt::format("VALLEY({} %)", middle);
    } else {
      text += kPhaseNames[static_cast<std::size_t>(span.phase)];
    }
  }
  return reading.phases.size() > kShownPhases ? text + " …" : text;
}

std::string headline(const Reading& reading) {
  std::string line = fmt::format("coherence {:.0f}", *reading.coherence);
  if (reading.interval) line += fmt::format("   [{:.0f}, {:.0f}]", (*reading.interval)[0], (*reading.interval)[1]);
  if (reading.null) line += fmt::format("   by chance {:.0f}", *reading.null);
  if (reading.standard) line += fmt::format(", standard {:.0f}", *reading.standard);
  if (reading.ceiling) line += fmt::format(" (golden set held out {:.0f})", *reading.ceiling);
  line += fmt::format("   gamma {} tau {}", reading.gamma, reading.tau);
  if (reading.grid.empty()) return line;
  const auto [low, high] = std::minmax_element(reading.grid.begin(), reading.grid.end(),
                                               [](const auto& a, const auto& b) { return a.coherence < b.coherence; });
  return line + fmt::format(", range {:.0f} over the whole grid", high->coherence - low->coherence);
}

std::string subscores_text(const ArcSubscores& scores) {
  std::string line;
  const auto add = [&](const char* name, const std::optional<double>& score) {
    if (score) line += fmt::format("{}{} {:.2f}", line.empty() ? "" : "  ", name, *score);
  };
  add("order", scores.order);
  add("local", scores.local);
  add("peak-valley", scores.peak_valley);
  add("tension", scores.tension);
  add("entities", scores.entities);
  add("consistency", scores.consistency);
  return line;
}

// What an evidence means, in words.
std::string evidence_text(const Evidence& evidence) {
  if (evidence.rule == "article") return fmt::format("\"{}\" is spoken of before it is introduced", evidence.detail);
  if (evidence.rule == "pronoun") return fmt::format("\"{}\" and nobody whom it could mean", evidence.detail);
  if (evidence.rule == "quote") return fmt::format("speech {}", evidence.detail);
  if (evidence.rule == "repetition") return fmt::format("says again what was said ({})", evidence.detail);
  if (evidence.rule == "address") return fmt::format("changes the manner of address ({})", evidence.detail);
  return evidence.detail.empty() ? evidence.rule : evidence.rule + ": " + evidence.detail;
}

void add_evidence(const Reading& reading, std::vector<std::string>& lines) {
  for (std::size_t i = 0; i < std::min(reading.evidence.size(), kShownEvidence); ++i) {
    const Evidence& evidence = reading.evidence[i];
    lines.push_back(fmt::format("{} sentence {} ({:+.1f}): {}", i == 0 ? "weakest:" : "        ", evidence.unit + 1,
                                evidence.points, evidence_text(evidence)));
    lines.push_back(fmt::format("           {}", shorten(reading.units[evidence.unit].text, kShownCharacters)));
  }
}

}  // namespace

std::vector<std::string> reading_lines(const Reading& reading, std::size_t columns) {
  std::vector<std::string> lines;
  if (!reading.coherence) {
    lines.push_back("no number: " + reading.reason);
    return lines;
  }
  lines.push_back(sparkline(reading.arc, std::min(kWidestArc, columns > 4 ? columns - 4 : columns)));
  lines.push_back(phases_text(reading));
  lines.push_back(headline(reading));
  lines.push_back(subscores_text(reading.subscores));
  add_evidence(reading, lines);
  lines.push_back(fmt::format("{} sentences · {:.2g} s · {}", reading.units.size(), reading.cost.seconds,
                              reading.inputs.model.empty() ? "no language model used (with one: `--model`)"
                                                           : fmt::format("{} tokens read", reading.cost.tokens)));
  for (const std::string& note : reading.notes) {
    if (!note.starts_with("no language model")) lines.push_back(note);
  }
  return lines;
}

}  // namespace banchu
