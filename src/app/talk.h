// A conversation as the program holds it: the companion, its journal, and the conversation, wired together. Shows
// nothing; `chat --once` and the conversation in a terminal both stand on it.
//
// In grow mode every reply is in the journal before say() returns. In the sandbox the bag was opened read-only and is
// already closed again: nothing can be written. What was said in the sandbox never becomes part of a growing
// conversation; going back to growing goes on where growing stopped.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/context.h"
#include "app/open.h"
#include "base/result.h"
#include "chat/chat.h"
#include "journal/journal.h"

namespace banchu {

struct TalkOptions {
  std::string mode;                // "sandbox", "grow"; "": grow where a bag is, else sandbox
  std::string persona;             // a file; "" for no mask
  std::string resume;              // the id of a conversation, or of the beginning of one; "last"
  std::optional<double> arc_gate;  // the floor of a long reply's coherence; none: nothing is held back
};

class Talk {
 public:
  // Errors: those of open_companion and load_persona; NotFound (no such conversation).
  static Result<std::unique_ptr<Talk>> open(AppContext& context, const TalkOptions& options);

  Result<Reply> say(const std::string& text, const TextSink& on_text);
  Result<Reply> regen(const TextSink& on_text);

  bool grows() const { return conversation_->grows(); }
  Status set_growing(bool grows);
  // Of the last turn. FailedPrecondition in the sandbox and before the first reply.
  Status mark_last(EntryMark mark, const std::string& fixed_reply = "");

  const Conversation& conversation() const { return *conversation_; }
  const Companion& companion() const { return companion_; }
  void set_persona(Persona persona) { conversation_->set_persona(std::move(persona)); }
  const std::string& persona_file() const { return persona_file_; }
  int kept_turns() const { return kept_turns_; }
  // Whether the self changed since this was last asked (a night ended beside this conversation).
  bool take_self_changed();

 private:
  Talk(AppContext& context, Companion companion) : context_(&context), companion_(std::move(companion)) {}
  void begin(Persona persona, ConversationStart start, bool grows);
  Status resume(const std::string& id, bool has_persona, Persona& persona, ConversationStart& start);
  TurnSink journal_sink();
  Status follow_awake_self();

  AppContext* context_;
  Companion companion_;
  std::string persona_file_;
  std::uint64_t seed_ = 0;
  std::unique_ptr<Conversation> conversation_;
  std::optional<ConversationStart> growing_;  // where growing goes on after a stay in the sandbox
  std::optional<double> arc_floor_;
  bool self_changed_ = false;
  int kept_turns_ = 0;
};

}  // namespace banchu
