// What every verb gets: the global options, the flag that Ctrl-C sets, and the only ways to speak.
//
// stdout carries the answer, stderr everything else. With --json the answer is exactly one JSON object and nothing
// else touches stdout. Threads: one, but for `cancel`, which a signal handler sets.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "app/terminal.h"
#include "app/words.h"
#include "base/error.h"
#include "base/json.h"
#include "base/progress.h"
#include "base/result.h"

namespace banchu {

struct GlobalOptions {
  std::string bag;    // --bag, else $BANCHU_BAG, else ./workspace (see bag_folder)
  std::string model;  // --model ID|PATH; "" when not given
  bool json = false;
  bool quiet = false;
  std::optional<std::uint64_t> seed;
  int threads = 0;   // 0: every core
  std::string lang;  // "en", "ko" or "" (by the environment)
  std::string now;   // --now; already frozen when a verb runs
};

class AppContext {
 public:
  GlobalOptions options;
  CancelFlag cancel{false};
  std::string verb;                     // "chat", "self wake": stands in the error frame
  std::function<Result<int>()> action;  // what the command line chose (see on_run)
  Language language = Language::en;
  Terminal out{stdout};
  Terminal err{stderr};

  // A line of the answer, for a person: stdout, or nothing with --json.
  void print(std::string_view line) const;
  // A line beside the answer: stderr, or nothing with --quiet.
  void note(std::string_view line) const;
  // The one JSON object; only with --json.
  void answer(const Json& object) const;
  // "[verb] message" and the hint on stderr, {"error":{...}} on stdout with --json. Answers the exit code.
  int fail(const Error& error) const;

  std::string_view word(Word word) const { return text_of(word, language); }
  std::uint64_t seed_or(std::uint64_t fallback) const { return options.seed.value_or(fallback); }
};

}  // namespace banchu
