#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "arc/plot_canvas.h"
#include "arc/plot_style.h"
#include "arc/series.h"

namespace banchu {
namespace {

using namespace plot_style;

constexpr double kWidth = 1120, kMargin = 40;
constexpr std::size_t kColumns = 5;
constexpr double kCellWidth = (kWidth - 2 * kMargin) / kColumns, kCellHeight = 112;
constexpr double kHeader = 92, kWholeHeight = 128, kBookHeader = 40;
constexpr std::size_t kMostPoints = 120;
constexpr std::size_t kMostEpisodes = 400;  // a page with more is no page

std::vector<double> thinned(const std::vector<double>& values, std::size_t most) {
  std::vector<double> out;
  const std::size_t n = std::min(values.size(), most);
  for (std::size_t i = 0; i < n; ++i) out.push_back(values[i * values.size() / n]);
  return out;
}

double mean_of(const std::vector<ArcUnit>& units) {
  double sum = 0;
  for (const ArcUnit& unit : units) sum += unit.valence;
  return units.empty() ? 0 : sum / static_cast<double>(units.size());
}

class SeriesPage {
 public:
  SeriesPage(const BookSeries& series, const std::string& title, bool in_korean, bool can_draw_hangul)
      : series_(series),
        korean_(in_korean && can_draw_hangul),
        can_draw_hangul_(can_draw_hangul),
        shown_(std::min(series.episodes.size(), kMostEpisodes)),
        canvas_(kWidth, height_of(series, shown_), drawable(title, can_draw_hangul)) {
    for (const SeriesEpisode& episode : series.episodes) {
      for (const double value : episode.reading.arc) most_ = std::max(most_, std::abs(value));
    }
    canvas_.text({kMargin, 44}, fitted(shown(title), 70), {kInk, 23, "start", true});
    canvas_.text({kMargin, 68}, counts(), {kQuiet, 13});
  }

  std::string draw() {
    draw_whole();
    double y = kHeader + kWholeHeight;
    std::size_t i = 0;
    while (i < shown_) {
      const std::size_t book = series_.episodes[i].book;
      canvas_.text({kMargin, y + 26}, fitted(shown(series_.books[book].title), 90), {kInk, 15, "start", true});
      y += kBookHeader;
      std::size_t column = 0;
      for (; i < shown_ && series_.episodes[i].book == book; ++i) {
        draw_cell(series_.episodes[i], kMargin + static_cast<double>(column) * kCellWidth, y);
        column = (column + 1) % kColumns;
        if (column == 0) y += kCellHeight;
      }
      if (column != 0) y += kCellHeight;
    }
    return canvas_.finished();
  }

 private:
  std::string_view say(std::string_view english, std::string_view korean) const { return korean_ ? korean : english; }
  std::string shown(std::string_view text) const { return drawable(text, can_draw_hangul_); }

  static double height_of(const BookSeries& series, std::size_t shown) {
    double height = kHeader + kWholeHeight + 30;
    for (std::size_t i = 0; i < shown;) {
      std::size_t count = 0;
      const std::size_t book = series.episodes[i].book;
      for (; i < shown && series.episodes[i].book == book; ++i) ++count;
      height += kBookHeader + static_cast<double>((count + kColumns - 1) / kColumns) * kCellHeight;
    }
    return height;
  }

  std::string counts() const {
    const auto accepted = std::ranges::count(series_.episodes, SeriesEpisode::State::accepted, &SeriesEpisode::state);
    std::string line = korean_ ? fmt::format("책 {}권 · 에피소드 {}편 · 골든 셋 {}편", series_.books.size(),
                                             series_.episodes.size(), accepted)
                               : fmt::format("{} books · {} episodes · {} in the golden set", series_.books.size(),
                                             series_.episodes.size(), accepted);
    if (shown_ < series_.episodes.size())
      line +=
          korean_ ? fmt::format(" · 앞의 {}편만 그렸습니다", shown_) : fmt::format(" · the first {} are drawn", shown_);
    return line;
  }

  // The series as one arc: the mean feeling of each episode.
  void draw_whole() {
    std::vector<double> means;
    for (std::size_t i = 0; i < shown_; ++i) means.push_back(mean_of(series_.episodes[i].reading.units));
    if (means.empty()) return;
    const double most =
        std::max(1e-6, std::abs(*std::ranges::max_element(means, {}, [](double m) { return std::abs(m); })));
    const double middle = kHeader + kWholeHeight / 2;
    canvas_.line({kMargin, middle}, {kWidth - kMargin, middle}, {"", "#b9b4a6", 1});
    canvas_.text({kMargin, kHeader + 4},
                 say("the whole series: the mean feeling of each episode", "시리즈 전체: 에피소드마다의 평균 감정"),
                 {kQuiet, 11});
    std::vector<PlotPoint> points;
    const double step = (kWidth - 2 * kMargin) / static_cast<double>(means.size());
    for (std::size_t i = 0; i < means.size(); ++i)
      points.push_back(
          {kMargin + (static_cast<double>(i) + 0.5) * step, middle - means[i] / most * (kWholeHeight / 2 - 16)});
    canvas_.curve(points, {"", kArc, 3});
    for (std::size_t i = 0; i < points.size(); ++i)
      canvas_.circle(points[i], 4, {kArc}, fmt::format("{}: {:+.2f}", shown(series_.episodes[i].title), means[i]));
  }

  void draw_cell(const SeriesEpisode& episode, double x, double y) {
    const bool is_accepted = episode.state == SeriesEpisode::State::accepted;
    const double opacity = episode.state == SeriesEpisode::State::skipped ? 0.35 : 1;
    const double left = x + 4, width = kCellWidth - 14, top = y + 22, height = 58;
    canvas_.text({left, y + 14}, fitted(shown(chapter_of(episode.title)), 25),
                 {is_accepted ? kInk : kQuiet, 12, "start", is_accepted});
    draw_phases(episode, left, top + height + 4, width, opacity);
    if (is_accepted) canvas_.circle({left + width - 5, y + 10}, 4.5, {kPeak}, say("in the golden set", "골든 셋"));
    std::vector<PlotPoint> points;
    const std::vector<double> arc = thinned(episode.reading.arc, kMostPoints);
    for (std::size_t i = 0; i < arc.size(); ++i)
      points.push_back({left + (static_cast<double>(i) + 0.5) / static_cast<double>(arc.size()) * width,
                        top + height / 2 - arc[i] / most_ * (height / 2)});
    canvas_.line({left, top + height / 2}, {left + width, top + height / 2}, {"", kFaint, 1});
    canvas_.curve(points, {"", kArc, 2.2, "", opacity});
    if (episode.reading.coherence)
      canvas_.text({left + width, top + height - 2}, fmt::format("{:.0f}", *episode.reading.coherence),
                   {kQuiet, 11, "end", false, true});
  }

  void draw_phases(const SeriesEpisode& episode, double x, double y, double width, double opacity) {
    for (const PhaseSpan& span : spans_of(episode.phases)) {
      const double unit = width / static_cast<double>(std::max<std::size_t>(1, episode.size()));
      canvas_.rect(x + static_cast<double>(span.begin) * unit, y, static_cast<double>(span.end - span.begin) * unit, 7,
                   2, {kPhaseFill[static_cast<std::size_t>(span.phase)], "", 1, "", opacity},
                   phase_name(span.phase, korean_));
    }
  }

  // The cell stands below its book, so the book's title need not be repeated.
  static std::string_view chapter_of(std::string_view title) {
    const std::size_t at = title.find(" · ");
    return at == std::string_view::npos ? title : title.substr(at + 4);
  }

  const BookSeries& series_;
  bool korean_;
  bool can_draw_hangul_;
  std::size_t shown_;
  PlotCanvas canvas_;
  double most_ = 0.5;  // one scale for all cells: a flat episode beside a steep one stays flat
};

}  // namespace

std::string series_svg(const BookSeries& series, const std::string& title, bool in_korean, bool can_draw_hangul) {
  return SeriesPage(series, title, in_korean, can_draw_hangul).draw();
}

}  // namespace banchu
