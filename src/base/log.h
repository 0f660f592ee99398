// One line to standard error for what a user may want to know. Libraries inside rooms do not call this; app does,
// and the engine's own messages pass through it when BANCHU_LOG=debug.
#pragma once

#include <string_view>

namespace banchu {

enum class LogLevel { debug, info, warning };

void set_log_level(LogLevel level);
void log(LogLevel level, std::string_view message);

}  // namespace banchu
