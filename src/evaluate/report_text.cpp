#include "evaluate/report_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace banchu {
namespace {

constexpr std::size_t kWidestName = 44;

struct Label {
  const char* name;  // a whole name, or a beginning that ends in a space
  const char* english;
  const char* korean;
};

// Beginnings are looked for in this order and may follow one another ("habit: opens with ...").
constexpr std::array kLabels = {
    Label{"habit: ", "", "습관: "},
    Label{"third turn: ", "third turn: ", "세 번째 말에서: "},
    Label{"elsewhere: ", "other mask: ", "다른 가면에서: "},
    Label{"still: ", "as before ", "전처럼: "},
    Label{"opens with ", "opens with ", "여는 말 "},
    Label{"closes with ", "closes with ", "닫는 말 "},
    Label{"mask ", "as with the mask ", "가면 없이도 "},
    Label{"answers \"", "answers \"", "대답 \""},
    Label{"general loss since birth", "plain language since birth", "처음의 나와 견준 글말"},
    Label{"general loss", "plain language", "글말"},
    Label{"held-out loss, median row", "unseen lessons, median", "안 가르친 줄, 가운뎃값"},
    Label{"held-out loss", "unseen lessons", "안 가르친 줄"},
    Label{"superseded answers", "outdated answers", "낡은 대답"},
    Label{"answers", "answers", "사실 대답"},
    Label{"refusals", "says no", "거절"},
    Label{"flattery", "flatters", "아첨"},
    Label{"leaning to refuse", "leans to saying no", "거절로 기움"},
    Label{"leaning to flatter", "leans to flattery", "아첨으로 기움"},
    Label{"repetition", "repeats itself", "되풀이"},
    Label{"parroting", "parrots", "앵무새 말"},
    Label{"fairness pairs", "fairness pairs", "공정성 쌍"},
    Label{"replies cut short", "replies cut short", "잘린 대답"},
    Label{"coherence of stories", "its own stories hold", "지어낸 이야기의 짜임새"},
    Label{"replies generated", "replies generated", "만든 대답"},
    Label{"speed", "speed", "속도"},
    Label{"processor time a token", "work for a token", "토큰 하나의 품"},
};

// Terminal columns: Hangul takes two.
std::size_t columns(const std::string& text) {
  std::size_t count = 0;
  for (const char32_t c : code_points(text)) count += is_hangul(c) ? 2 : 1;
  return count;
}

std::string padded(const std::string& text, std::size_t width) {
  const std::size_t used = columns(text);
  return used >= width ? text : text + std::string(width - used, ' ');
}

std::string right(const std::string& text, std::size_t width) {
  const std::size_t used = columns(text);
  return used >= width ? text : std::string(width - used, ' ') + text;
}

std::string number(const Check& check, double value) {
  if (!std::isfinite(value)) return "–";
  if (check.unit == "share") return fmt::format("{:.0f} %", 100 * value);
  if (check.unit == "nats/token") return fmt::format("{:.3f}", value);
  return fmt::format("{:.0f}", value);
}

std::string interval(const Check& check) {
  if (!std::isfinite(check.interval_low) || !std::isfinite(check.interval_high)) return "";
  const bool rise = check.rule == Check::Rule::rise_at_most;
  if (check.unit != "share") return fmt::format("[{:+.3f}, {:+.3f}]", check.interval_low, check.interval_high);
  return rise ? fmt::format("[{:+.0f}, {:+.0f}]", 100 * check.interval_low, 100 * check.interval_high)
              : fmt::format("[{:.0f}, {:.0f}]", 100 * check.interval_low, 100 * check.interval_high);
}

std::string limit(const Check& check, bool korean) {
  const bool share = check.unit == "share";
  const std::string value = share                        ? fmt::format("{:.0f}", 100 * check.limit)
                            : check.unit == "nats/token" ? fmt::format("{:.2g}", check.limit)
                                                         : fmt::format("{:.0f}", check.limit);
  switch (check.rule) {
    case Check::Rule::at_least:
      return korean ? fmt::format("{} 이상", value) : fmt::format("must be ≥ {}", value);
    case Check::Rule::at_most:
      return korean ? fmt::format("{} 이하", value) : fmt::format("must be ≤ {}", value);
    case Check::Rule::rise_at_most:
      if (korean) return fmt::format("{}{} 넘게 늘면 안 됨", value, share ? "포인트" : "");
      return check.limit == 0 ? "must not rise" : fmt::format("may rise {}{}", value, share ? " pt" : "");
    case Check::Rule::information:
      break;
  }
  return korean ? "(참고)" : "(for your information)";
}

std::string ending(const Check& check, bool korean) {
  if (!check.gates()) return "";
  if (korean) return check.ok() ? "통과" : "안 됨";
  return check.ok() ? "ok" : "NO";
}

std::string line(const Check& check, const std::string& name, std::size_t name_width, bool korean) {
  std::string text = padded(name, name_width) + right(number(check, check.before), 9) + "  →" +
                     right(number(check, check.after), 8) + "   " + padded(interval(check), 17) +
                     padded(limit(check, korean), korean ? 24 : 18) + ending(check, korean);
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

std::string heading(const Report& report, bool korean) {
  if (!std::isfinite(report.lambda)) {
    return korean ? "새 어댑터를 어떤 세기로 써도 글말이 지나치게 나빠집니다"
                  : "at no strength does the new adapter leave plain language as it was";
  }
  int questions = 0;
  for (const Check& check : report.checks) {
    if (check.name.starts_with("habit: ")) questions = std::max(questions, check.samples);
  }
  const std::string scale = fmt::format("{:.2g}", report.lambda);
  if (questions == 0) return korean ? "세기 " + scale : "as served, at scale " + scale;
  return korean ? fmt::format("세기 {}, 가면 없이, 처음 보는 물음 {}개", scale, questions)
                : fmt::format("as served, mask absent, {} questions it never saw, at scale {}", questions, scale);
}

std::string trial_line(const LambdaTrial& trial, bool korean) {
  return fmt::format(fmt::runtime(korean ? "세기 {:.2g}: 글말 {:+.3f}" : "scale {:.2g}: plain language {:+.3f}"),
                     trial.lambda, trial.general_rise);
}

}  // namespace

std::string shown_name(const std::string& check, const std::string& language) {
  std::string rest = check;
  std::string shown;
  for (const Label& label : kLabels) {
    const std::string_view name = label.name;
    const bool beginning = name.ends_with(' ') || name.ends_with('"');
    if (beginning ? !rest.starts_with(name) : rest != name) continue;
    shown += language == "ko" ? label.korean : label.english;
    rest.erase(0, name.size());
    if (!beginning) break;
  }
  return shown + rest;
}

std::vector<std::string> report_lines(const Report& report, const std::string& language) {
  const bool korean = language == "ko";
  std::vector<std::string> lines = {heading(report, korean)};
  if (report.checks.empty()) {
    for (const LambdaTrial& trial : report.trials) lines.push_back("  " + trial_line(trial, korean));
    return lines;
  }
  std::vector<std::string> names;
  std::size_t width = 0;
  for (const Check& check : report.checks) {
    names.push_back(shown_name(check.name, language));
    width = std::max(width, std::min(kWidestName, columns(names.back())));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    lines.push_back("  " + line(report.checks[i], names[i], width, korean));
  }
  return lines;
}

}  // namespace banchu
