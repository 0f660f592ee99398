#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "arc/compare.h"
#include "arc/plot_canvas.h"
#include "arc/plot_style.h"

namespace banchu {
namespace {

using namespace plot_style;

constexpr double kWidth = 1120;
constexpr double kLeft = 220, kRight = 290;
constexpr double kTop = 118, kRowHeight = 58;
constexpr std::size_t kMostDots = 600;  // a group; more are thinned

constexpr std::array<std::string_view, kCompareMeasures> kMeasureKorean = {
    "정합", "기준 일치", "순서", "이웃 문장", "정점과 저점", "긴장", "인물과 사물", "일관성"};

class ComparePicture {
 public:
  ComparePicture(std::span<const CompareGroup> groups, const Comparison& comparison, const std::string& title,
                 bool in_korean, bool can_draw_hangul)
      : groups_(groups),
        comparison_(comparison),
        korean_(in_korean && can_draw_hangul),
        can_draw_hangul_(can_draw_hangul),
        canvas_(kWidth,
                kTop + kRowHeight * static_cast<double>(comparison.rows.size()) + 60 +
                    (comparison.measures.empty() ? 0 : 46 + 22 * static_cast<double>(comparison.measures.size())),
                shown(title)) {
    canvas_.text({40, 44}, fitted(shown(title), 70), {kInk, 23, "start", true});
    canvas_.text({40, 68},
                 say("each dot a text · diamond and bar: mean and 95 % interval · coherence measures structure, not "
                     "good writing",
                     "점 하나가 글 한 편 · 마름모와 막대는 평균과 95 % 구간 · 정합은 글솜씨가 아니라 구조를 잽니다"),
                 {kQuiet, 13});
  }

  std::string draw() {
    draw_axis();
    for (std::size_t i = 0; i < comparison_.rows.size(); ++i) draw_row(comparison_.rows[i], i);
    draw_measures();
    return canvas_.finished();
  }

 private:
  std::string_view say(std::string_view english, std::string_view korean) const { return korean_ ? korean : english; }
  std::string shown(std::string_view text) const { return drawable(text, can_draw_hangul_); }
  static double x_of(double score) { return kLeft + std::clamp(score, 0.0, 100.0) / 100 * (kWidth - kLeft - kRight); }
  double bottom() const { return kTop + kRowHeight * static_cast<double>(comparison_.rows.size()); }

  void draw_axis() {
    for (int score = 0; score <= 100; score += 20) {
      canvas_.line({x_of(score), kTop - 8}, {x_of(score), bottom()}, {"", kFaint, 1, score % 100 == 0 ? "" : "2 5"});
      canvas_.text({x_of(score), bottom() + 18}, fmt::format("{}", score), {kQuiet, 11, "middle"});
    }
    canvas_.text({x_of(100) + 24, kTop - 14}, say("mean", "평균"), {kQuiet, 12});
    canvas_.text({kWidth - 40, kTop - 14}, say("people score higher (AUC)", "사람 글이 더 높을 확률"),
                 {kQuiet, 12, "end"});
  }

  const CompareGroup* group_named(const std::string& name) const {
    const auto found = std::ranges::find(groups_, name, &CompareGroup::name);
    return found == groups_.end() ? nullptr : &*found;
  }

  void draw_row(const CompareRow& row, std::size_t i) {
    const double y = kTop + kRowHeight * (static_cast<double>(i) + 0.5);
    const std::string_view colour = row.is_people ? kPeak : kArc;
    canvas_.text({40, y - 2}, fitted(shown(row.name), 21), {kInk, 15, "start", true});
    const std::string count = korean_ ? fmt::format("{}{}편", row.is_people ? "사람 · " : "", row.measured)
                                      : fmt::format("{}{} texts", row.is_people ? "people · " : "", row.measured);
    canvas_.text({40, y + 16}, count, {kQuiet, 12});
    canvas_.line({x_of(0), y}, {x_of(100), y}, {"", "#f0ede4", 1});
    draw_dots(row, y, colour);
    if (row.measured == 0) return canvas_.text({x_of(100) + 24, y + 5}, say("no score", "점수 없음"), {kQuiet, 13});
    draw_mean(row, y, colour);
    draw_numbers(row, y);
  }

  // Dots step aside by turns, so that equal scores do not hide each other.
  void draw_dots(const CompareRow& row, double y, std::string_view colour) {
    const CompareGroup* group = group_named(row.name);
    if (group == nullptr) return;
    const std::size_t step = group->texts.size() / kMostDots + 1;
    for (std::size_t i = 0; i < group->texts.size(); i += step) {
      const ComparedText& text = group->texts[i];
      if (!text.values[0]) continue;
      const double aside = (static_cast<double>((i * 7) % 11) - 5) * 2.1;
      canvas_.circle({x_of(*text.values[0]), y + aside}, 3.4, {colour, "", 1, "", 0.38},
                     fmt::format("{}: {:.0f}", shown(text.name), *text.values[0]));
    }
  }

  void draw_mean(const CompareRow& row, double y, std::string_view colour) {
    if (row.interval) {
      canvas_.rect(x_of(row.interval->low), y - 3, x_of(row.interval->high) - x_of(row.interval->low), 6, 3, {colour});
    }
    const double x = x_of(row.mean);
    canvas_.polygon({{x, y - 8}, {x + 8, y}, {x, y + 8}, {x - 8, y}}, {colour, "#fdfcf9", 2},
                    fmt::format("{} {:.1f}", shown(row.name), row.mean));
  }

  void draw_numbers(const CompareRow& row, double y) {
    canvas_.text({x_of(100) + 24, y + 5}, fmt::format("{:.0f}", row.mean), {kInk, 17, "start", true});
    if (row.interval)
      canvas_.text({x_of(100) + 60, y + 5}, fmt::format("[{:.0f}, {:.0f}]", row.interval->low, row.interval->high),
                   {kQuiet, 13});
    if (row.against_people)
      canvas_.text({kWidth - 40, y + 5},
                   fmt::format("{:.2f}  [{:.2f}, {:.2f}]", row.against_people->auc, row.against_people->interval.low,
                               row.against_people->interval.high),
                   {kInk, 13, "end"});
  }

  void draw_measures() {
    if (comparison_.measures.empty()) return;
    const double top = bottom() + 58;
    canvas_.text({40, top},
                 say("people against machines, measure by measure (AUC, 95 % interval; the line is chance)",
                     "사람과 기계, 항목별 비교 (AUC와 95 % 구간, 가운데 선은 우연)"),
                 {kInk, 14, "start", true});
    canvas_.line({x_of(50), top + 12}, {x_of(50), top + 18 + 22 * static_cast<double>(comparison_.measures.size())},
                 {"", "#b9b4a6", 1});
    for (std::size_t i = 0; i < comparison_.measures.size(); ++i) {
      const CompareAuc& auc = comparison_.measures[i].people_over_machines;
      const double y = top + 26 + 22 * static_cast<double>(i);
      canvas_.text({40, y + 4}, measure_name(comparison_.measures[i].measure), {kInk, 13});
      canvas_.line({x_of(auc.interval.low * 100), y}, {x_of(auc.interval.high * 100), y}, {"", kArc, 3, "", 0.5});
      canvas_.circle({x_of(auc.auc * 100), y}, 5, {kArc});
      canvas_.text({x_of(100) + 24, y + 4},
                   fmt::format("{:.2f}  [{:.2f}, {:.2f}]", auc.auc, auc.interval.low, auc.interval.high), {kQuiet, 13});
    }
  }

  std::string_view measure_name(const std::string& name) const {
    const auto at = std::ranges::find(kCompareMeasureNames, name) - kCompareMeasureNames.begin();
    return korean_ ? kMeasureKorean[static_cast<std::size_t>(at)] : std::string_view(name);
  }

  std::span<const CompareGroup> groups_;
  const Comparison& comparison_;
  bool korean_;
  bool can_draw_hangul_;
  PlotCanvas canvas_;
};

}  // namespace

std::string compare_svg(std::span<const CompareGroup> groups, const Comparison& comparison, const std::string& title,
                        bool in_korean, bool can_draw_hangul) {
  return ComparePicture(groups, comparison, title, in_korean, can_draw_hangul).draw();
}

}  // namespace banchu
