// The report as people read it: one aligned line for every measurement. Pure functions; no colour.
#pragma once

#include <string>
#include <vector>

#include "evaluate/report.h"

namespace banchu {

// `language`: "en" or "ko". A heading line, one line a check:
//   habit: opens with "Mm"     0 %  →   98 %   [87, 100]   must be ≥ 90      ok
std::vector<std::string> report_lines(const Report& report, const std::string& language);

// "plain language" in the user's language: what the check is called on the screen.
std::string shown_name(const std::string& check, const std::string& language);

}  // namespace banchu
