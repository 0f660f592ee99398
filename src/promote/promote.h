// The door of promotion: the verdict, and who the companion is and was.
//
// A self is a base model, adapters with scales, and a parent. Selves are never deleted; exactly one is awake. The gate
// fails closed: a missing report, check or number is a refusal. Threads: one at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bag/bag.h"
#include "base/clock.h"
#include "base/json.h"
#include "evaluate/report.h"

namespace banchu {

struct SelfAdapter {
  std::string digest;
  double scale = 1;
};

struct Self {
  std::string id;      // 12 hexadecimal digits of SHA-256(base, adapters with scales, parent)
  std::string parent;  // "" for the first
  std::string base;    // SHA-256 of the base model
  std::vector<SelfAdapter> adapters;
  Time created = 0;
  bool awake = false;
  std::string run;  // the night it was born in; "" for the first and for adopted ones
};

enum class Decision { promoted, refused, nothing_to_learn };
const char* name_of(Decision decision);

struct Verdict {
  Decision decision = Decision::refused;
  std::vector<std::string> reasons;  // for a refusal: each failed or missing check, by how much
};

// Pure. Refuses unless a lambda was found and every required check is present, finite and ok, and no gating check
// fails. `report` absent: refused.
Verdict judge(const std::optional<Report>& report);

struct Receipt {
  double seconds = 0;
  std::uint64_t tokens_trained = 0;
  std::uint64_t tokens_generated = 0;
  std::uint64_t peak_rss_bytes = 0;
  std::optional<double> energy_joules;
  std::optional<double> money;
  std::string currency = "KRW";
  int prompt_tokens_saved = 0;  // a turn, when a mask was engraved
};
Json receipt_to_json(const Receipt& receipt);

class SelfStore {
 public:
  explicit SelfStore(Bag& bag) : bag_(&bag) {}

  // The awake self. NotFound in a bag that has never been given a base model.
  Result<Self> awake();
  Result<Self> begin(const std::string& base_digest, Time at);  // makes the first self and wakes it
  Result<std::vector<Self>> list();                             // oldest first
  Result<Self> find(const std::string& id);                     // also by an unambiguous prefix

  // One transaction each. wake: any self of this bag whose adapters are there. rollback: the awake self's parent
  // (FailedPrecondition for the first self).
  Result<Self> wake(const std::string& id);
  Result<Self> rollback();

  // A night's new self, not yet awake; idempotent. `more` runs inside the same transaction as waking.
  Result<Self> promote(const Self& parent, const SelfAdapter& adapter, const std::string& run, Time at,
                       const std::function<Status()>& more);

  // A self whose adapters came from elsewhere (no night, so `run` is ""): it is kept beside `parent`, on its base, and
  // sleeps until somebody wakes it by name. Idempotent. FailedPrecondition when an adapter is not in the bag.
  Result<Self> adopt(const Self& parent, const std::vector<SelfAdapter>& adapters, Time at);

 private:
  Bag* bag_;
};

}  // namespace banchu
