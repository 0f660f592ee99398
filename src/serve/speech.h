// The one thread that talks: it owns the contexts, takes requests from a bounded queue and says all of them in one
// batch.
//
// When another self wakes, new requests are said by a second context while the running ones finish in the first; there
// are never more than two. A context's cache belongs to its adapters, so no prompt is ever continued on another self's
// cache.
//
// Owns: the sessions, the thread. Threads: every method may be called from any thread; listeners are called on the
// talking thread and must not wait. Errors of say(): Busy (the queue is full, ask again later; or shutting
// down).
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "model/crowd.h"
#include "model/model.h"

namespace banchu {

struct Voice {
  std::string self;  // its id; "" for the bare model
  std::vector<AdapterUse> adapters;
};
// Who is awake. Asked on the talking thread, at most once a second.
using VoiceSource = std::function<Result<Voice>()>;

struct Listener {
  std::function<void(std::string_view)> on_text;
  // Last; also for a reply that was cancelled. `self` said it.
  std::function<void(Result<Completion>, const std::string& self)> on_end;
};

struct SpeechOptions {
  SessionOptions session;
  std::size_t queue = 64;  // requests that wait for a place
};

struct SpeechFigures {
  std::uint64_t prompt_tokens = 0, cached_tokens = 0, completion_tokens = 0;
  double prompt_seconds = 0, completion_seconds = 0;
  std::uint64_t steps = 0, step_replies = 0;
  int speaking = 0;
  int waiting = 0;
  std::string self;
  std::string trouble;            // why the self that should be awake is not; "" when it is
  std::vector<bool> is_speaking;  // by place of the awake self's context
};

class Speech {
 public:
  using Ticket = std::uint64_t;

  // Answers when the first voice is ready.
  static Result<std::unique_ptr<Speech>> open(std::shared_ptr<Model> model, const SpeechOptions& options,
                                              VoiceSource voice);
  ~Speech();  // cancels everything and waits for the thread

  Result<Ticket> say(CompletionRequest request, Listener listener);
  void cancel(Ticket ticket);
  void look_again();  // another self has woken: ask who before the next step, not within the second
  void stop();        // every reply ends with Cancelled, and no other begins
  SpeechFigures figures() const;
  const Model& model() const { return *model_; }

 private:
  struct Job {
    Ticket ticket = 0;
    CompletionRequest request;
    Listener listener;
    bool cancelled = false;
  };
  // A context and those who speak in it.
  struct Stage {
    Voice voice;
    std::unique_ptr<Session> session;
    std::unique_ptr<Crowd> crowd;
    std::vector<std::unique_ptr<Job>> jobs;  // by place
  };

  Speech(std::shared_ptr<Model> model, const SpeechOptions& options, VoiceSource voice);
  Result<std::unique_ptr<Stage>> open_stage(Voice voice) const;
  void run();
  bool wait_for_work();
  void follow_voice();
  Status open_voice();
  void admit();
  void begin(std::unique_ptr<Job> job);
  void pass_on_cancels();
  void step(Stage& stage);
  void count(const Completion& completion);
  void end_all(Stage& stage, const Error& error);
  void tell_figures();

  std::shared_ptr<Model> model_;
  SpeechOptions options_;
  VoiceSource voice_;
  std::unique_ptr<Stage> stage_;     // the awake self's
  std::unique_ptr<Stage> draining_;  // the one before, until its last reply
  double asked_voice_ = 0;
  std::atomic<bool> must_look_ = false;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Job>> queue_;
  std::vector<Ticket> cancels_;
  SpeechFigures figures_;
  Ticket next_ticket_ = 1;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace banchu
