// How a reading looks in a terminal: the arc as a line of blocks, the number and what it stands beside, what is
// weakest.
#pragma once

#include <string>
#include <vector>

#include "arc/reading.h"

namespace banchu {

// `columns` blocks ▁..█ between the lowest and the highest of `series`; a flat series is a line of the middle one.
std::string sparkline(const std::vector<double>& series, std::size_t columns);

// The lines of `arc score`, without colour.
std::vector<std::string> reading_lines(const Reading& reading, std::size_t columns);

}  // namespace banchu
