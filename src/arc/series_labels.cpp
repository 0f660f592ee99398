// What the engine read, turned into labels that a person can accept or change.
#include <algorithm>
#include <cmath>

#include "arc/series.h"
#include "base/text.h"

namespace banchu {
namespace {

struct Turn {
  std::size_t at = 0;
  bool is_peak = true;
  double prominence = 0;
};

// Peaks and valleys in the order of the text; of two neighbours of one kind the weaker is dropped.
std::vector<Turn> turns_of(std::span<const Extremum> peaks, std::span<const Extremum> valleys, std::size_t units) {
  std::vector<Turn> all;
  for (const Extremum& peak : peaks) all.push_back({peak.at, true, peak.prominence});
  for (const Extremum& valley : valleys) all.push_back({valley.at, false, valley.prominence});
  std::erase_if(all, [&](const Turn& turn) { return turn.at >= units; });
  std::ranges::sort(all, {}, &Turn::at);
  std::vector<Turn> turns;
  for (const Turn& turn : all) {
    if (turns.empty() || turns.back().is_peak != turn.is_peak) {
      if (turns.empty() || turn.at > turns.back().at + 1) turns.push_back(turn);  // room for a rise or a fall
    } else if (turn.prominence > turns.back().prominence) {
      turns.back() = turn;
    }
  }
  return turns;
}

bool is_korean(const BookSeries& series, const SeriesEpisode& episode) {
  std::size_t hangul = 0, letters = 0;
  for (const std::string& unit : units_of(series, episode)) {
    for (const char32_t c : code_points(unit)) {
      hangul += is_hangul(c) ? 1 : 0;
      letters += is_word_character(c) ? 1 : 0;
    }
  }
  return hangul * 3 > letters;
}

}  // namespace

std::vector<Phase> phases_around(std::size_t units, std::span<const Extremum> peaks,
                                 std::span<const Extremum> valleys) {
  std::vector<Phase> phases(units, Phase::setup);
  const std::vector<Turn> turns = turns_of(peaks, valleys, units);
  const std::size_t reach = std::max<std::size_t>(1, units / 30);
  std::size_t done = 0;  // the first unit that has no phase yet
  const auto fill = [&](std::size_t end, Phase phase) {
    for (; done < std::min(end, units); ++done) phases[done] = phase;
  };
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const std::size_t begin = turns[i].at > reach ? turns[i].at - reach : 0;
    const std::size_t next = i + 1 < turns.size() ? turns[i + 1].at : units;
    if (i == 0) fill(begin / 3, Phase::setup);
    fill(std::min(std::max(begin, done + (i > 0 ? 1 : 0)), turns[i].at), turns[i].is_peak ? Phase::rise : Phase::fall);
    fill(std::max(turns[i].at + 1, std::min(turns[i].at + reach + 1, next > 1 ? next - 1 : next)),
         turns[i].is_peak ? Phase::peak : Phase::valley);
  }
  fill(units, turns.empty() ? Phase::setup : Phase::close);
  return phases;
}

void propose_labels(SeriesEpisode& episode) {
  const Reading& reading = episode.reading;
  double most = 0;
  for (const double value : reading.arc) most = std::max(most, std::abs(value));
  const double scale = most > 1e-9 ? kGoldenValence / most : 0;
  episode.valence.clear();
  for (std::size_t i = 0; i < episode.size(); ++i) {
    const double value = i < reading.arc.size() ? reading.arc[i] * scale : 0;
    episode.valence.push_back(std::round(value * 2) / 2 + 0.0);  // halves; no -0
  }
  episode.phases = phases_around(episode.size(), reading.peaks, reading.valleys);
}

std::size_t resume_series(BookSeries& series, const GoldenSet& earlier) {
  std::size_t found = 0;
  for (SeriesEpisode& episode : series.episodes) {
    const std::string id = id_of(series, episode);
    const auto story = std::ranges::find(
        earlier.stories, id, [](const GoldenStory& one) -> const auto& { return one.episode.id; });
    if (story == earlier.stories.end() || story->episode.units.size() != episode.size()) continue;
    episode.title = story->title;
    episode.shape = story->shape;
    episode.phases = phases_of(story->episode);
    episode.valence = story->valence;
    episode.state = SeriesEpisode::State::accepted;
    ++found;
  }
  return found;
}

GoldenStory story_of(const BookSeries& series, const SeriesEpisode& episode, const SeriesAuthor& author) {
  GoldenStory story;
  story.title = episode.title;
  story.shape = episode.shape;
  story.valence = episode.valence;
  GoldenEpisode& golden = story.episode;
  golden.id = id_of(series, episode);
  golden.language = is_korean(series, episode) ? "ko" : "en";
  const auto units = units_of(series, episode);
  golden.units.assign(units.begin(), units.end());
  golden.phases = spans_of(episode.phases);
  golden.peaks = extrema_of(golden.phases, story.valence, Phase::peak);
  golden.valleys = extrema_of(golden.phases, story.valence, Phase::valley);
  golden.author = author.author;
  golden.licence = author.licence;
  return story;
}

}  // namespace banchu
