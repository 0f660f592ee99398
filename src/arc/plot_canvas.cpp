#include "arc/plot_canvas.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace banchu {
namespace {

constexpr std::string_view kFonts =
    "'Noto Sans KR','Noto Sans CJK KR','NanumGothic','Apple SD Gothic Neo','Malgun Gothic','DejaVu Sans',sans-serif";

constexpr std::string_view kPaper = "#fdfcf9";

std::string number(double value) { return fmt::format("{:.2f}", std::isfinite(value) ? value : 0.0); }

bool is_wide(char32_t c) {
  return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) || c >= 0x1F300;
}

// XML 1.0 forbids most control characters and the two last code points of the plane.
bool is_allowed(char32_t c) { return (c >= 0x20 && c != 0x7F && c != 0xFFFE && c != 0xFFFF) || c == '\t'; }

void append_utf8(std::string& out, char32_t c) {
  const auto byte = [&](char32_t value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) return byte(0xC0 | (c >> 6)), byte(0x80 | (c & 0x3F));
  if (c < 0x10000) return byte(0xE0 | (c >> 12)), byte(0x80 | ((c >> 6) & 0x3F)), byte(0x80 | (c & 0x3F));
  byte(0xF0 | (c >> 18)), byte(0x80 | ((c >> 12) & 0x3F)), byte(0x80 | ((c >> 6) & 0x3F)), byte(0x80 | (c & 0x3F));
}

// Tangents of a monotone cubic through the points (Fritsch and Carlson 1980, with the harmonic mean of Fritsch and
// Butland 1984): zero at every local extremum, so the curve has its peaks where the points have theirs.
std::vector<double> tangents(const std::vector<PlotPoint>& points) {
  const std::size_t n = points.size();
  std::vector<double> slope(n, 0.0);
  const auto secant = [&](std::size_t i) {
    const double dx = points[i + 1].x - points[i].x;
    return dx > 0 ? (points[i + 1].y - points[i].y) / dx : 0.0;
  };
  for (std::size_t i = 0; i < n && n > 1; ++i) {
    if (i == 0 || i + 1 == n) {
      slope[i] = secant(i == 0 ? 0 : n - 2);
      continue;
    }
    const double left = secant(i - 1), right = secant(i);
    slope[i] = left * right > 0 ? 2 * left * right / (left + right) : 0.0;
  }
  return slope;
}

std::string curve_path(const std::vector<PlotPoint>& points, std::string_view first) {
  if (points.empty()) return "";
  const std::vector<double> slope = tangents(points);
  std::string path = fmt::format("{}{} {}", first, number(points[0].x), number(points[0].y));
  for (std::size_t i = 1; i < points.size(); ++i) {
    const PlotPoint &from = points[i - 1], &to = points[i];
    const double third = (to.x - from.x) / 3;
    path += fmt::format("C{} {} {} {} {} {}", number(from.x + third), number(from.y + slope[i - 1] * third),
                        number(to.x - third), number(to.y - slope[i] * third), number(to.x), number(to.y));
  }
  return path;
}

std::vector<PlotPoint> mirrored(const std::vector<PlotPoint>& points) {
  std::vector<PlotPoint> out;
  for (auto point = points.rbegin(); point != points.rend(); ++point) out.push_back({-point->x, point->y});
  return out;
}

}  // namespace

PlotCanvas::PlotCanvas(double width, double height, std::string_view title) : width_(width), height_(height) {
  head_ = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" role=\"img\" "
      "font-family=\"{2}\">\n<title>{3}</title>\n<rect width=\"{0}\" height=\"{1}\" fill=\"{4}\"/>\n",
      number(width), number(height), kFonts, xml_escaped(title), kPaper);
}

void PlotCanvas::shape(std::string_view element, const PlotPaint& paint, std::string_view tip) {
  const std::string_view name = element.substr(0, element.find(' '));
  body_ += fmt::format("<{} fill=\"{}\"", element, paint.fill.empty() ? "none" : paint.fill);
  if (!paint.stroke.empty())
    body_ += fmt::format(" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\" stroke-linecap=\"round\"",
                         paint.stroke, number(paint.stroke_width));
  if (!paint.dash.empty()) body_ += fmt::format(" stroke-dasharray=\"{}\"", paint.dash);
  if (paint.opacity < 1) body_ += fmt::format(" opacity=\"{}\"", number(paint.opacity));
  body_ += tip.empty() ? "/>\n" : fmt::format("><title>{}</title></{}>\n", xml_escaped(tip), name);
}

void PlotCanvas::rect(double x, double y, double width, double height, double radius, const PlotPaint& paint,
                      std::string_view tip) {
  shape(fmt::format("rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\"", number(x), number(y),
                    number(std::max(0.0, width)), number(std::max(0.0, height)), number(radius)),
        paint, tip);
}

void PlotCanvas::line(PlotPoint from, PlotPoint to, const PlotPaint& paint) {
  shape(fmt::format("line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"", number(from.x), number(from.y), number(to.x),
                    number(to.y)),
        paint, "");
}

void PlotCanvas::circle(PlotPoint at, double radius, const PlotPaint& paint, std::string_view tip) {
  shape(fmt::format("circle cx=\"{}\" cy=\"{}\" r=\"{}\"", number(at.x), number(at.y), number(radius)), paint, tip);
}

void PlotCanvas::polygon(const std::vector<PlotPoint>& points, const PlotPaint& paint, std::string_view tip) {
  std::string list;
  for (const PlotPoint& point : points) list += fmt::format("{},{} ", number(point.x), number(point.y));
  shape(fmt::format("polygon points=\"{}\"", list), paint, tip);
}

void PlotCanvas::curve(const std::vector<PlotPoint>& points, const PlotPaint& paint) {
  shape(fmt::format("path d=\"{}\"", curve_path(points, "M")), paint, "");
}

void PlotCanvas::band(const std::vector<PlotPoint>& upper, const std::vector<PlotPoint>& lower,
                      const PlotPaint& paint) {
  if (upper.empty() || lower.empty()) return;
  // The way back runs from right to left: the curve is computed on mirrored x and mirrored back.
  std::string back;
  const std::vector<PlotPoint> way = mirrored(lower);
  const std::vector<double> slope = tangents(way);
  back = fmt::format("L{} {}", number(-way[0].x), number(way[0].y));
  for (std::size_t i = 1; i < way.size(); ++i) {
    const double third = (way[i].x - way[i - 1].x) / 3;
    back += fmt::format("C{} {} {} {} {} {}", number(-(way[i - 1].x + third)),
                        number(way[i - 1].y + slope[i - 1] * third), number(-(way[i].x - third)),
                        number(way[i].y - slope[i] * third), number(-way[i].x), number(way[i].y));
  }
  shape(fmt::format("path d=\"{}{}Z\"", curve_path(upper, "M"), back), paint, "");
}

void PlotCanvas::text(PlotPoint at, std::string_view words, const PlotText& style) {
  body_ += fmt::format("<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{}\"", number(at.x), number(at.y),
                       number(style.size), style.colour);
  if (style.anchor != "start") body_ += fmt::format(" text-anchor=\"{}\"", style.anchor);
  if (style.has_halo) body_ += fmt::format(" stroke=\"{}\" stroke-width=\"4\" paint-order=\"stroke\"", kPaper);
  if (style.is_bold) body_ += " font-weight=\"bold\"";
  body_ += fmt::format(">{}</text>\n", xml_escaped(words));
}

std::string PlotCanvas::finished() const { return head_ + body_ + "</svg>\n"; }

std::string xml_escaped(std::string_view text) {
  std::string valid(text);
  if (!is_valid_utf8(text)) {
    for (char& c : valid) {
      if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    }
  }
  std::string out;
  for (const char32_t c : code_points(valid)) {
    if (c == '&') out += "&amp;";
    if (c == '<') out += "&lt;";
    if (c == '>') out += "&gt;";
    if (c == '"') out += "&quot;";
    if (c == '&' || c == '<' || c == '>' || c == '"') continue;
    if (c == '\n' || c == '\r') out += ' ';
    if (is_allowed(c)) append_utf8(out, c);
  }
  return out;
}

std::size_t text_columns(std::string_view text) {
  std::size_t columns = 0;
  for (const char32_t c : code_points(text)) columns += is_wide(c) ? 2 : 1;
  return columns;
}

std::string fitted(std::string_view text, std::size_t columns) {
  if (text_columns(text) <= columns) return std::string(text);
  std::string out;
  std::size_t used = 1;
  for (const char32_t c : code_points(text)) {
    used += is_wide(c) ? 2 : 1;
    if (used > columns) break;
    append_utf8(out, c);
  }
  return out + "…";
}

}  // namespace banchu
