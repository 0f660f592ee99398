// How a reading looks in a terminal: the arc as a line of blocks, the number and what it stands beside, what is
// weakest.
#pragma once

#include <string>
#include <vector>

#include "arc/reading.h"

namespace banchu {

// The lines of `arc score`, without colour.
std::vector<std::string> reading_lines(const Reading& reading, std::size_t columns);

}  // namespace banchu
