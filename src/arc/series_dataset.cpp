// The annotated text as a dataset: for each sentence its text, its place in the structure, its emotion, its context.
#include <algorithm>

#include "arc/series.h"
#include "base/json.h"

namespace banchu {
namespace {

constexpr std::size_t kContextBefore = 3, kContextAfter = 1;

Json sentences(std::span<const std::string> units, std::size_t begin, std::size_t end) {
  Json list = Json::array();
  for (std::size_t i = begin; i < std::min(end, units.size()); ++i) list.push_back(units[i]);
  return list;
}

bool is_at(const std::vector<std::size_t>& extrema, std::size_t unit) {
  return std::ranges::find(extrema, unit) != extrema.end();
}

Json structure_of(const GoldenStory& story, const SeriesEpisode& episode, std::size_t unit) {
  return {{"phase", kPhaseNames[static_cast<std::size_t>(episode.phases[unit])]},
          {"position", (static_cast<double>(unit) + 0.5) / static_cast<double>(episode.size())},
          {"peak", is_at(story.episode.peaks, unit)},
          {"valley", is_at(story.episode.valleys, unit)},
          {"shape", episode.shape}};
}

Json emotion_of(const SeriesEpisode& episode, std::size_t unit) {
  Json emotion = {{"label", episode.valence[unit]}};
  const Reading& reading = episode.reading;
  if (unit < reading.arc.size()) emotion["arc"] = reading.arc[unit];
  if (unit < reading.units.size()) {
    emotion["valence"] = reading.units[unit].valence;
    emotion["arousal"] = reading.units[unit].arousal;
    emotion["coverage"] = reading.units[unit].coverage;
  }
  return emotion;
}

Json context_of(std::span<const std::string> units, const SeriesEpisode& episode, std::size_t unit) {
  Json fired = Json::array();
  for (const Evidence& evidence : episode.reading.evidence) {
    if (evidence.unit == unit)
      fired.push_back({{"rule", evidence.rule}, {"points", evidence.points}, {"detail", evidence.detail}});
  }
  return {{"before", sentences(units, unit > kContextBefore ? unit - kContextBefore : 0, unit)},
          {"after", sentences(units, unit + 1, unit + 1 + kContextAfter)},
          {"evidence", std::move(fired)}};
}

void add_episode(const BookSeries& series, const SeriesEpisode& episode, std::string& out) {
  const GoldenStory story = story_of(series, episode, {});
  const auto units = units_of(series, episode);
  for (std::size_t unit = 0; unit < units.size(); ++unit) {
    out += to_line({{"book", series.books[episode.book].title},
                    {"episode", story.episode.id},
                    {"title", episode.title},
                    {"lang", story.episode.language},
                    {"unit", unit},
                    {"accepted", episode.state == SeriesEpisode::State::accepted},
                    {"text", units[unit]},
                    {"structure", structure_of(story, episode, unit)},
                    {"emotion", emotion_of(episode, unit)},
                    {"context", context_of(units, episode, unit)}});
    out += '\n';
  }
}

}  // namespace

std::string series_dataset(const BookSeries& series) {
  std::string out;
  for (const SeriesEpisode& episode : series.episodes) {
    if (episode.state != SeriesEpisode::State::skipped) add_episode(series, episode, out);
  }
  return out;
}

}  // namespace banchu
