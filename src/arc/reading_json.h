// A reading as JSON, the fields of `arc score --json`: coherence, standard, interval, robust, null, ceiling, subscores,
// units, arc, phases, peaks, valleys, grid, evidence, cost, inputs; beside them reason, notes, language, gamma, tau.
// Numbers are rounded to 6 decimals, so that the text is the same wherever the bits are.
#pragma once

#include "arc/reading.h"
#include "base/json.h"

namespace banchu {

Json reading_to_json(const Reading& reading);

}  // namespace banchu
