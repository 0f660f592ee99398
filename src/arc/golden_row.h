// One row of a golden file: JSON to story and back. Used by golden.cpp alone.
#pragma once

#include <string_view>
#include <vector>

#include "arc/golden.h"

namespace banchu {

// Fills `story`; appends what is wrong with the row, or nothing.
void read_golden_row(std::string_view line, std::size_t row, GoldenStory& story, std::vector<GoldenFault>& faults);

}  // namespace banchu
