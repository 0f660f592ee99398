// How a reading looks in a terminal: the arc as a line of blocks, the number and what it stands beside, what is
// weakest.
#pragma once

#include <string>
#include <vector>

#include "app/context.h"
#include "arc/reading.h"

namespace banchu {

// The lines of `arc score`, without colour, in the user's language.
std::vector<std::string> reading_lines(const AppContext& context, const Reading& reading);

}  // namespace banchu
