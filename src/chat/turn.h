// Hand-over: one finished turn, as chat gives it to whoever keeps it. Plain data.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/message.h"

namespace banchu {

struct Turn {
  std::string id;            // random_id()
  std::string conversation;  // random_id(), the same for all turns of one conversation
  int index = 0;             // 0 for the first turn of the conversation
  Time time = 0;
  std::string mask;               // the system prompt that was worn; "" for none
  std::vector<Message> few_shot;  // examples that stood before the conversation
  std::string user;
  std::string reply;
  std::string self;  // id of the self that spoke; "" for a conversation kept elsewhere; self_of_remote() of a server
};

// What stands as the self where a model behind a server spoke (`--via`): its name there. No id begins like it.
inline std::string self_of_remote(const std::string& model) { return "via " + model; }
// No self of this bag said it, so that its words are not this companion's own until the user says so.
inline bool was_said_via_server(const Turn& turn) { return turn.self.starts_with("via "); }

// A growth reply counts as done when this said OK.
using TurnSink = std::function<Status(const Turn&)>;

}  // namespace banchu
