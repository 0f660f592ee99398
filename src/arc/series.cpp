#include "arc/series.h"

#include <fmt/format.h>

#include <algorithm>

namespace banchu {
namespace {

constexpr std::size_t kIdDigits = 6;

// One chapter as runs of units that belong together.
struct Scene {
  std::size_t begin = 0;
  std::size_t end = 0;
};

Scene add_scene(SeriesBook& book, const BookScene& scene) {
  Scene added{book.units.size(), 0};
  for (const std::string& paragraph : scene.paragraphs) {
    book.paragraph_starts.push_back(book.units.size());
    for (ArcTurn& sentence : split_sentences(paragraph)) book.units.push_back(std::move(sentence.text));
  }
  added.end = book.units.size();
  return added;
}

// The paragraph start nearest to `wanted` inside (begin, end); `wanted` itself where the text has none.
std::size_t nearest_paragraph(const SeriesBook& book, std::size_t begin, std::size_t end, std::size_t wanted) {
  std::size_t best = wanted;
  std::size_t distance = kLongestEpisodeUnits / 4;
  const auto first = std::ranges::lower_bound(book.paragraph_starts, wanted > distance ? wanted - distance : 0);
  for (auto start = first; start != book.paragraph_starts.end() && *start <= wanted + distance; ++start) {
    const std::size_t away = *start > wanted ? *start - wanted : wanted - *start;
    if (*start < begin + kMinUnits || *start + kMinUnits > end || away >= distance) continue;
    best = *start;
    distance = away;
  }
  return best;
}

// A scene that is too long for one picture, cut into nearly equal parts.
void cut_scene(const SeriesBook& book, Scene scene, std::vector<Scene>& out) {
  const std::size_t size = scene.end - scene.begin;
  const std::size_t parts = (size + kLongestEpisodeUnits - 1) / kLongestEpisodeUnits;
  std::size_t from = scene.begin;
  for (std::size_t part = 1; part < parts; ++part) {
    const std::size_t to = nearest_paragraph(book, from, scene.end, scene.begin + size * part / parts);
    if (to <= from) continue;
    out.push_back({from, to});
    from = to;
  }
  out.push_back({from, scene.end});
}

// Scenes of one chapter to episodes: short ones join while there is room.
std::vector<Scene> episodes_in(const SeriesBook& book, const std::vector<Scene>& scenes) {
  std::vector<Scene> cut;
  for (const Scene& scene : scenes) cut_scene(book, scene, cut);
  std::vector<Scene> joined;
  for (const Scene& scene : cut) {
    const bool has_room = !joined.empty() && scene.end - joined.back().begin <= kLongestEpisodeUnits;
    const bool is_tiny = scene.end - scene.begin < kMinUnits && !joined.empty();
    if (has_room || is_tiny) {
      joined.back().end = scene.end;
    } else {
      joined.push_back(scene);
    }
  }
  return joined;
}

std::string title_of(const Book& book, const BookChapter& chapter, std::size_t number, std::size_t part,
                     std::size_t parts) {
  std::string title = chapter.title.empty() ? fmt::format("{} · {}", book.title, number + 1)
                                            : fmt::format("{} · {}", book.title, chapter.title);
  if (parts > 1) title += fmt::format(" ({}/{})", part + 1, parts);
  return title;
}

void add_chapter(BookSeries& series, const Book& book, std::size_t number) {
  SeriesBook& into = series.books.back();
  const BookChapter& chapter = book.chapters[number];
  std::vector<Scene> scenes;
  for (const BookScene& scene : chapter.scenes) scenes.push_back(add_scene(into, scene));
  const std::vector<Scene> parts = episodes_in(into, scenes);
  for (std::size_t part = 0; part < parts.size(); ++part) {
    const std::string title = title_of(book, chapter, number, part, parts.size());
    if (parts[part].end - parts[part].begin < kMinUnits) {
      series.notes.push_back(fmt::format("{}: fewer than {} sentences, left out", title, kMinUnits));
      continue;
    }
    SeriesEpisode episode;
    episode.book = series.books.size() - 1;
    episode.begin = parts[part].begin;
    episode.end = parts[part].end;
    episode.title = title;
    series.episodes.push_back(std::move(episode));
  }
}

Status measure_episode(const BookSeries& series, SeriesEpisode& episode, const MeasureEpisode& measure) {
  std::vector<ArcTurn> turns;
  for (const std::string& unit : units_of(series, episode)) turns.push_back({"", unit});
  BANCHU_TRY(episode.reading, measure(turns));
  propose_labels(episode);
  return {};
}

Error no_such_place(const std::string& what, const std::string& hint) {
  return make_error(Code::InvalidArgument, what, hint);
}

}  // namespace

Result<BookSeries> find_series(std::span<const Book> books, const MeasureEpisode& measure, const CancelFlag* cancel,
                               const ProgressSink& progress) {
  BookSeries series;
  for (const Book& book : books) {
    series.books.push_back({book.title, book.digest, {}, {}});
    for (std::size_t number = 0; number < book.chapters.size(); ++number) add_chapter(series, book, number);
  }
  for (std::size_t i = 0; i < series.episodes.size(); ++i) {
    if (is_cancelled(cancel)) return make_error(Code::Cancelled, "stopped while the episodes were read");
    BANCHU_TRY_STATUS(measure_episode(series, series.episodes[i], measure));
    if (progress) progress({"reading", i + 1, series.episodes.size(), "episode", series.episodes[i].title});
  }
  return series;
}

std::string id_of(const BookSeries& series, const SeriesEpisode& episode) {
  return fmt::format("{}-{:04}-{:04}", series.books[episode.book].digest.substr(0, kIdDigits), episode.begin + 1,
                     episode.end);
}

std::span<const std::string> units_of(const BookSeries& series, const SeriesEpisode& episode) {
  return std::span(series.books[episode.book].units).subspan(episode.begin, episode.size());
}

Status split_episode(BookSeries& series, std::size_t index, std::size_t at, const MeasureEpisode& measure) {
  SeriesEpisode first = series.episodes[index];
  if (at < kMinUnits || at + kMinUnits > first.size())
    return no_such_place(fmt::format("sentence {} leaves a part of fewer than {} sentences", at + 1, kMinUnits),
                         fmt::format("the second part may begin at {} to {}", kMinUnits + 1,
                                     first.size() < kMinUnits ? 0 : first.size() - kMinUnits + 1));
  SeriesEpisode second = first;
  first.end = second.begin = first.begin + at;
  first.state = second.state = SeriesEpisode::State::open;
  second.title += " II";
  BANCHU_TRY_STATUS(measure_episode(series, first, measure));
  BANCHU_TRY_STATUS(measure_episode(series, second, measure));
  series.episodes[index] = std::move(first);
  series.episodes.insert(series.episodes.begin() + static_cast<std::ptrdiff_t>(index) + 1, std::move(second));
  return {};
}

Status merge_episodes(BookSeries& series, std::size_t index, const MeasureEpisode& measure) {
  if (index + 1 >= series.episodes.size() || series.episodes[index + 1].book != series.episodes[index].book)
    return no_such_place("there is no episode behind this one in its book", "`back` goes to the one before");
  SeriesEpisode merged = series.episodes[index];
  merged.end = series.episodes[index + 1].end;
  merged.state = SeriesEpisode::State::open;
  BANCHU_TRY_STATUS(measure_episode(series, merged, measure));
  series.episodes[index] = std::move(merged);
  series.episodes.erase(series.episodes.begin() + static_cast<std::ptrdiff_t>(index) + 1);
  return {};
}

}  // namespace banchu
