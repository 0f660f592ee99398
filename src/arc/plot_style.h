// Colours and words that the pictures of arc/ share.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "arc/reading.h"
#include "base/text.h"

namespace banchu::plot_style {

inline constexpr std::string_view kInk = "#2b2f33";
inline constexpr std::string_view kQuiet = "#7b828a";
inline constexpr std::string_view kFaint = "#e6e2d8";
inline constexpr std::string_view kArc = "#1d6a72";
inline constexpr std::string_view kBand = "#1d6a72";
inline constexpr std::string_view kPeak = "#d98a1f";
inline constexpr std::string_view kValley = "#3d62a8";
inline constexpr std::string_view kTook = "#c0453a";
inline constexpr std::string_view kGave = "#4b9560";
inline constexpr std::array<std::string_view, kPhases> kPhaseFill = {"#ebe7dc", "#d6ead7", "#f8dc94",
                                                                     "#f4cdbd", "#c9d6ee", "#e3dcec"};
inline constexpr std::array<std::string_view, kPhases> kPhaseKorean = {"도입", "상승", "정점", "하강", "저점", "결말"};

inline std::string_view phase_name(Phase phase, bool in_korean) {
  const auto i = static_cast<std::size_t>(phase);
  return in_korean ? kPhaseKorean[i] : std::string_view(kPhaseNames[i]);
}

// `text` where it can be drawn; a stand-in where it has Hangul and no font has.
inline std::string drawable(std::string_view text, bool can_draw_hangul) {
  if (can_draw_hangul) return std::string(text);
  for (const char32_t c : code_points(text)) {
    if (is_hangul(c)) return "(Korean text)";
  }
  return std::string(text);
}

}  // namespace banchu::plot_style
