// Replies that begin and end while others are being said, all in one batch: what a server needs of a session.
//
// A crowd borrows a session's context; while it lives, nothing else may use that session except set_adapters() when
// nobody speaks. Each reply has a place (a sequence of the context); a free place keeps its cache, and a request takes
// the free place that shares most with its prompt, so that a conversation goes on where it stopped.
//
// Threads: one at a time (sinks are called on it, inside step()). Errors: InvalidArgument (a prompt that does not fit
// the context; nothing else is disturbed), Busy (no free place), Internal (the engine failed: every reply is lost).
#pragma once

#include <memory>
#include <vector>

#include "model/model.h"

namespace banchu {

class Crowd {
 public:
  // `session` comes from Session::open and outlives the crowd.
  static std::unique_ptr<Crowd> over(Session& session);
  virtual ~Crowd() = default;

  virtual int places() const = 0;
  virtual int speaking() const = 0;
  virtual Result<int> begin(CompletionRequest request, TextSink sink) = 0;  // its place
  // The reply in `place` ends with StopReason::cancelled at the next step().
  virtual void cancel(int place) = 0;

  struct Ended {
    int place = 0;
    Completion completion;
  };
  // The next token of every reply; a long prompt is read in pieces, so that it keeps nobody waiting.
  virtual Result<std::vector<Ended>> step() = 0;
  // Lets go of every reply, after an Internal error.
  virtual void reset() = 0;
};

}  // namespace banchu
