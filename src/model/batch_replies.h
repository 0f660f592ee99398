// Private to model/: replies over the sequences of one context: one for complete(), many in one batch for
// complete_all() and for a Crowd.
//
// Threads: one at a time. Errors: InvalidArgument (a prompt that does not fit), Cancelled, Internal.
#pragma once

#include <ctime>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "model/crowd.h"
#include "model/decoder.h"
#include "model/reply.h"

namespace banchu {

inline constexpr int kWholeBatch = std::numeric_limits<int>::max();

// One reply in one sequence of the context. add_to_batch(), decode by the caller, take_logits(), until done().
class SequenceReply {
 public:
  SequenceReply(const LoadedModel& model, Decoder& decoder, WordTables& tables, int sequence,
                const CompletionRequest& request, TextSink sink);

  Status start();  // checks the prompt and keeps what the cache shares with it
  bool done() const { return done_; }
  bool is_talking() const { return !prompt_pending_; }
  void cancel();
  // Adds what is not computed yet, as far as the batch has room, and of a prompt at most so many tokens.
  void add_to_batch(int most_tokens = kWholeBatch);
  void take_logits();
  Completion finish();

 private:
  Token token_at(std::size_t position) const;
  std::size_t length() const { return request_.prompt.size() + reply_.tokens().size(); }

  Decoder& decoder_;
  const CompletionRequest& request_;
  int sequence_;
  ReplyInProgress reply_;
  int row_ = -1;  // of the last token in the batch, when the batch reaches it
  bool done_ = false;
  std::size_t reused_ = 0;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point prompt_done_;
  std::clock_t processor_at_prompt_ = 0;
  bool prompt_pending_ = true;
  const LoadedModel& model_;
};

// The sequences of a context as places at which requests are answered.
class Places final : public Crowd {
 public:
  // `is_served`: prompts are read in small pieces, so that a client that leaves, and the others, do not wait for one.
  Places(const LoadedModel& model, Decoder& decoder, WordTables& tables, bool is_served = false);

  int places() const override { return static_cast<int>(places_.size()); }
  int speaking() const override;
  Result<int> begin(CompletionRequest request, TextSink sink) override;
  int first_free() const;  // -1: none
  Status begin_at(int place, CompletionRequest request, TextSink sink);
  void cancel(int place) override;
  Result<std::vector<Ended>> step() override;
  void reset() override;

 private:
  // The free place whose cache begins with most of `prompt`; of equals the one with the shortest cache. -1: none free.
  int choose(const std::vector<Token>& prompt) const;

  struct Place {
    CompletionRequest request;
    std::unique_ptr<SequenceReply> reply;
  };
  const LoadedModel& model_;
  Decoder& decoder_;
  WordTables& tables_;
  bool is_served_;
  std::vector<Place> places_;
};

Result<std::vector<Completion>> batch_replies(const LoadedModel& model, Decoder& decoder, WordTables& tables,
                                              std::span<const CompletionRequest> requests,
                                              const std::function<void(std::size_t)>& on_done,
                                              const CancelFlag* cancel);

}  // namespace banchu
