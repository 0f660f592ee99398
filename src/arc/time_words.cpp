#include "arc/time_words.h"

#include <array>
#include <unordered_map>

namespace banchu {
namespace {

struct TimeScale {
  std::uint8_t length;
  bool comes_round;
  std::string_view words;  // points separated by commas, names of one point by spaces
};

constexpr std::array<TimeScale, kTimeScaleCount> kTimeScales = {{
    {12, true,
     "january 일월 정월 1월,february 이월 2월,march 삼월 3월,april 사월 4월,may 오월 5월,june 유월 6월,july 칠월 7월,"
     "august 팔월 8월,september 구월 9월,october 시월 10월,november 십일월 11월,december 십이월 섣달 12월"},
    {4, true, "spring 봄,summer 여름,autumn 가을,winter 겨울"},
    {5, true,
     "dawn sunrise 새벽,morning 아침,noon midday afternoon 점심 낮 오후,evening dusk sunset 저녁,night midnight 밤 "
     "자정"},
    {6, false,
     "first 첫 처음,second 두번째 둘째,third 세번째 셋째,fourth 네번째 넷째,fifth 다섯째,last 마지막 마지막으로"},
}};

using TimeTable = std::unordered_map<std::string_view, TimePoint>;

void add_scale(std::uint8_t scale, std::string_view words, TimeTable& table) {
  std::uint8_t rank = 0;
  while (!words.empty()) {
    const std::size_t end = std::min(words.find_first_of(", "), words.size());
    table[words.substr(0, end)] = {scale, rank};
    if (end < words.size() && words[end] == ',') ++rank;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
}

const TimeTable& time_table() {
  static const TimeTable table = [] {
    TimeTable made;
    for (std::size_t i = 0; i < kTimeScales.size(); ++i) {
      add_scale(static_cast<std::uint8_t>(i + 1), kTimeScales[i].words, made);
    }
    return made;
  }();
  return table;
}

}  // namespace

TimePoint time_point_of(std::string_view word) {
  const auto found = time_table().find(word);
  return found == time_table().end() ? TimePoint{} : found->second;
}

int time_step(TimePoint from, TimePoint to) {
  if (from.scale == 0 || from.scale != to.scale || from.rank == to.rank) return 0;
  const TimeScale& scale = kTimeScales[from.scale - 1u];
  if (!scale.comes_round) return to.rank > from.rank ? 1 : -1;
  const int forward = (to.rank - from.rank + scale.length) % scale.length;
  return forward * 2 < scale.length ? 1 : forward * 2 > scale.length ? -1 : 0;
}

}  // namespace banchu
