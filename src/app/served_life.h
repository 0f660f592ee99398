// The companion's life as a server tells it (serve/life.h): conversations, masks, the coming night, nights, arcs.
//
// Owns: a second handle on the bag, so that a long look at it keeps no reply waiting, and the nights' jobs. On disk:
// marks and reviews. Threads: any; the bag is used by one at a time. Errors: those of the rooms behind it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "app/context.h"
#include "app/night_jobs.h"
#include "bag/bag.h"
#include "chat/persona.h"
#include "journal/entry.h"
#include "serve/life.h"

namespace banchu {

class ServedLife final : public Life {
 public:
  // Without a bag all that needs one says so. `program`: what runs a night.
  static Result<std::shared_ptr<ServedLife>> open(const AppContext& context, const std::vector<std::string>& personas,
                                                  const std::string& program);

  bool is_night_running() { return jobs_.is_running(); }

  Result<Json> conversations(const WantedConversations& wanted) override;
  Result<Json> conversation(const std::string& id) override;
  bool has_conversation(const std::string& id) override;
  Result<Json> turn(const std::string& id) override;
  Result<Json> mark(const std::string& id, const std::string& mark, const std::string& fixed_reply) override;
  Result<Json> masks() override;
  Result<Mask> mask_named(const std::string& id) override;
  Result<Json> coming() override;
  Result<Json> memories() override;
  Result<Json> review(const std::string& id, const std::string& word) override;
  Result<Json> self(const std::string& id) override;
  Result<ArcAnswer> arc(const ArcAsk& ask) override;
  Result<Json> nights() override;
  Result<Json> night(const std::string& id) override;
  Result<Json> start_night(const std::string& until) override;
  void when_a_night_ends(std::function<void()> call) override;
  Result<Json> cancel_night(const std::string& job) override;
  Result<ToldNight> listen(const std::string& job, std::size_t known, std::chrono::milliseconds most) override;

 private:
  explicit ServedLife(std::vector<std::string> command) : jobs_(std::move(command)) {}
  Result<std::vector<Entry>> entries();  // of the whole journal; NotFound without a bag
  Result<std::vector<Entry>> entries_of(const ArcAsk& ask);

  std::mutex mutex_;  // of the bag
  std::unique_ptr<Bag> bag_;
  std::vector<Persona> personas_;
  std::map<std::string, Mask> known_masks_;
  std::set<std::string> known_conversations_;
  std::mutex measuring_;
  NightJobs jobs_;
};

}  // namespace banchu
