// What the server asks of the companion's life: what was said, the masks, the coming night, the nights, the arcs. app
// answers from the bag, in the shapes of docs/api/openapi.yaml.
//
// Threads: every method may be called from any thread. Errors: NotFound (no bag, no such id), InvalidArgument (an id
// that begins several), Busy, and those of the rooms behind it. An id is compared with the ids in the bag and never
// becomes a path.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "model/message.h"
#include "model/sampling.h"

namespace banchu {

struct Mask {
  std::string id;
  std::string system;
  std::vector<Message> few_shot;
  std::optional<SamplingOptions> sampling;  // of a persona's file
  bool is_private = false;                  // known from the journal alone
};

struct WantedConversations {
  std::string search;  // "": all
  std::string day;     // "2026-11-23"; "": every day
  std::size_t offset = 0;
  std::size_t limit = 50;
};

// Exactly one of the first four.
struct ArcAsk {
  std::string text;
  std::vector<Message> messages;
  std::string conversation;
  std::string day;
  double gamma = 1;
  double tau = 1;
  bool as_picture = false;
  std::string title;
  bool in_korean = false;
};
struct ArcAnswer {
  Json reading;
  std::string svg;  // where a picture was wanted
};

// What a job has told behind the events that are known already.
struct ToldNight {
  std::vector<Json> progress;
  std::optional<Json> end;  // the job, when it is over
};

class Life {
 public:
  virtual ~Life() = default;

  virtual Result<Json> conversations(const WantedConversations& wanted) = 0;
  virtual Result<Json> conversation(const std::string& id) = 0;
  virtual bool has_conversation(const std::string& id) = 0;
  virtual Result<Json> turn(const std::string& id) = 0;
  // `mark`: kept, struck, fixed or none.
  virtual Result<Json> mark(const std::string& id, const std::string& mark, const std::string& fixed_reply) = 0;

  virtual Result<Json> masks() = 0;
  virtual Result<Mask> mask_named(const std::string& id) = 0;

  virtual Result<Json> coming() = 0;
  virtual Result<Json> memories() = 0;
  // `word`: keep or strike.
  virtual Result<Json> review(const std::string& id, const std::string& word) = 0;

  virtual Result<Json> self(const std::string& id) = 0;
  virtual Result<ArcAnswer> arc(const ArcAsk& ask) = 0;  // Busy while another is measured

  virtual Result<Json> nights() = 0;
  virtual Result<Json> night(const std::string& id) = 0;
  // `until`: "" (the whole night), ruminate, train or evaluate. Busy while a night runs anywhere.
  virtual Result<Json> start_night(const std::string& until) = 0;
  // Called when a job is over, on a thread of the jobs; the last one given stands, an empty one is allowed.
  virtual void when_a_night_ends(std::function<void()> call) = 0;
  virtual Result<Json> cancel_night(const std::string& job) = 0;
  // Waits for something new behind the first `known` events, at most so long.
  virtual Result<ToldNight> listen(const std::string& job, std::size_t known, std::chrono::milliseconds most) = 0;
};

}  // namespace banchu
