// From a writer's volumes to his golden set: the episodes found in his books, each with what the engine read in it and
// with labels that he accepts or changes.
//
// The engine proposes, the writer decides: a proposal becomes a golden episode only when it is accepted.
// Threads: one. Errors: those of the measuring function; InvalidArgument (a place outside of the episode).
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arc/arc.h"
#include "arc/book.h"
#include "arc/golden.h"

namespace banchu {

inline constexpr std::size_t kLongestEpisodeUnits = 150;  // a longer chapter is offered in parts

// How an episode is measured; app passes score_units with the dials in force.
using MeasureEpisode = std::function<Result<Reading>(std::span<const ArcTurn>)>;

struct SeriesEpisode {
  enum class State { open, accepted, skipped };
  std::size_t book = 0;   // in the series
  std::size_t begin = 0;  // units of the book, so that an id survives splitting and merging elsewhere
  std::size_t end = 0;
  std::string title;            // "Book · Chapter", or the writer's
  std::string shape;            // the writer's word for the arc
  std::vector<Phase> phases;    // [units]
  std::vector<double> valence;  // [units], -3 .. 3
  Reading reading;
  State state = State::open;

  std::size_t size() const { return end - begin; }
};

struct SeriesBook {
  std::string title;
  std::string digest;  // of the file
  std::vector<std::string> units;
  std::vector<std::size_t> paragraph_starts;  // units
};

struct BookSeries {
  std::vector<SeriesBook> books;
  std::vector<SeriesEpisode> episodes;
  std::vector<std::string> notes;  // what was too short to be an episode
};

// Chapters become episodes; long ones are parted at scene breaks, else at paragraphs; tiny ones join their neighbour.
Result<BookSeries> find_series(std::span<const Book> books, const MeasureEpisode& measure, const CancelFlag* cancel,
                               const ProgressSink& progress);

// "3f9a2c-0123-0160": sentences 123 to 160 of the book with that digest.
std::string id_of(const BookSeries& series, const SeriesEpisode& episode);
std::span<const std::string> units_of(const BookSeries& series, const SeriesEpisode& episode);

// `at` counts the episode's own sentences from 0 and begins the second half; both halves need kMinUnits.
Status split_episode(BookSeries& series, std::size_t episode, std::size_t at, const MeasureEpisode& measure);
// With the episode behind it, of the same book.
Status merge_episodes(BookSeries& series, std::size_t episode, const MeasureEpisode& measure);

// Labels as the engine sees them: valence from the arc, its furthest point a 3, phases from its peaks and valleys, in
// an order that is allowed.
void propose_labels(SeriesEpisode& episode);
// Phases for `units` sentences around alternating extrema: setup, rise or fall, peak or valley, ..., close.
std::vector<Phase> phases_around(std::size_t units, std::span<const Extremum> peaks, std::span<const Extremum> valleys);

// What an earlier evening accepted is accepted, with its labels. Answers how many were found again.
std::size_t resume_series(BookSeries& series, const GoldenSet& earlier);

struct SeriesAuthor {
  std::string author;
  std::string licence = "all rights reserved";
};
GoldenStory story_of(const BookSeries& series, const SeriesEpisode& episode, const SeriesAuthor& author);

// JSON Lines, one sentence a line: text, structure, emotion and context. Skipped episodes are left out.
std::string series_dataset(const BookSeries& series);
// The whole series on one page: every episode's arc, book by book, and above them the series as one arc.
std::string series_svg(const BookSeries& series, const std::string& title, bool in_korean, bool can_draw_hangul);

}  // namespace banchu
