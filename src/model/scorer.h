// Private to model/: log-probabilities of given tokens, many requests in one pass.
//
// Only the asked rows are computed into logits. log p(t) = logit(t) - log sum exp over the whole vocabulary, summed in
// double. Threads: one at a time. Errors: InvalidArgument (a request that does not fit), Cancelled, Internal.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "model/decoder.h"

namespace banchu {

// log sum exp of one row.
double log_sum_exp(std::span<const float> logits);
// The entropy of one row, given its log sum exp.
double entropy_of(std::span<const float> logits, double log_sum);
// The k most likely tokens of one row, most likely first (the lower id first among equals).
TopK top_of(std::span<const float> logits, double log_sum, int k);

class Scorer {
 public:
  Scorer(Decoder& decoder, std::size_t n_vocab, int top_k) : decoder_(decoder), n_vocab_(n_vocab), top_k_(top_k) {}
  Result<std::vector<Score>> run(std::span<const ScoreRequest> requests,
                                 const std::function<void(std::size_t)>& on_done, const CancelFlag* cancel);

 private:
  struct Asked {  // a row of the batch and where its score goes
    int row;
    std::size_t request;
    std::size_t index;
    Token token;
  };
  struct AskedState {
    int row;
    std::size_t request;
    std::size_t index;
  };
  Status check(const ScoreRequest& request, std::size_t number) const;
  Status run_group(std::span<const ScoreRequest> requests, std::size_t first, std::size_t count,
                   std::vector<Score>& scores);
  Status add(const ScoreRequest& request, std::size_t number, int sequence, std::vector<Score>& scores);
  Status decode(std::vector<Score>& scores);
  Status take_states(std::vector<Score>& scores);
  bool is_full() const;

  Decoder& decoder_;
  std::size_t n_vocab_;
  int top_k_;
  std::vector<Asked> asked_;
  std::vector<AskedState> asked_states_;
  bool keeps_hidden_ = false;  // the group that is being read asks for states
};

}  // namespace banchu
