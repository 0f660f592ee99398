#include "model/engine.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string_view>

#include "base/log.h"
#include "model/model.h"

namespace banchu {
namespace {

void drop_line(ggml_log_level, const char*, void*) {}

void pass_line(ggml_log_level, const char* text, void*) {
  std::string_view line(text);
  while (line.ends_with('\n')) line.remove_suffix(1);
  if (!line.empty()) log(LogLevel::debug, line);
}

std::atomic<EngineLastWords> last_words_of_app{nullptr};

// The engine is about to end the process. By default it would first call a debugger, which nobody asked for.
void last_words(const char* message) {
  if (const EngineLastWords say = last_words_of_app.load()) say(message);
  std::fprintf(stderr, "banchu: the engine gave up: %s\n", message);
}

}  // namespace

void start_engine() {
  static std::once_flag once;
  std::call_once(once, [] {
    send_engine_log_home();
    ggml_set_abort_callback(last_words);
    llama_backend_init();
  });
}

void set_engine_last_words(EngineLastWords say) { last_words_of_app.store(say); }

void send_engine_log_home() {
  const char* level = std::getenv("BANCHU_LOG");
  const bool debug = level != nullptr && std::string_view(level) == "debug";
  llama_log_set(debug ? pass_line : drop_line, nullptr);
}

}  // namespace banchu
