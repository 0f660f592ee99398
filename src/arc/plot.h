// A reading as a picture: the arc with its band, peaks and valleys, the phases, the evidence; and in one terminal line.
//
// Threads: pure functions. The same reading gives the same bytes.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "arc/reading.h"

namespace banchu {

struct PlotOptions {
  std::string title;
  bool in_korean = false;         // labels; the text is what it is
  bool can_draw_hangul = true;    // false: Hangul is left out (a PNG on a machine without a font for it)
  std::vector<double> reference;  // another arc over the same units, e.g. a person's labels; drawn dashed; may be empty
  std::string reference_name;
};

// An SVG document. A reading without a coherence is drawn with its reason.
std::string plot_svg(const Reading& reading, const PlotOptions& options);

// The arc at each unit and how far it could be off.
struct ArcBand {
  std::vector<double> low;
  std::vector<double> high;
};
// 95 % band of the arc, in its own units: +- 1.96 sqrt(sum w^2 r^2) / sum w, the standard error of a weighted mean with
// Gaussian weights w (width max(4, 3 % of the text), narrative.md section 5) over the residuals r of the single units.
ArcBand arc_band(const Reading& reading);

// One line of eighth blocks, at most `columns` wide; "" for no values. Higher is better.
std::string sparkline(std::span<const double> values, std::size_t columns);

}  // namespace banchu
