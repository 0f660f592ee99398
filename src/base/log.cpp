#include "base/log.h"

#include <atomic>
#include <cstdio>

namespace banchu {
namespace {

std::atomic<LogLevel> lowest{LogLevel::info};

}  // namespace

void set_log_level(LogLevel level) { lowest = level; }

void log(LogLevel level, std::string_view message) {
  if (level < lowest.load()) return;
  const char* const prefix = level == LogLevel::warning ? "warning: " : "";
  std::fprintf(stderr, "%s%.*s\n", prefix, static_cast<int>(message.size()), message.data());
}

}  // namespace banchu
