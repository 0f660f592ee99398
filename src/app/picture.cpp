#include "app/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "arc/plot_style.h"

namespace banchu {
namespace {

using namespace plot_style;

constexpr double kWidth = 920;
constexpr double kTop = 104;
constexpr double kRowHeight = 40;
constexpr double kLabelWidth = 300, kShownWidth = 150;
constexpr double kPlotHeight = 320;
constexpr std::size_t kTitleColumns = 64, kNoteColumns = 110, kLabelColumns = 36;

std::string shown(const PictureFrame& frame, std::string_view text) { return drawable(text, frame.can_draw_hangul); }

PlotCanvas framed(const PictureFrame& frame, double height) {
  PlotCanvas canvas(kWidth, height, shown(frame, frame.title));
  canvas.text({40, 44}, fitted(shown(frame, frame.title), kTitleColumns), {kInk, 22, "start", true});
  canvas.text({40, 70}, fitted(shown(frame, frame.note), kNoteColumns), {kQuiet, 13});
  return canvas;
}

double largest(const std::vector<PictureBar>& bars) {
  double most = 0;
  for (const PictureBar& bar : bars) most = std::max({most, bar.value, bar.before.value_or(0)});
  return most > 0 ? most : 1;
}

// Where data stand on the sheet.
struct Scale {
  double left = 84, right = kWidth - 40, top = kTop + 16, bottom = kTop + 16 + kPlotHeight;
  double low_x = 0, high_x = 1, low_y = 0, high_y = 1;

  explicit Scale(const std::vector<PictureLine>& lines) {
    constexpr double kEndless = std::numeric_limits<double>::infinity();
    low_x = kEndless, high_x = -kEndless, high_y = -kEndless;
    for (const PictureLine& line : lines) {
      for (const PlotPoint& point : line.points) {
        low_x = std::min(low_x, point.x), high_x = std::max(high_x, point.x);
        high_y = std::max(high_y, point.y), low_y = std::min(low_y, point.y);
      }
    }
    if (!(high_x > low_x)) high_x = low_x + 1;
    if (!(high_y > low_y)) high_y = low_y + 1;
    high_y += 0.05 * (high_y - low_y);
  }
  PlotPoint at(const PlotPoint& point) const {
    return {left + (right - left) * (point.x - low_x) / (high_x - low_x),
            bottom - (bottom - top) * (point.y - low_y) / (high_y - low_y)};
  }
};

void draw_axes(PlotCanvas& canvas, const Scale& scale, const std::string& x_name) {
  constexpr int kTicks = 4;
  for (int i = 0; i <= kTicks; ++i) {
    const double share = static_cast<double>(i) / kTicks;
    const double y = scale.bottom - share * (scale.bottom - scale.top);
    canvas.line({scale.left, y}, {scale.right, y}, {"", kFaint, 1, i == 0 ? "" : "2 5"});
    canvas.text({scale.left - 10, y + 4}, fmt::format("{:.2f}", scale.low_y + share * (scale.high_y - scale.low_y)),
                {kQuiet, 12, "end"});
    const double x = scale.left + share * (scale.right - scale.left);
    canvas.text({x, scale.bottom + 20}, fmt::format("{:.3g}", scale.low_x + share * (scale.high_x - scale.low_x)),
                {kQuiet, 12, "middle"});
  }
  canvas.text({scale.right, scale.bottom + 40}, x_name, {kQuiet, 12, "end"});
}

void draw_line(PlotCanvas& canvas, const Scale& scale, const PictureLine& line, const std::string& name,
               std::size_t place) {
  const std::string_view colour = line.is_second ? kPeak : kArc;
  std::vector<PlotPoint> points;
  for (const PlotPoint& point : line.points) points.push_back(scale.at(point));
  canvas.curve(points, {"", colour, 2.5, line.is_second ? "7 5" : ""});
  for (std::size_t i = 0; i < points.size(); ++i)
    canvas.circle(points[i], 3, {colour}, fmt::format("{}: {:.3f}", name, line.points[i].y));
  const double x = scale.left + 220 * static_cast<double>(place);
  canvas.line({x, kTop - 6}, {x + 26, kTop - 6}, {"", colour, 3, line.is_second ? "7 5" : ""});
  canvas.text({x + 34, kTop - 2}, name, {kInk, 13});
}

}  // namespace

std::string bars_picture(const PictureFrame& frame, const std::vector<PictureBar>& bars) {
  PlotCanvas canvas = framed(frame, kTop + kRowHeight * static_cast<double>(bars.size()) + 30);
  const double room = kWidth - 80 - kLabelWidth - kShownWidth, most = largest(bars);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const PictureBar& bar = bars[i];
    const double y = kTop + kRowHeight * static_cast<double>(i), x = 40 + kLabelWidth;
    canvas.text({x - 14, y + 20}, fitted(shown(frame, bar.label), kLabelColumns), {kInk, 14, "end"});
    if (bar.before) canvas.rect(x, y + 2, std::max(1.5, room * *bar.before / most), 9, 2, {"#b9b4a6"});
    canvas.rect(x, y + (bar.before ? 12 : 5), std::max(1.5, room * bar.value / most), bar.before ? 13 : 20, 3,
                {bar.is_warning ? kTook : kArc}, shown(frame, bar.label + ": " + bar.shown));
    canvas.text({kWidth - 40, y + 20}, shown(frame, bar.shown), {kInk, 14, "end", true});
  }
  return canvas.finished();
}

std::string lines_picture(const PictureFrame& frame, const std::string& x_name, const std::vector<PictureLine>& lines,
                          const std::optional<PictureMark>& mark) {
  PlotCanvas canvas = framed(frame, kTop + kPlotHeight + 76);
  const Scale scale(lines);
  draw_axes(canvas, scale, shown(frame, x_name));
  for (std::size_t i = 0; i < lines.size(); ++i) draw_line(canvas, scale, lines[i], shown(frame, lines[i].name), i);
  if (mark) {
    const PlotPoint at = scale.at(mark->at);
    canvas.line({at.x, scale.top}, {at.x, scale.bottom}, {"", kGave, 1.5, "3 4"});
    canvas.circle(at, 6, {kGave, "#fdfcf9", 2}, shown(frame, mark->words));
    const bool is_right = at.x > (scale.left + scale.right) / 2;
    canvas.text({at.x + (is_right ? -12 : 12), scale.top + 14}, shown(frame, mark->words),
                {kGave, 13, is_right ? "end" : "start", true, true});
  }
  return canvas.finished();
}

}  // namespace banchu
