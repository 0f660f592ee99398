// A sheet of SVG 1.1 on which the pictures of arc/ are drawn: real text, tooltips, nothing fetched from anywhere.
//
// Everything drawn is escaped here, so a title made of tags stays a title. Numbers have two decimals and no locale:
// the same drawing is the same bytes. Threads: one canvas, one thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace banchu {

struct PlotPoint {
  double x = 0;
  double y = 0;
};

// How a shape is painted; "" is none.
struct PlotPaint {
  std::string_view fill = "";
  std::string_view stroke = "";
  double stroke_width = 1;
  std::string_view dash = "";
  double opacity = 1;
};

struct PlotText {
  std::string_view colour = "#3a3f44";
  double size = 13;
  std::string_view anchor = "start";  // "middle", "end"
  bool is_bold = false;
  bool has_halo = false;  // stays readable on a line or a band
};

class PlotCanvas {
 public:
  PlotCanvas(double width, double height, std::string_view title);

  // `tip` is shown when the pointer rests on the shape, and read aloud by screen readers; "" for none.
  void rect(double x, double y, double width, double height, double radius, const PlotPaint& paint,
            std::string_view tip = "");
  void line(PlotPoint from, PlotPoint to, const PlotPaint& paint);
  void circle(PlotPoint at, double radius, const PlotPaint& paint, std::string_view tip = "");
  void polygon(const std::vector<PlotPoint>& points, const PlotPaint& paint, std::string_view tip = "");
  // A smooth curve through the points (monotone in x, so it never overshoots a peak).
  void curve(const std::vector<PlotPoint>& points, const PlotPaint& paint);
  // The area between two curves over the same x.
  void band(const std::vector<PlotPoint>& upper, const std::vector<PlotPoint>& lower, const PlotPaint& paint);
  void text(PlotPoint at, std::string_view words, const PlotText& style = {});

  std::string finished() const;  // the whole document
  double width() const { return width_; }
  double height() const { return height_; }

 private:
  void shape(std::string_view element, const PlotPaint& paint, std::string_view tip);

  double width_;
  double height_;
  std::string head_;
  std::string body_;
};

// Text that may stand in XML: & < > " escaped, control characters gone, every byte of broken UTF-8 as "?".
std::string xml_escaped(std::string_view text);
// Columns of a fixed font; Hangul and its neighbours take two.
std::size_t text_columns(std::string_view text);
// At most `columns` wide, with "…" where something was cut.
std::string fitted(std::string_view text, std::size_t columns);

}  // namespace banchu
