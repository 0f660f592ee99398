#include "app/served_bag.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/adapters.h"
#include "app/self_text.h"
#include "base/clock.h"
#include "journal/journal.h"

namespace banchu {

Result<std::unique_ptr<ServedBag>> ServedBag::open(const AppContext& context) {
  auto served = std::make_unique<ServedBag>();
  if (!bag_exists(context)) return served;
  BANCHU_TRY(served->bag_, open_bag(context, Bag::Access::read_write));
  BANCHU_TRY(served->lease_, served->bag_->acquire(LeaseKind::server));
  served->heartbeat_.emplace(*served->lease_, steady_seconds());
  return served;
}

Result<Voice> ServedBag::voice(const Model& model) {
  const std::scoped_lock lock(mutex_);
  if (bag_ == nullptr) return Voice{};
  BANCHU_TRY(const Self awake, awake_or_begin(*bag_, model));
  BANCHU_TRY_STATUS(check_base(awake, model.digest()));
  Voice voice{awake.id, adapters_of(*bag_, awake)};
  BANCHU_TRY_STATUS(check_adapters(voice.adapters));
  return voice;
}

Status ServedBag::keep(Turn turn) {
  const std::scoped_lock lock(mutex_);
  BANCHU_TRY(const int next, next_index(turn.conversation));
  turn.index = std::max(turn.index, next);
  BANCHU_TRY_STATUS(Journal(*bag_).append(turn));
  next_index_[turn.conversation] = turn.index + 1;
  return {};
}

void ServedBag::show_life() {
  const std::scoped_lock lock(mutex_);
  if (heartbeat_) heartbeat_->beat(steady_seconds());
}

Result<int> ServedBag::next_index(const std::string& conversation) {
  const auto known = next_index_.find(conversation);
  if (known != next_index_.end()) return known->second;
  int next = 0;
  BANCHU_TRY(const std::vector<Entry> entries, Journal(*bag_).entries());
  for (const Entry& entry : entries) {
    if (entry.turn.conversation == conversation) next = std::max(next, entry.turn.index + 1);
  }
  return next;
}

namespace {

Error no_bag() { return make_error(Code::NotFound, "there is no bag here, so there are no selves"); }

}  // namespace

Result<Json> ServedBag::selves() {
  const std::scoped_lock lock(mutex_);
  if (bag_ == nullptr) return no_bag();
  BANCHU_TRY(const std::vector<LivedSelf> selves, lived_selves(*bag_));
  Json list = Json::array();
  for (const LivedSelf& lived : selves) list.push_back(self_to_json(lived));
  return Json{{"selves", std::move(list)}};
}

Result<Json> ServedBag::wake_checked(const Self& self, const Model& model) {
  BANCHU_TRY_STATUS(check_base(self, model.digest()));
  BANCHU_TRY_STATUS(check_adapters(adapters_of(*bag_, self)));
  BANCHU_TRY(const Self awake, SelfStore(*bag_).wake(self.id));
  BANCHU_TRY(const std::vector<LivedSelf> selves, lived_selves(*bag_));
  for (const LivedSelf& lived : selves) {
    if (lived.self.id == awake.id) return self_to_json(lived);
  }
  return make_error(Code::NotFound, fmt::format("there is no self {}", awake.id));
}

Result<Json> ServedBag::wake(const std::string& id, const Model& model) {
  const std::scoped_lock lock(mutex_);
  if (bag_ == nullptr) return no_bag();
  BANCHU_TRY(const Self self, SelfStore(*bag_).find(id));
  return wake_checked(self, model);
}

Result<Json> ServedBag::rollback(const Model& model) {
  const std::scoped_lock lock(mutex_);
  if (bag_ == nullptr) return no_bag();
  BANCHU_TRY(const Self awake, SelfStore(*bag_).awake());
  if (awake.parent.empty()) {
    return make_error(Code::FailedPrecondition, fmt::format("self {} is the first; there is none before it", awake.id),
                      "see `banchu self tree`");
  }
  BANCHU_TRY(const Self parent, SelfStore(*bag_).find(awake.parent));
  return wake_checked(parent, model);
}

}  // namespace banchu
