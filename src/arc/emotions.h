// The classifier of the essay: one-vs-rest emotion labels, one sentence at a time, with a threshold for each label.
//
// A local instrument, and a weak one (docs/arc.md, "35 and 95"): it is here to be measured beside the arc, and to say
// which emotions a unit may hold. Logistic regressions under focal loss over words (English, GoEmotions, Apache-2.0) or
// syllable groups (Korean, KOTE, MIT), learned by tools/make_arc_tables.py. Threads: any. Pure functions.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace banchu {

inline constexpr std::size_t kEmotions = 7;
inline constexpr std::array<const char*, kEmotions> kEmotionNames = {"anger",   "disgust", "fear",    "joy",
                                                                     "neutral", "sadness", "surprise"};

struct EmotionShares {
  std::array<double, kEmotions> probability{};  // each for itself; they do not add up to 1
  std::array<bool, kEmotions> label{};          // probability at or above the label's threshold
};

// Hangul and Latin words go to the classifier that has more of them. A text without words has no label.
EmotionShares classify_emotions(std::string_view unit);

}  // namespace banchu
