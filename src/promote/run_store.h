// Nights on disk: one row of table `runs` each, written after every stage, so that a killed night goes on where it
// stopped and every night leaves its receipt.
//
// Threads: one at a time. Errors: those of bag/database.h; Corruption for a body that cannot be read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bag/bag.h"
#include "base/clock.h"
#include "base/json.h"

namespace banchu {

struct NightRun {
  std::string id;
  Time started = 0;
  Time finished = 0;    // 0: not yet
  std::string stage;    // "", "ruminated", "trained", "evaluated", "done"
  std::string outcome;  // "" until done; a Decision's name, or "abandoned"
  std::string key;      // digest of every input; the same key goes on where it stopped
  Json body = Json::object();
};

class RunStore {
 public:
  explicit RunStore(Bag& bag) : bag_(&bag) {}

  Status put(const NightRun& run);               // insert or replace by id; may run inside a transaction
  Result<NightRun> find(const std::string& id);  // also by an unambiguous prefix
  Result<std::vector<NightRun>> list();          // oldest first
  Result<std::optional<NightRun>> latest();      // the last that was started
  Result<std::optional<NightRun>> find_unfinished(const std::string& key);  // not "done", the last one

 private:
  Bag* bag_;
};

}  // namespace banchu
