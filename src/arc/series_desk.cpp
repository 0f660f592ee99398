#include "arc/series_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "arc/plot.h"
#include "arc/plot_canvas.h"
#include "arc/plot_style.h"
#include "base/text.h"

namespace banchu {
namespace {

constexpr std::size_t kShownSentences = 12;
constexpr std::size_t kWidestLine = 72;

enum class Act { accept, skip, back, split, merge, label, title, phase, feel, show, list, quit, help };
struct Name {
  std::string_view word;
  Act act;
};
constexpr std::array<Name, 30> kNames = {
    {{"a", Act::accept},     {"accept", Act::accept}, {"받기", Act::accept},  {"s", Act::skip},
     {"skip", Act::skip},    {"넘김", Act::skip},     {"b", Act::back},       {"back", Act::back},
     {"뒤로", Act::back},    {"split", Act::split},   {"나누기", Act::split}, {"merge", Act::merge},
     {"합치기", Act::merge}, {"label", Act::label},   {"모양", Act::label},   {"title", Act::title},
     {"제목", Act::title},   {"phase", Act::phase},   {"국면", Act::phase},   {"feel", Act::feel},
     {"감정", Act::feel},    {"show", Act::show},     {"보기", Act::show},    {"list", Act::list},
     {"목록", Act::list},    {"q", Act::quit},        {"quit", Act::quit},    {"끝", Act::quit},
     {"?", Act::help},       {"help", Act::help}}};

std::string_view first_word(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  const std::size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return word;
}

template <typename Number>
std::optional<Number> number_in(std::string_view word) {
  if (word.starts_with('+')) word.remove_prefix(1);
  Number number{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number;
}

struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// "12" or "12-20", from 1, inside an episode of `size`.
std::optional<Range> range_in(std::string_view word, std::size_t size) {
  const std::size_t dash = word.find('-');
  const auto first = number_in<std::size_t>(word.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : number_in<std::size_t>(word.substr(dash + 1));
  if (!first || !last || *first < 1 || *first > *last || *last > size) return std::nullopt;
  return Range{*first - 1, *last};
}

std::optional<Phase> phase_in(std::string_view word) {
  for (std::size_t i = 0; i < kPhases; ++i) {
    if (word == kPhaseNames[i] || word == plot_style::kPhaseKorean[i]) return static_cast<Phase>(i);
  }
  return std::nullopt;
}

}  // namespace

struct SeriesDesk::Command {
  Act act = Act::help;
  std::string_view rest;
};

void SeriesDesk::seek(std::size_t from) {
  at_ = from;
  while (at_ < series_.episodes.size() && current().state != SeriesEpisode::State::open) ++at_;
}

std::vector<std::string> SeriesDesk::shown(std::size_t columns) const {
  if (is_over()) return {say("no episode is left", "남은 에피소드가 없습니다")};
  const SeriesEpisode& episode = current();
  std::string phases;
  for (const PhaseSpan& span : spans_of(episode.phases)) {
    phases += fmt::format("{}{} {}-{}", phases.empty() ? "" : " · ", plot_style::phase_name(span.phase, korean_),
                          span.begin + 1, span.end);
  }
  const std::string score =
      episode.reading.coherence ? fmt::format("{:.0f}", *episode.reading.coherence) : episode.reading.reason;
  const auto units = units_of(series_, episode);
  return {
      fmt::format("{}/{}  {}", at_ + 1, series_.episodes.size(), episode.title),
      "  " + sparkline(episode.reading.arc, std::clamp<std::size_t>(columns, 12, kWidestLine) - 4), "  " + phases,
      "  " + fmt::format(fmt::runtime(say("{} sentences, coherence {}", "문장 {}개, 정합 {}")), units.size(), score),
      "  " + fitted(fmt::format("{} … {}", units.front(), units.back()), std::max<std::size_t>(columns, 24) - 4)};
}

std::string SeriesDesk::prompt() const {
  return say("[a]ccept [s]kip split merge label phase feel show list [q]uit ? ▸ ",
             "받기 넘김 나누기 합치기 모양 국면 감정 보기 목록 끝 ? ▸ ");
}

SeriesDesk::Answer SeriesDesk::hear(std::string_view line) {
  Command command{Act::help, line};
  const std::string_view word = first_word(command.rest);
  const auto known = std::ranges::find(kNames, word, &Name::word);
  if (known == kNames.end() && !word.empty()) {
    return {{fmt::format(fmt::runtime(say("\"{}\" is not known here; ? shows what is",
                                          "\"{}\" 명령은 없습니다. ?를 치면 알려 드립니다")),
                         shorten(word, 40))}};
  }
  if (known != kNames.end()) command.act = known->act;
  const bool ends = is_over() && command.act != Act::back && command.act != Act::list;
  if (command.act == Act::quit || ends) return {{}, false, true};
  return run(command);
}

SeriesDesk::Answer SeriesDesk::run(const Command& command) {
  Answer answer;
  switch (command.act) {
    case Act::accept:
      answer.lines = accept(answer);
      break;
    case Act::skip:
      current().state = SeriesEpisode::State::skipped;
      seek(at_ + 1);
      break;
    case Act::back:
      answer.lines = back();
      break;
    case Act::split:
      answer.lines = split(command.rest);
      break;
    case Act::merge:
      answer.lines = merge();
      break;
    case Act::label:
      current().shape = std::string(command.rest);
      break;
    case Act::title:
      if (!command.rest.empty()) current().title = std::string(command.rest);
      break;
    case Act::phase:
      answer.lines = set_phase(command.rest);
      break;
    case Act::feel:
      answer.lines = set_feeling(command.rest);
      break;
    case Act::show:
      answer.lines = show(command.rest);
      break;
    case Act::list:
      answer.lines = list();
      break;
    case Act::quit:
    case Act::help:
      answer.lines = help();
      break;
  }
  answer.is_over = is_over();
  return answer;
}

SeriesDesk::Lines SeriesDesk::accept(Answer& answer) {
  const std::vector<GoldenFault> faults = find_golden_faults(golden_line(story_of(series_, current(), author_)));
  if (!faults.empty()) {
    Lines lines = {say("not yet:", "아직 받을 수 없습니다:")};
    for (const GoldenFault& fault : faults) lines.push_back(fmt::format("  {}: {}", fault.field, fault.what));
    lines.push_back(say("  `phase 12-20 fall` sets what is missing (sentences count from 1 here)",
                        "  `국면 12-20 하강`처럼 고쳐 주세요 (여기서는 문장을 1부터 셉니다)"));
    return lines;
  }
  current().state = SeriesEpisode::State::accepted;
  answer.has_accepted = true;
  seek(at_ + 1);
  return {};
}

SeriesDesk::Lines SeriesDesk::split(std::string_view rest) {
  const auto at = number_in<std::size_t>(first_word(rest));
  if (!at || *at < 1)
    return {say("split N: the second part begins at sentence N", "나누기 N: N번 문장부터 뒷부분이 됩니다")};
  const Status done = split_episode(series_, at_, *at - 1, measure_);
  return done ? Lines{} : Lines{done.error().message, done.error().hint};
}

SeriesDesk::Lines SeriesDesk::merge() {
  const Status done = merge_episodes(series_, at_, measure_);
  return done ? Lines{} : Lines{done.error().message, done.error().hint};
}

SeriesDesk::Lines SeriesDesk::set_phase(std::string_view rest) {
  const auto range = range_in(first_word(rest), current().size());
  const auto phase = phase_in(first_word(rest));
  if (!range || !phase)
    return {fmt::format(fmt::runtime(say("phase A-B NAME: sentences 1 to {}, and one of {}",
                                         "국면 A-B 이름: 문장은 1에서 {}까지, 이름은 {} 가운데 하나입니다")),
                        current().size(),
                        korean_ ? fmt::format("{}", fmt::join(plot_style::kPhaseKorean, ", "))
                                : fmt::format("{}", fmt::join(kPhaseNames, ", ")))};
  for (std::size_t i = range->begin; i < range->end; ++i) current().phases[i] = *phase;
  return {};
}

SeriesDesk::Lines SeriesDesk::set_feeling(std::string_view rest) {
  const auto range = range_in(first_word(rest), current().size());
  const auto value = number_in<double>(first_word(rest));
  if (!range || !value || !(std::abs(*value) <= kGoldenValence))
    return {fmt::format(fmt::runtime(say("feel N V: a sentence from 1 to {} (or A-B), and a number from -3 to 3",
                                         "감정 N V: 문장은 1에서 {}까지(또는 A-B), 값은 -3에서 3까지입니다")),
                        current().size())};
  for (std::size_t i = range->begin; i < range->end; ++i) current().valence[i] = *value;
  return {};
}

SeriesDesk::Lines SeriesDesk::show(std::string_view rest) const {
  const SeriesEpisode& episode = current();
  const std::string_view word = first_word(rest);
  const auto range = word.empty() ? Range{0, episode.size()} : range_in(word, episode.size()).value_or(Range{});
  Lines lines;
  const auto units = units_of(series_, episode);
  const std::size_t end = word.empty() ? std::min(range.end, kShownSentences) : range.end;
  for (std::size_t i = range.begin; i < end; ++i) {
    lines.push_back(fmt::format("  {:>4} {:+.1f} {} {}", i + 1, episode.valence[i],
                                plot_style::phase_name(episode.phases[i], korean_), units[i]));
  }
  if (end < range.end)
    lines.push_back(
        fmt::format(fmt::runtime(say("  … `show {}-{}` shows the rest", "  … `보기 {}-{}`로 나머지를 볼 수 있습니다")),
                    end + 1, range.end));
  if (lines.empty()) lines.push_back(say("show A-B: no such sentences", "보기 A-B: 그런 문장이 없습니다"));
  return lines;
}

SeriesDesk::Lines SeriesDesk::list() const {
  Lines lines;
  for (std::size_t i = 0; i < series_.episodes.size(); ++i) {
    const SeriesEpisode& episode = series_.episodes[i];
    const char* mark = episode.state == SeriesEpisode::State::accepted  ? "●"
                       : episode.state == SeriesEpisode::State::skipped ? "×"
                       : i == at_                                       ? "▸"
                                                                        : " ";
    lines.push_back(
        fmt::format("{} {:>3} {} {}", mark, i + 1, sparkline(episode.reading.arc, 24), fitted(episode.title, 46)));
  }
  return lines;
}

SeriesDesk::Lines SeriesDesk::back() {
  if (at_ == 0) return {say("this is the first one", "첫 에피소드입니다")};
  --at_;
  current().state = SeriesEpisode::State::open;
  return {};
}

SeriesDesk::Lines SeriesDesk::help() const {
  if (korean_)
    return {"  받기: 골든 셋에 넣기   넘김: 건너뛰기   뒤로: 앞의 것 다시   끝: 저장하고 마치기",
            "  나누기 N: N번 문장부터 둘로   합치기: 다음 것과 하나로   목록: 전체를 한눈에",
            "  모양 말: 곡선의 이름   제목 글   국면 A-B 하강   감정 N -3   보기 [A-B]"};
  return {"  accept: into the golden set   skip   back: the one before again   quit: saves and ends",
          "  split N: in two, the second from sentence N   merge: with the next one   list: the whole series",
          "  label WORD: the arc's name   title TEXT   phase A-B fall   feel N -3   show [A-B]"};
}

std::vector<GoldenStory> SeriesDesk::accepted() const {
  std::vector<GoldenStory> stories;
  for (const SeriesEpisode& episode : series_.episodes) {
    if (episode.state == SeriesEpisode::State::accepted) stories.push_back(story_of(series_, episode, author_));
  }
  return stories;
}

std::size_t SeriesDesk::accept_all() {
  std::size_t count = 0;
  for (SeriesEpisode& episode : series_.episodes) {
    if (episode.state != SeriesEpisode::State::open) continue;
    if (!find_golden_faults(golden_line(story_of(series_, episode, author_))).empty()) continue;
    episode.state = SeriesEpisode::State::accepted;
    ++count;
  }
  seek(at_);
  return count;
}

}  // namespace banchu
