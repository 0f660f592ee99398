// Who says the next reply of a conversation: the self on this machine, or a model behind a server.
//
// What a conversation is (mask, examples, history, sampling, which turn is whole) does not depend on it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "chat/prompt.h"
#include "model/model.h"
#include "model/remote_chat.h"

namespace banchu {

// What is asked for: the reply to `user` behind all that stood before.
struct ToSay {
  std::string mask;
  std::vector<Message> few_shot;
  std::vector<Exchange> history;
  std::string user;
  std::size_t dropped = 0;  // exchanges of `history` that stay left out in any case, from the oldest on
  SamplingOptions sampling;
  std::uint64_t seed = 0;
};

struct Said {
  std::string text;
  StopReason stop_reason = StopReason::end_of_turn;
  std::uint32_t prompt_tokens = 0;
  std::uint32_t cached_tokens = 0;
  std::uint32_t completion_tokens = 0;
  double prompt_seconds = 0;
  double generation_seconds = 0;
  std::size_t dropped = 0;  // exchanges that were left out, from the oldest on
};

class SpeakingTool {
 public:
  virtual ~SpeakingTool() = default;
  // Errors: Cancelled (the reply was stopped), InvalidArgument (the message alone is too long), those of the tool.
  virtual Result<Said> speak(const ToSay& what, const TextSink& on_text, const CancelFlag* cancel) = 0;
};

// The self of `session`, which must outlive the tool. `context_tokens` is cut to what the model was trained with.
std::unique_ptr<SpeakingTool> local_tool(Session& session, std::size_t context_tokens);

// A model behind a server; `remote` must outlive the tool. Nobody here can count its tokens: when the server says that
// its context is full, the oldest exchanges are left out, a quarter of what is there at a time.
std::unique_ptr<SpeakingTool> remote_tool(RemoteChat& remote);

}  // namespace banchu
