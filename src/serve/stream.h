// Turning replies into bodies: waiting for the whole of them, or sending them as they come.
//
// Both give up on the replies when the client has gone (seen within half a second) or the engine fails.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "serve/http.h"
#include "serve/talker.h"

namespace banchu {

struct FinishedReply {
  Completion completion;
  std::string self;
  std::string turn;          // as what it was kept; "" when it was not
  std::string conversation;  // of that turn
};

// Every reply, in order, each kept where it is to be kept. Errors: the engine's, the journal's, Cancelled (the client
// has gone).
Result<std::vector<FinishedReply>> wait_for(Replies& replies, const std::function<bool()>& is_gone);

// How an API writes a stream. Each answers the bytes to send, "" for none.
struct StreamShape {
  std::function<std::string(std::size_t reply)> opening;
  std::function<std::string(std::size_t reply, const std::string& text)> piece;
  std::function<std::string(std::size_t reply, const FinishedReply&)> end;
  std::function<std::string(const std::vector<FinishedReply>&)> closing;  // after the last reply
  std::function<std::string(const Error&)> error;                         // ends the stream
  std::string ping;                                                       // what a silent connection hears
};

void send(Replies& replies, const StreamShape& shape, const StreamWriter& write);
// The answer whose body is that.
HttpAnswerOut streamed(const char* type, std::shared_ptr<Replies> replies, StreamShape shape);

std::string server_event(const Json& json);    // "data: {...}\n\n"
const char* openai_finish(StopReason reason);  // "stop" or "length"

}  // namespace banchu
