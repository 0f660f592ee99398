#include "base/clock.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <limits>

namespace banchu {
namespace {

constexpr Time kNotFrozen = std::numeric_limits<Time>::min();
std::atomic<Time> frozen_now{kNotFrozen};

std::tm utc(Time time) {
  const std::time_t seconds = time;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

Error bad_time(std::string_view text) {
  return make_error(Code::InvalidArgument, fmt::format("\"{}\" is not a time", text),
                    "write it as 2026-11-22T14:55:53Z or 2026-11-22");
}

}  // namespace

Time now() {
  const Time frozen = frozen_now.load();
  if (frozen != kNotFrozen) return frozen;
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void freeze_now(Time time) { frozen_now.store(time); }

std::string format_time(Time time) {
  const std::tm t = utc(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
                     t.tm_min, t.tm_sec);
}

std::string format_day(Time time) { return format_time(time).substr(0, 10); }

Result<Time> parse_time(std::string_view text) {
  const std::string owned(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
  int fields = std::sscanf(owned.c_str(), "%4d-%2d-%2d%n", &year, &month, &day, &used);
  if (fields != 3 || year < 1970 || month < 1 || month > 12 || day < 1 || day > 31) return bad_time(text);
  Time offset = 0;
  std::string rest = owned.substr(static_cast<std::size_t>(used));
  if (!rest.empty()) {
    fields = std::sscanf(rest.c_str(), "%*1[Tt ]%2d:%2d:%2d%n", &hour, &minute, &second, &used);
    if (fields != 3 || hour > 23 || minute > 59 || second > 60) return bad_time(text);
    rest = rest.substr(static_cast<std::size_t>(used));
    if (!rest.empty() && rest[0] == '.') {
      const std::size_t end = rest.find_first_not_of("0123456789", 1);
      rest = end == std::string::npos ? "" : rest.substr(end);
    }
    int offset_hours = 0, offset_minutes = 0;
    char sign = 0;
    if (std::sscanf(rest.c_str(), "%c%2d:%2d", &sign, &offset_hours, &offset_minutes) == 3 &&
        (sign == '+' || sign == '-') && rest.size() == 6) {
      offset = (sign == '+' ? 1 : -1) * (offset_hours * 3600 + offset_minutes * 60);
    } else if (rest != "Z" && rest != "z") {
      return bad_time(text);
    }
  }
  std::tm parts{};
  parts.tm_year = year - 1900;
  parts.tm_mon = month - 1;
  parts.tm_mday = day;
  parts.tm_hour = hour;
  parts.tm_min = minute;
  parts.tm_sec = second;
  const Time time = static_cast<Time>(timegm(&parts));  // turns 30 February into 2 March, and writes that back
  if (parts.tm_mday != day && second < 60) return bad_time(text);
  return time - offset;
}

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace banchu
