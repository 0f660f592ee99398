#include "app/context.h"

#include <fmt/format.h>

#include <new>

#include "app/trouble.h"
#include "app/trouble_log.h"

namespace banchu {
namespace {

// The known trouble behind an error, which is kept by its kind; "" where none is known, or where not even the memory
// is left to look it up: an error is told in any case.
std::string looked_up(const std::string& verb, const Error& error) {
  try {
    const Trouble* trouble = trouble_behind(error);
    const std::string id = trouble == nullptr ? "" : trouble->id;
    keep_failure(verb, error, id);
    return id;
  } catch (const std::bad_alloc&) {
    return "";
  }
}

// Whatever is wrong with machine, bag or model, doctor names it.
bool is_for_doctor(Code code) {
  return code == Code::NoSpace || code == Code::Corruption || code == Code::Internal ||
         code == Code::FailedPrecondition;
}

}  // namespace

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
  if (!error.hint.empty()) err.show(fmt::format("  {} {}\n", named("->"), translated(error.hint, language)));
  Json told{{"code", info.name}, {"message", error.message}, {"hint", error.hint}};
  const std::string trouble = looked_up(verb, error);
  if (!trouble.empty()) {
    told["trouble"] = trouble;
    err.show(fmt::format("  {} {}\n", named("->"), said("this is known, and what helps: banchu trouble {}", trouble)));
  } else if (is_for_doctor(error.code) && verb != "doctor") {
    err.show(fmt::format("  {} {}\n", named("->"), said("what is wrong here, and what mends it: banchu doctor")));
  }
  answer({{"error", std::move(told)}});
  return info.exit_code;
}

}  // namespace banchu
