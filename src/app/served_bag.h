// The bag as a server uses it: from many threads, one at a time.
//
// Owns: the bag, the lease of the one server it may have. Without a bag every method that needs one says so.
// Threads: any. Errors: those of the rooms behind it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "app/heartbeat.h"
#include "app/open.h"
#include "serve/serve.h"

namespace banchu {

class ServedBag {
 public:
  // Errors: Busy (another server has this bag).
  static Result<std::unique_ptr<ServedBag>> open(const AppContext& context);

  Bag* bag() { return bag_.get(); }

  Result<Voice> voice(const Model& model);
  // A reply that is said again is a turn of its own, behind the one before.
  Status keep(Turn turn);
  void show_life();

  Result<Json> selves();
  // A self that stands on another model, or whose adapters are damaged, is not woken.
  Result<Json> wake(const std::string& id, const Model& model);
  Result<Json> rollback(const Model& model);

 private:
  Result<int> next_index(const std::string& conversation);
  Result<Json> wake_checked(const Self& self, const Model& model);

  std::mutex mutex_;
  std::unique_ptr<Bag> bag_;
  std::unique_ptr<Lease> lease_;
  std::optional<Heartbeat> heartbeat_;
  std::map<std::string, int> next_index_;  // of conversations that were kept since the start
};

}  // namespace banchu
