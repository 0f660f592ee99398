// What every verb gets: the global options, the flag that Ctrl-C sets, and the only ways to speak.
//
// stdout carries the answer, stderr everything else. With --json the answer is exactly one JSON object and nothing
// else touches stdout. Threads: one, but for `cancel`, which a signal handler sets.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "app/catalogue.h"
#include "app/language.h"
#include "app/terminal.h"
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
  // The same in the user's language: `english` is looked up in the Korean catalogue (app/catalogue.h) and filled there.
  template <typename... T>
  std::string said(fmt::format_string<T...> english, T&&... values) const {
    const fmt::string_view key = english;
    return fmt::vformat(in_language({key.data(), key.size()}, language), fmt::make_format_args(values...));
  }
  template <typename... T>
  void say(fmt::format_string<T...> english, T&&... values) const {
    print(said<T...>(english, std::forward<T>(values)...));
  }
  // A word that a room names things by ("habit", "fresh"), in the user's language.
  std::string named(std::string_view english) const { return std::string(in_language(english, language)); }
  // A line beside the answer: stderr, or nothing with --quiet.
  void note(std::string_view line) const;
  // The one JSON object; only with --json.
  void answer(const Json& object) const;
  // "[verb] message" and the hint on stderr, in the user's language; {"error":{...}} on stdout with --json, always in
  // English, for scripts compare it. Answers the exit code.
  int fail(const Error& error) const;

  std::uint64_t seed_or(std::uint64_t fallback) const { return options.seed.value_or(fallback); }
};

}  // namespace banchu
