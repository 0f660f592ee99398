// The door of chat: one conversation with one self.
//
// Owns the history; borrows the session, or the speaking tool, which must outlive it. In grow mode a reply counts as
// done when the sink said OK: until then it is neither returned nor part of the history. In the sandbox there is no
// sink. Threads: one. Errors: InvalidArgument (invalid UTF-8, an empty message, one longer than the context), Cancelled
// (the reply was stopped; nothing of it is kept), the sink's, the session's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "chat/persona.h"
#include "chat/prompt.h"
#include "chat/reply_gate.h"
#include "chat/speaking_tool.h"
#include "chat/turn.h"
#include "model/model.h"

namespace banchu {

// A finished exchange of this conversation, and the turn it was kept as ("" in the sandbox).
struct PastTurn {
  Exchange exchange;
  std::string turn_id;
};

struct ConversationStart {
  std::string id;                 // "": a new one
  std::string self;               // whose words these are, as in Turn.self; "" for the bare model
  std::vector<PastTurn> history;  // of a conversation that goes on
  int next_index = 0;
  std::uint64_t seed = 0;
  std::size_t context_tokens = 4096;  // cut to what the model was trained with
};

struct Reply {
  std::string text;
  std::string turn_id;  // "" in the sandbox
  StopReason stop_reason = StopReason::end_of_turn;
  std::uint32_t prompt_tokens = 0;
  std::uint32_t cached_tokens = 0;
  std::uint32_t completion_tokens = 0;
  double prompt_tokens_per_second = 0;  // of the tokens that were not in the cache
  double tokens_per_second = 0;
  std::size_t left_out = 0;  // oldest exchanges that no longer fit the context
  int draws = 1;             // how often it was drawn (reply_gate.h)
  std::optional<double> score;
};

class Conversation {
 public:
  Conversation(Session& session, Persona persona, ConversationStart start, TurnSink sink);
  // The same through any speaking tool; start.context_tokens is the tool's own business.
  Conversation(SpeakingTool& tool, Persona persona, ConversationStart start, TurnSink sink);

  // The reply to `user`, streamed to `on_text` (may be empty) as it becomes certain.
  Result<Reply> say(const std::string& user, const TextSink& on_text, const CancelFlag* cancel);
  // Another reply to the last message; it takes the last one's place in the history. In grow mode it is a turn of its
  // own; the caller decides what becomes of the one it replaces. FailedPrecondition when nothing was said yet.
  Result<Reply> regen(const TextSink& on_text, const CancelFlag* cancel);

  // The draws of turn i depend on (seed, i) alone.
  static std::uint64_t turn_seed(std::uint64_t seed, int index);

  const std::string& id() const { return start_.id; }
  const Persona& persona() const { return persona_; }
  const std::vector<PastTurn>& history() const { return history_; }
  int next_index() const { return next_index_; }
  bool grows() const { return static_cast<bool>(sink_); }

  void set_persona(Persona persona) { persona_ = std::move(persona); }
  void set_self(const std::string& self) { start_.self = self; }
  void set_gate(ReplyGate gate) { gate_ = std::move(gate); }
  void set_sink(TurnSink sink) { sink_ = std::move(sink); }
  void replace_last_reply(const std::string& reply);  // history().back() exists
  void forget_last();

 private:
  Result<Reply> exchange(const std::string& user, const std::vector<Exchange>& history, const TextSink& on_text,
                         const CancelFlag* cancel);
  Result<Reply> draw(const ToSay& what, const TextSink& on_text, const CancelFlag* cancel);
  // The best of the gate's draws, in one piece.
  Result<Reply> draw_and_judge(ToSay what, const TextSink& on_text, const CancelFlag* cancel);
  Status keep(const std::string& user, Reply& reply);
  void take_up_start();

  std::unique_ptr<SpeakingTool> own_tool_;  // around a session that was given
  SpeakingTool* tool_;
  Persona persona_;
  ConversationStart start_;
  TurnSink sink_;
  ReplyGate gate_;
  std::vector<PastTurn> history_;
  int next_index_ = 0;
  std::size_t dropped_ = 0;
};

}  // namespace banchu
