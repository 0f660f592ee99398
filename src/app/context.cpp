#include "app/context.h"

#include <fmt/format.h>

namespace banchu {

void AppContext::print(std::string_view line) const {
  if (options.json) return;
  out.write(fmt::format("{}\n", line));
}

void AppContext::note(std::string_view line) const {
  if (options.quiet) return;
  std::fflush(stdout);
  err.write(fmt::format("{}\n", line));
}

void AppContext::answer(const Json& object) const {
  if (options.json) out.write(to_line(object) + "\n");
}

int AppContext::fail(const Error& error) const {
  const CodeInfo& info = code_info(error.code);
  std::fflush(stdout);
  const std::string frame = verb.empty() ? "banchu" : verb;
  err.write(fmt::format("{} {}\n", err.paint(Style::red, "[" + frame + "]"), error.message));
  if (!error.hint.empty()) err.write(fmt::format("  {} {}\n", word(Word::hint), error.hint));
  answer({{"error", {{"code", info.name}, {"message", error.message}, {"hint", error.hint}}}});
  return info.exit_code;
}

}  // namespace banchu
