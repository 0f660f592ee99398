// Time as the bag keeps it: whole seconds since the Unix epoch, UTC; RFC 3339 in text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace banchu {

using Time = std::int64_t;  // seconds since 1970-01-01T00:00:00Z

Time now();

// Makes now() answer `time` from here on (the global flag --now; a night's determinism needs it).
void freeze_now(Time time);

std::string format_time(Time time);              // "2026-11-22T14:55:53Z"
std::string format_day(Time time);               // "2026-11-22"
Result<Time> parse_time(std::string_view text);  // RFC 3339 with Z or an offset; a plain date is midnight UTC

// Seconds of a steady clock, for durations; never stored.
double steady_seconds();

}  // namespace banchu
