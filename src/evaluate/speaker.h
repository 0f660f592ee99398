// One self under measurement: speaks and scores as it would be served, and never says the same thing twice.
//
// Every reply is a pure function of (self, prompt, token limit, draw, seed); what was asked before is answered from
// memory, so one set of replies serves many measurements. Threads: one at a time, shares its session with others.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "model/model.h"

namespace banchu {

using Prompt = std::vector<Message>;  // the last message is the user's

struct Spoken {
  std::string text;
  bool cut = false;  // it ran into the token limit
};

// Counts the work of one evaluation and tells `sink`. Shared by all speakers.
class Meter {
 public:
  Meter(const ProgressSink& sink, const CancelFlag* cancel) : sink_(sink), cancel_(cancel) {}
  void expect(std::uint64_t replies) { total_ += replies; }
  void enter(const std::string& what);
  void advance(std::uint64_t replies);
  const CancelFlag* cancel() const { return cancel_; }
  Status check_cancelled() const;

 private:
  void tell();
  const ProgressSink& sink_;
  const CancelFlag* cancel_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
  std::string detail_;
};

// How fast a reply is said, and what a token of it costs all threads together.
struct Pace {
  double tokens_per_second = 0;
  double processor_ms = 0;
};

class Speaker {
 public:
  Speaker(Session* session, std::vector<AdapterUse> adapters, const SamplingOptions& sampling, std::uint64_t seed,
          Meter& meter)
      : session_(session), adapters_(std::move(adapters)), sampling_(sampling), seed_(seed), meter_(&meter) {}

  // One reply for each prompt, of at most `max_tokens`. `draw`: which independent reply to the same prompt.
  Result<std::vector<Spoken>> reply(std::span<const Prompt> prompts, int max_tokens, int draw = 0);
  // How many of these would really have to be generated.
  std::size_t unanswered(std::span<const Prompt> prompts, int max_tokens, int draw = 0) const;

  Result<std::vector<Score>> score(std::span<const ScoreRequest> requests, int top_k = 0);

  // One fixed small greedy reply, on so many threads (0: the session's).
  Result<Pace> time_one_reply(const Prompt& prompt, int tokens, int threads);

  const Session& session() const { return *session_; }
  int generated() const { return generated_; }  // replies

 private:
  Result<CompletionRequest> request(const Prompt& prompt, int max_tokens, const std::string& key) const;
  static std::string key(const Prompt& prompt, int max_tokens, int draw);

  Session* session_;
  std::vector<AdapterUse> adapters_;
  SamplingOptions sampling_;
  std::uint64_t seed_;
  Meter* meter_;
  std::map<std::string, Spoken> said_;
  int generated_ = 0;
};

}  // namespace banchu
