// The night: ruminate, train, evaluate, promote, in this order, each stage durable before the next begins.
//
// A night that is killed anywhere goes on where it stopped: the same inputs (base, awake self, entries, recipe, seed,
// threads) find the unfinished run by its key. Only the last step changes who is awake, in one transaction.
// Threads: one. Errors: those of the rooms; Busy when another night runs on this bag; Cancelled (goes on next time).
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/recipe.h"
#include "bag/bag.h"
#include "base/progress.h"
#include "promote/promote.h"

namespace banchu {

struct NightRequest {
  Bag* bag = nullptr;
  std::filesystem::path model;  // the base GGUF
  Recipe recipe;
  std::uint64_t seed = 1;
  int threads = 0;  // 0: every core
  enum class Until { ruminate, train, evaluate, done } until = Until::done;
  // Asked after the gate said yes; empty: nobody is asked. An error (no terminal) leaves the night unfinished.
  std::function<Result<bool>(const Report&)> ask;
  // Asked before each stage that has work to do, and told at every step, with the seconds that this night has taken so
  // far, earlier attempts among them. An error before a stage ends the night there; it goes on another time.
  std::function<Status(double seconds)> may_go_on;
  std::function<void(const Chewed&, const Lessons&)> on_chewed;  // for the narration
  std::function<void(const Report&)> on_report;
  ProgressSink progress;
  const CancelFlag* cancel = nullptr;
};

struct NightOutcome {
  std::string run;
  bool finished = false;  // false: stopped after the stage that was asked for
  Decision decision = Decision::refused;
  std::vector<std::string> reasons;
  std::string self_before;
  std::string self_after;
  Json lessons;  // counts, as the command line's contract names them
  Json train;    // null before the stage ran
  std::optional<Report> report;
  Receipt receipt;
  std::string morning;  // one line in the companion's own voice
};
Json outcome_to_json(const NightOutcome& outcome);

Result<NightOutcome> run_night(const NightRequest& request);

// What the fresh entries hold, without any model and without writing: `ruminate --explain`, `night --dry-run`.
Result<Chewed> look_at_the_day(Bag& bag, const Recipe& recipe);

}  // namespace banchu
