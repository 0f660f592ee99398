// The guide's pictures, on the canvas of arc's plots (arc/plot_canvas.h): bars beside each other, lines over steps.
//
// Threads: pure functions. The same numbers give the same bytes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arc/plot_canvas.h"

namespace banchu {

struct PictureFrame {
  std::string title;
  std::string note;             // one line below it
  bool can_draw_hangul = true;  // false: Hangul is left out (a PNG on a machine without a font for it)
};

struct PictureBar {
  std::string label;
  std::string shown;             // what stands behind the bar: "98 %"
  double value = 0;              // 0 or larger; a bar's length is its share of the largest
  std::optional<double> before;  // drawn above it, faint
  bool is_warning = false;
};
std::string bars_picture(const PictureFrame& frame, const std::vector<PictureBar>& bars);

struct PictureLine {
  std::string name;
  std::vector<PlotPoint> points;  // x rising
  bool is_second = false;         // another colour, and dashed
};
struct PictureMark {
  PlotPoint at;
  std::string words;
};
std::string lines_picture(const PictureFrame& frame, const std::string& x_name, const std::vector<PictureLine>& lines,
                          const std::optional<PictureMark>& mark);

}  // namespace banchu
