// Private to arc/: the shape of a unit, 48 yes-or-no questions about it. Which shapes like to follow each other is a
// learned table (order.h); the questions themselves are ours and know no topic.
#pragma once

#include "arc/unit_reader.h"

namespace banchu {

std::uint64_t unit_shape(const ReadUnit& read, const DiscourseUnit& unit, const Vocabulary& vocabulary);

}  // namespace banchu
