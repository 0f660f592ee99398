// Private to arc/: words that stand on a scale of time. Stories mostly go forward on it.
#pragma once

#include <cstddef>
#include <string_view>

#include "arc/vocabulary.h"

namespace banchu {

inline constexpr std::size_t kTimeScaleCount = 4;  // months, seasons, parts of the day, ordinals

TimePoint time_point_of(std::string_view word);  // English in lower case, Korean without its particle
// +1 when going from one point to the next moves forward, -1 when it moves back, 0 when it does neither. On scales that
// come round again, forward is the shorter way.
int time_step(TimePoint from, TimePoint to);

}  // namespace banchu
