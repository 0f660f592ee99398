// From a request to the replies that are being said: names of models, modes, prompts, and what is kept.
//
// Threads: any; each call stands alone. Errors of start(): NotFound (a model's name), InvalidArgument (a prompt that
// the template refuses), Busy (the queue), FailedPrecondition (growing without the right or without a bag).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chat/turn.h"
#include "serve/ask.h"
#include "serve/guard.h"
#include "serve/hearing.h"
#include "serve/life.h"
#include "serve/speech.h"

namespace banchu {

struct TalkerOptions {
  std::string name = "banchu";       // the companion's name as a model; "NAME:grow" keeps what is said
  std::vector<std::string> aliases;  // other names by which clients may ask for it
  SamplingOptions sampling;          // defaults
  TurnSink keep;                     // empty: nothing can be kept here
};

// Where this request stands: who asks, and which conversation it continues when it is kept.
struct Asker {
  Right right = Right::talk;
  std::string mode;          // of the header: "", "sandbox" or "grow"
  std::string conversation;  // of the header; "": told by the conversation's own beginning
  bool goes_on = false;      // `conversation` is the id of one that is kept
  std::optional<Mask> mask;  // worn for this request
};

// One request's replies while they are said. Gives up on them when it goes.
class Replies {
 public:
  Replies(Speech& speech, Ask ask) : speech_(speech), ask_(std::move(ask)) {}
  ~Replies();
  Replies(const Replies&) = delete;
  Replies& operator=(const Replies&) = delete;

  const Ask& ask() const { return ask_; }
  std::size_t count() const { return said_.size(); }
  Hearing& hearing(std::size_t i) { return *said_[i].hearing; }
  int prompt_tokens() const { return prompt_tokens_; }  // of all prompts
  bool grows() const { return static_cast<bool>(keep_); }
  // As what the reply is kept; "" when it is not (nothing may be kept of an empty reply).
  const std::string& turn_id() const { return kept_turn_; }
  const std::string& conversation() const { return turn_.conversation; }
  // The i-th reply is finished: in growth mode it is on disk when this answers OK.
  Status keep(std::size_t i, const Completion& completion, const std::string& self);

 private:
  friend class Talker;  // starts them
  struct Said {
    Speech::Ticket ticket = 0;
    std::shared_ptr<Hearing> hearing;
    bool ended = false;
  };
  Status say(const std::vector<Token>& prompt, std::uint64_t seed);  // one more
  Speech& speech_;
  Ask ask_;
  std::vector<Said> said_;
  int prompt_tokens_ = 0;
  TurnSink keep_;
  Turn turn_;  // all but the reply
  std::string kept_turn_;
};

struct TooLong {
  int prompt_tokens = 0;
  int context_tokens = 0;
};

class Talker {
 public:
  Talker(Speech& speech, TalkerOptions options, int context_tokens);

  // Starts every reply, or none. `too_long` is filled when the prompt does not fit the context.
  Result<std::unique_ptr<Replies>> start(Ask ask, const Asker& asker, std::optional<TooLong>& too_long) const;

  // How many tokens the request's prompt has.
  Result<int> count_tokens(const Ask& ask) const;

  std::vector<std::string> model_names() const;  // the first is the default
  bool knows(const std::string& name) const;
  const TalkerOptions& options() const { return options_; }
  const Model& model() const { return speech_.model(); }
  Speech& speech() const { return speech_; }
  int context_tokens() const { return context_tokens_; }

 private:
  Result<bool> should_grow(const Ask& ask, const Asker& asker) const;
  // The tokens of each prompt: of the conversation, or of the texts to go on with.
  Result<std::vector<Token>> prompt_of(const Ask& ask) const;
  Result<std::vector<Token>> tokens_of(const RawPrompt& raw) const;
  Result<std::vector<std::vector<Token>>> prompts_of(const Ask& ask, std::optional<TooLong>& too_long) const;

  // No text has fewer tokens than this: what cannot fit is refused before megabytes are tokenised.
  std::size_t least_tokens(const RawPrompt& raw) const;
  std::size_t least_tokens(const std::vector<Message>& messages) const;
  Status check_length(std::size_t tokens, std::optional<TooLong>& too_long) const;

  Speech& speech_;
  TalkerOptions options_;
  int context_tokens_;
  std::size_t longest_piece_bytes_ = 1;
};

}  // namespace banchu
