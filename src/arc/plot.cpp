// Letter to the reader: a picture of an arc must not say more than was measured. So the band is drawn as wide as the
// single sentences scatter, the sentences themselves stay visible as dots, and no score stands without its neighbours
// (what chance gives, what the golden set gives). Everything else is typesetting.
#include "arc/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "arc/plot_canvas.h"
#include "arc/plot_style.h"

namespace banchu {
namespace {

using namespace plot_style;

constexpr double kWidth = 1120;
constexpr double kLeft = 64, kRight = 40;
constexpr double kTop = 130, kChartHeight = 320;
constexpr double kPhaseHeight = 26, kEvidenceHeight = 54;
constexpr double kRowHeight = 21;
constexpr std::size_t kEvidenceRows = 5;
constexpr std::size_t kMostDots = 4000;
constexpr std::size_t kMostCurvePoints = 1600;
constexpr double kLetter = 7.1;  // width of one column at size 13

struct Moments {
  double mean = 0;
  double deviation = 1;
};

Moments moments(const std::vector<ArcUnit>& units) {
  Moments found;
  if (units.empty()) return found;
  for (const ArcUnit& unit : units) found.mean += unit.valence;
  found.mean /= static_cast<double>(units.size());
  double squares = 0;
  for (const ArcUnit& unit : units) squares += (unit.valence - found.mean) * (unit.valence - found.mean);
  const double deviation = std::sqrt(squares / static_cast<double>(units.size()));
  found.deviation = deviation > 1e-9 ? deviation : 1;
  return found;
}

std::vector<double> single_units(const Reading& reading) {
  const Moments scale = moments(reading.units);
  std::vector<double> values;
  for (const ArcUnit& unit : reading.units) values.push_back((unit.valence - scale.mean) / scale.deviation);
  return values;
}

class ArcPicture {
 public:
  ArcPicture(const Reading& reading, const PlotOptions& options)
      : reading_(reading),
        options_(options),
        korean_(options.in_korean && options.can_draw_hangul),
        rows_(std::min(reading.evidence.size(), kEvidenceRows)),
        canvas_(kWidth, evidence_top() + kEvidenceHeight + 22 + static_cast<double>(rows_) * kRowHeight + 34,
                drawable(options.title, options.can_draw_hangul)) {
    singles_ = single_units(reading_);
    band_ = arc_band(reading_);
    find_range();
  }

  std::string draw() {
    draw_header();
    draw_axes();
    draw_arc();
    for (const Extremum& peak : reading_.peaks) draw_extremum(peak, true);
    for (const Extremum& valley : reading_.valleys) draw_extremum(valley, false);
    draw_phases();
    draw_evidence();
    draw_footer();
    return canvas_.finished();
  }

 private:
  static double chart_bottom() { return kTop + kChartHeight; }
  static double phase_top() { return chart_bottom() + 12; }
  static double evidence_top() { return phase_top() + kPhaseHeight + 12; }
  std::string_view say(std::string_view english, std::string_view korean) const { return korean_ ? korean : english; }
  std::string shown(std::string_view text) const { return drawable(text, options_.can_draw_hangul); }

  std::size_t length() const { return std::max<std::size_t>(reading_.arc.size(), 1); }
  double x_of(double unit) const {
    return kLeft + (unit + 0.5) / static_cast<double>(length()) * (kWidth - kLeft - kRight);
  }
  double y_of(double value) const {
    return kTop + (high_ - std::clamp(value, low_, high_)) / (high_ - low_) * kChartHeight;
  }

  void find_range() {
    for (const std::vector<double>* values :
         std::initializer_list<const std::vector<double>*>{&band_.low, &band_.high, &options_.reference}) {
      for (const double value : *values) {
        if (!std::isfinite(value)) continue;
        low_ = std::min(low_, value - 0.25);
        high_ = std::max(high_, value + 0.45);
      }
    }
  }

  static std::string rounded(const std::optional<double>& value) {
    return value ? fmt::format("{:.0f}", *value) : std::string("–");
  }

  void draw_header() {
    canvas_.text({kLeft - 24, 44}, fitted(shown(options_.title), 58), {kInk, 23, "start", true});
    std::string line =
        korean_
            ? fmt::format("문장 {}개 · 감마 {:g} 타우 {:g}", reading_.units.size(), reading_.gamma, reading_.tau)
            : fmt::format("{} sentences · gamma {:g} tau {:g}", reading_.units.size(), reading_.gamma, reading_.tau);
    if (!reading_.inputs.model.empty()) line += say(" · with a language model", " · 언어 모델 사용");
    canvas_.text({kLeft - 24, 68}, line, {kQuiet, 13});
    draw_scores();
    draw_legend();
  }

  void draw_scores() {
    const double right = kWidth - kRight;
    if (!reading_.coherence) {
      const std::string reason =
          reading_.reason.empty() ? std::string(say("not measured", "재지 못했습니다")) : reading_.reason;
      return canvas_.text({right, 44}, fitted(shown(reason), 50), {kQuiet, 15, "end"});
    }
    canvas_.text({right, 50}, fmt::format("{:.0f}", *reading_.coherence), {kArc, 40, "end", true});
    canvas_.text({right - 62, 33}, say("coherence", "정합"), {kQuiet, 13, "end"});
    if (reading_.interval)
      canvas_.text({right - 62, 50}, fmt::format("[{:.0f}, {:.0f}]", (*reading_.interval)[0], (*reading_.interval)[1]),
                   {kInk, 14, "end"});
    const std::string beside =
        korean_ ? fmt::format("우연 {} · 골든 셋 중앙값 {} · 기준 일치 {}", rounded(reading_.null),
                              rounded(reading_.ceiling), rounded(reading_.standard))
                : fmt::format("by chance {} · golden set's median {} · standard {}", rounded(reading_.null),
                              rounded(reading_.ceiling), rounded(reading_.standard));
    canvas_.text({right, 74}, beside, {kQuiet, 13, "end"});
  }

  void draw_legend() {
    double x = kLeft - 24;
    const auto entry = [&](std::string_view colour, std::string_view words, std::string_view dash) {
      canvas_.line({x, 92}, {x + 26, 92}, {"", colour, 3, dash});
      canvas_.text({x + 33, 96}, words, {kQuiet, 12});
      x += 33 + static_cast<double>(text_columns(words)) * 6.8 + 22;
    };
    entry(kArc, say("arc and its 95 % band", "서사 곡선과 95 % 구간"), "");
    canvas_.circle({x + 6, 92}, 2.6, {kArc, "", 1, "", 0.35});
    const std::string_view dots = say("single sentences", "문장 하나하나");
    canvas_.text({x + 16, 96}, dots, {kQuiet, 12});
    x += 16 + static_cast<double>(text_columns(dots)) * 6.8 + 22;
    if (!options_.reference.empty()) entry(kPeak, fitted(shown(options_.reference_name), 40), "7 5");
  }

  void draw_axes() {
    for (double value = std::ceil(low_); value <= high_; value += 1) {
      const bool is_zero = std::abs(value) < 0.01;
      canvas_.line({kLeft, y_of(value)}, {kWidth - kRight, y_of(value)},
                   {"", is_zero ? "#b9b4a6" : kFaint, 1, is_zero ? "" : "2 5"});
      canvas_.text({kLeft - 8, y_of(value) + 4}, is_zero ? "0" : fmt::format("{:+.0f}", value), {kQuiet, 11, "end"});
    }
    canvas_.text({kLeft - 4, kTop - 7}, say("better ↑  (standard deviations)", "좋은 쪽 ↑  (표준편차)"), {kQuiet, 11});
    for (int percent = 0; percent <= 100; percent += 25) {
      const double x = kLeft + percent / 100.0 * (kWidth - kLeft - kRight);
      canvas_.text({x, chart_bottom() + 9}, fmt::format("{} %", percent),
                   {kQuiet, 10,
                    percent == 0     ? "start"
                    : percent == 100 ? "end"
                                     : "middle"});
    }
  }

  // Long texts have more sentences than the picture has room: one point then stands for a run of them.
  std::vector<PlotPoint> points_of(const std::vector<double>& values) const {
    std::vector<PlotPoint> points;
    const std::size_t step = values.size() / kMostCurvePoints + 1;
    for (std::size_t i = 0; i < values.size(); i += step)
      points.push_back({x_of(static_cast<double>(i)), y_of(values[i])});
    return points;
  }

  void draw_arc() {
    canvas_.band(points_of(band_.high), points_of(band_.low), {kBand, "", 1, "", 0.14});
    const std::size_t step = singles_.size() / kMostDots + 1;
    for (std::size_t i = 0; i < singles_.size(); i += step) {
      const std::string tip = fmt::format("{}. {}", i + 1, shown(fitted(reading_.units[i].text, 160)));
      canvas_.circle({x_of(static_cast<double>(i)), y_of(singles_[i])}, 2.4, {kArc, "", 1, "", 0.32}, tip);
    }
    if (!options_.reference.empty()) canvas_.curve(points_of(options_.reference), {"", kPeak, 2.2, "7 5", 0.9});
    canvas_.curve(points_of(reading_.arc), {"", kArc, 3.2});
  }

  void draw_extremum(const Extremum& extremum, bool is_peak) {
    if (extremum.at >= reading_.arc.size()) return;
    const double x = x_of(static_cast<double>(extremum.at));
    const double sign = is_peak ? -1 : 1;
    const double y = y_of(reading_.arc[extremum.at]) + sign * 9;
    const std::string_view colour = is_peak ? kPeak : kValley;
    const double share = 100 * (static_cast<double>(extremum.at) + 0.5) / static_cast<double>(length());
    const std::string tip = fmt::format(
        "{}. {}", extremum.at + 1,
        extremum.at < reading_.units.size() ? shown(fitted(reading_.units[extremum.at].text, 200)) : std::string());
    canvas_.polygon({{x - 7, y}, {x + 7, y}, {x, y + sign * 11}}, {colour}, tip);
    const std::string label = fmt::format("{} {:.0f} %", is_peak ? say("peak", "정점") : say("valley", "저점"), share);
    const double reach = static_cast<double>(text_columns(label)) * 3.4;
    const double label_x = std::clamp(x, kLeft + reach, kWidth - kRight - reach);
    canvas_.text({label_x, y + sign * (is_peak ? 17 : 25)}, label, {colour, 12.5, "middle", true, true});
  }

  void draw_phases() {
    const double unit = (kWidth - kLeft - kRight) / static_cast<double>(length());
    for (const PhaseSpan& span : reading_.phases) {
      const double x = kLeft + static_cast<double>(span.begin) * unit;
      const double width = static_cast<double>(span.end - span.begin) * unit;
      const std::string_view name = phase_name(span.phase, korean_);
      const auto tip = fmt::format("{} {}-{}", name, span.begin + 1, span.end);
      canvas_.rect(x + 1, phase_top(), width - 2, kPhaseHeight, 5, {kPhaseFill[static_cast<std::size_t>(span.phase)]},
                   tip);
      if (static_cast<double>(text_columns(name)) * kLetter + 6 < width)
        canvas_.text({x + width / 2, phase_top() + 17.5}, name, {kInk, 12.5, "middle"});
    }
  }

  void draw_evidence() {
    const double middle = evidence_top() + kEvidenceHeight / 2;
    canvas_.line({kLeft, middle}, {kWidth - kRight, middle}, {"", kFaint, 1});
    canvas_.text({kLeft - 8, middle + 4}, say("points", "점수"), {kQuiet, 11, "end"});
    double most = 1;
    for (const Evidence& evidence : reading_.evidence) most = std::max(most, std::abs(evidence.points));
    for (const Evidence& evidence : reading_.evidence) {
      const double x = x_of(static_cast<double>(evidence.unit));
      const double y = middle - evidence.points / most * (kEvidenceHeight / 2 - 3);
      const std::string_view colour = evidence.points < 0 ? kTook : kGave;
      canvas_.line({x, middle}, {x, y}, {"", colour, 2, "", 0.75});
      canvas_.circle({x, y}, 3, {colour},
                     fmt::format("{:+.1f} {} {}", evidence.points, evidence.rule, shown(evidence.detail)));
    }
    for (std::size_t i = 0; i < rows_; ++i) draw_evidence_row(reading_.evidence[i], i);
  }

  void draw_evidence_row(const Evidence& evidence, std::size_t row) {
    const double y = evidence_top() + kEvidenceHeight + 22 + static_cast<double>(row) * kRowHeight;
    const std::string where =
        korean_ ? fmt::format("문장 {}", evidence.unit + 1) : fmt::format("sentence {}", evidence.unit + 1);
    canvas_.text({kLeft + 44, y}, fmt::format("{:+.1f}", evidence.points),
                 {evidence.points < 0 ? kTook : kGave, 13, "end", true});
    canvas_.text({kLeft + 58, y}, where, {kQuiet, 13});
    canvas_.text({kLeft + 160, y}, fitted(fmt::format("{}   {}", evidence.rule, shown(evidence.detail)), 118),
                 {kInk, 13});
  }

  void draw_footer() {
    std::string inputs = fmt::format("banchu arc · {}", reading_.inputs.engine.substr(0, 12));
    if (!reading_.inputs.text.empty()) inputs += fmt::format(" · text {}", reading_.inputs.text.substr(0, 12));
    if (!reading_.inputs.golden.empty()) inputs += fmt::format(" · golden {}", reading_.inputs.golden.substr(0, 12));
    canvas_.text({kWidth - kRight, canvas_.height() - 12}, inputs, {"#a9a498", 10, "end"});
  }

  const Reading& reading_;
  const PlotOptions& options_;
  bool korean_;
  std::size_t rows_;
  PlotCanvas canvas_;
  std::vector<double> singles_;
  ArcBand band_;
  double low_ = -1.5, high_ = 1.5;
};

}  // namespace

ArcBand arc_band(const Reading& reading) {
  ArcBand band;
  const std::vector<double> singles = single_units(reading);
  const std::size_t n = std::min(reading.arc.size(), singles.size());
  const double width = std::max(4.0, 0.03 * static_cast<double>(n));
  const auto reach = static_cast<std::size_t>(3 * width);
  for (std::size_t t = 0; t < reading.arc.size(); ++t) {
    double weights = 0, squares = 0;
    for (std::size_t i = t > reach ? t - reach : 0; i < std::min(n, t + reach + 1); ++i) {
      const double far = (static_cast<double>(i) - static_cast<double>(t)) / width;
      const double weight = std::exp(-0.5 * far * far);
      const double residual = singles[i] - reading.arc[i];
      weights += weight;
      squares += weight * weight * residual * residual;
    }
    const double error = weights > 0 ? 1.96 * std::sqrt(squares) / weights : 0;
    band.low.push_back(reading.arc[t] - error);
    band.high.push_back(reading.arc[t] + error);
  }
  return band;
}

std::string plot_svg(const Reading& reading, const PlotOptions& options) { return ArcPicture(reading, options).draw(); }

std::string sparkline(std::span<const double> values, std::size_t columns) {
  static constexpr std::array<std::string_view, 8> kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const std::size_t n = std::min(columns, values.size());
  std::vector<double> bins;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t begin = i * values.size() / n, end = (i + 1) * values.size() / n;
    const double sum = std::accumulate(values.begin() + static_cast<std::ptrdiff_t>(begin),
                                       values.begin() + static_cast<std::ptrdiff_t>(end), 0.0);
    bins.push_back(sum / static_cast<double>(end - begin));
  }
  if (bins.empty()) return "";
  const auto [low, high] = std::ranges::minmax(bins);
  std::string line;
  for (const double bin : bins) {
    const double level = high - low > 1e-9 ? (bin - low) / (high - low) * 7.999 : 3;
    line += kBlocks[static_cast<std::size_t>(std::clamp(level, 0.0, 7.0))];
  }
  return line;
}

}  // namespace banchu
