#include "app/context.h"

#include <fmt/format.h>

namespace banchu {

void AppContext::print(std::string_view line) const {
  if (options.json) return;
  out.show(fmt::format("{}\n", line));
}

void AppContext::note(std::string_view line) const {
  if (options.quiet) return;
  std::fflush(stdout);
  err.show(fmt::format("{}\n", line));
}

void AppContext::answer(const Json& object) const {
  if (options.json) out.write(to_line(object) + "\n");
}

int AppContext::fail(const Error& error) const {
  const CodeInfo& info = code_info(error.code);
  std::fflush(stdout);
  const std::string frame = verb.empty() ? "banchu" : verb;
  err.show(fmt::format("{} {}\n", err.paint(Style::red, "[" + frame + "]"), translated(error.message, language)));
  if (!error.hint.empty()) err.show(fmt::format("  {} {}\n", word(Word::hint), translated(error.hint, language)));
  answer({{"error", {{"code", info.name}, {"message", error.message}, {"hint", error.hint}}}});
  return info.exit_code;
}

}  // namespace banchu
