#include "arc/golden_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "arc/arc.h"
#include "base/json.h"
#include "base/text.h"

namespace banchu {
namespace {

constexpr std::size_t kMostUnits = 20000;
constexpr std::size_t kMostUnitBytes = 20000;

// The faults of one row, as they are found.
class RowReader {
 public:
  RowReader(const Json& json, std::size_t row, std::vector<GoldenFault>& faults)
      : json_(json), row_(row), faults_(faults) {}

  void read(GoldenStory& story) {
    const std::size_t before = faults_.size();
    read_names(story);
    read_units(story);
    if (faults_.size() > before) return;
    story.episode.phases = spans_of(phases_);
    check_order();
    story.episode.peaks = read_extrema("peaks", Phase::peak, story);
    story.episode.valleys = read_extrema("valleys", Phase::valley, story);
    if (faults_.size() == before && story.episode.peaks.empty() && story.episode.valleys.empty())
      complain("units", "no sentence is labelled peak or valley; an arc has at least one of them");
  }

 private:
  void complain(std::string field, std::string what) { faults_.push_back({row_, std::move(field), std::move(what)}); }

  std::string read_text(const char* key, bool is_needed) {
    const auto found = json_.find(key);
    if (found == json_.end() && !is_needed) return "";
    if (found == json_.end()) return complain(key, "is missing"), "";
    if (!found->is_string()) return complain(key, fmt::format("must be a text, not {}", found->type_name())), "";
    const std::string text = found->get<std::string>();
    if (is_needed && trim(text).empty()) complain(key, "is empty");
    return text;
  }

  void read_names(GoldenStory& story) {
    story.episode.id = read_text("id", true);
    story.episode.language = read_text("lang", true);
    const std::string& language = story.episode.language;
    if (!language.empty() && language != "en" && language != "ko")
      complain("lang", fmt::format("\"{}\" is not known (known: en, ko)", shorten(language, 40)));
    story.title = read_text("title", false);
    story.shape = read_text("shape", false);
    story.genre = read_text("genre", false);
    story.episode.author = read_text("author", false);
    story.episode.licence = read_text("licence", false);
  }

  void read_units(GoldenStory& story) {
    const auto units = json_.find("units");
    if (units == json_.end() || !units->is_array()) return complain("units", "must be a list of labelled sentences");
    if (units->size() < kMinUnits || units->size() > kMostUnits)
      return complain("units",
                      fmt::format("holds {} sentences; an episode has {} to {}", units->size(), kMinUnits, kMostUnits));
    for (std::size_t i = 0; i < units->size(); ++i) read_unit((*units)[i], i, story);
  }

  void read_unit(const Json& unit, std::size_t i, GoldenStory& story) {
    const std::string field = fmt::format("units[{}]", i);
    if (!unit.is_object()) return complain(field, fmt::format("must be an object, not {}", unit.type_name()));
    const std::string text = string_at(unit, "text");
    if (!has_word(text) || text.size() > kMostUnitBytes) complain(field + ".text", "must be a sentence");
    const std::optional<Phase> phase = phase_named(string_at(unit, "phase"));
    if (!phase)
      complain(field + ".phase", fmt::format("\"{}\" is not one of {}", shorten(string_at(unit, "phase"), 40),
                                             fmt::join(kPhaseNames, ", ")));
    const double valence = number_at(unit, "valence", std::nan(""));
    if (!(std::abs(valence) <= kGoldenValence)) complain(field + ".valence", "must be a number from -3 to 3");
    story.episode.units.push_back(text);
    phases_.push_back(phase.value_or(Phase::setup));
    story.valence.push_back(valence);
  }

  static bool has_word(const std::string& text) { return std::ranges::any_of(code_points(text), is_word_character); }

  static std::optional<Phase> phase_named(const std::string& name) {
    const auto found = std::ranges::find(kPhaseNames, name);
    if (found == kPhaseNames.end()) return std::nullopt;
    return static_cast<Phase>(found - kPhaseNames.begin());
  }

  void check_order() {
    for (std::size_t i = 1; i < phases_.size(); ++i) {
      if (phases_[i] == phases_[i - 1] || may_follow(phases_[i - 1], phases_[i])) continue;
      complain(fmt::format("units[{}].phase", i),
               fmt::format("\"{}\" cannot follow \"{}\" (a rise leads to a peak, a peak to a fall, a fall to a valley, "
                           "a valley to a rise; setup only at the beginning, close only at the end)",
                           kPhaseNames[static_cast<std::size_t>(phases_[i])],
                           kPhaseNames[static_cast<std::size_t>(phases_[i - 1])]));
    }
  }

  // As given, each inside a span of its phase; where the row names none, as the labels have them.
  std::vector<std::size_t> read_extrema(const char* key, Phase phase, const GoldenStory& story) {
    const auto given = json_.find(key);
    if (given == json_.end()) return extrema_of(story.episode.phases, story.valence, phase);
    std::vector<std::size_t> extrema;
    if (!given->is_array()) return complain(key, "must be a list of sentence numbers, counted from 0"), extrema;
    for (std::size_t i = 0; i < given->size(); ++i) {
      const Json& at = (*given)[i];
      const std::string field = fmt::format("{}[{}]", key, i);
      if (!at.is_number_unsigned() || at.get<std::uint64_t>() >= phases_.size()) {
        complain(field, fmt::format("must be a sentence number from 0 to {}", phases_.size() - 1));
      } else if (phases_[at.get<std::size_t>()] != phase) {
        complain(field, fmt::format("sentence {} is not labelled {}", at.get<std::size_t>(),
                                    kPhaseNames[static_cast<std::size_t>(phase)]));
      } else {
        extrema.push_back(at.get<std::size_t>());
      }
    }
    std::ranges::sort(extrema);
    return extrema;
  }

  const Json& json_;
  std::size_t row_;
  std::vector<GoldenFault>& faults_;
  std::vector<Phase> phases_;
};

}  // namespace

void read_golden_row(std::string_view line, std::size_t row, GoldenStory& story, std::vector<GoldenFault>& faults) {
  if (!is_valid_utf8(line)) return faults.push_back({row, "", "is not valid UTF-8"});
  const Result<Json> json = parse_json_unique(line, "the line");
  if (!json) return faults.push_back({row, "", json.error().message});
  if (!json->is_object()) return faults.push_back({row, "", "must be a JSON object"});
  RowReader(*json, row, faults).read(story);
}

std::string golden_line(const GoldenStory& story) {
  const GoldenEpisode& episode = story.episode;
  const std::vector<Phase> phases = phases_of(episode);
  Json units = Json::array();
  for (std::size_t i = 0; i < episode.units.size(); ++i) {
    units.push_back({{"text", episode.units[i]},
                     {"phase", kPhaseNames[static_cast<std::size_t>(phases[i])]},
                     {"valence", story.valence[i]}});
  }
  const Json row = {{"id", episode.id},           {"lang", episode.language}, {"title", story.title},
                    {"shape", story.shape},       {"genre", story.genre},     {"author", episode.author},
                    {"licence", episode.licence}, {"peaks", episode.peaks},   {"valleys", episode.valleys},
                    {"units", std::move(units)}};
  return to_line(row) + "\n";
}

bool may_follow(Phase before, Phase after) {
  switch (after) {
    case Phase::setup:
      return false;
    case Phase::rise:
      return before == Phase::setup || before == Phase::valley;
    case Phase::peak:
      return before == Phase::setup || before == Phase::rise;
    case Phase::fall:
      return before == Phase::setup || before == Phase::peak;
    case Phase::valley:
      return before == Phase::setup || before == Phase::fall;
    case Phase::close:
      return before == Phase::peak || before == Phase::valley;
  }
  return false;
}

std::vector<PhaseSpan> spans_of(std::span<const Phase> phases) {
  std::vector<PhaseSpan> spans;
  for (std::size_t i = 0; i < phases.size(); ++i) {
    if (spans.empty() || spans.back().phase != phases[i]) spans.push_back({phases[i], i, i});
    spans.back().end = i + 1;
  }
  return spans;
}

std::vector<Phase> phases_of(const GoldenEpisode& episode) {
  std::vector<Phase> phases(episode.units.size(), Phase::setup);
  for (const PhaseSpan& span : episode.phases) {
    for (std::size_t i = span.begin; i < std::min(span.end, phases.size()); ++i) phases[i] = span.phase;
  }
  return phases;
}

std::vector<std::size_t> extrema_of(std::span<const PhaseSpan> spans, std::span<const double> valence, Phase phase) {
  const double sign = phase == Phase::valley ? -1 : 1;
  std::vector<std::size_t> extrema;
  for (const PhaseSpan& span : spans) {
    if (span.phase != phase || span.begin >= std::min(span.end, valence.size())) continue;
    std::size_t best = span.begin;
    for (std::size_t i = span.begin; i < std::min(span.end, valence.size()); ++i) {
      if (sign * valence[i] > sign * valence[best]) best = i;
    }
    extrema.push_back(best);
  }
  return extrema;
}

}  // namespace banchu
