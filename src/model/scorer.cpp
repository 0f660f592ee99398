#include "model/scorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace banchu {

double log_sum_exp(std::span<const float> logits) {
  const float highest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += static_cast<double>(std::exp(logit - highest));
  return static_cast<double>(highest) + std::log(sum);
}

double entropy_of(std::span<const float> logits, double log_sum) {
  double mean = 0;
  const auto base = static_cast<float>(log_sum);
  for (const float logit : logits) {
    const float share = std::exp(logit - base);
    if (share > 0) mean += static_cast<double>(share * logit);  // -inf: forbidden, and of no weight
  }
  return log_sum - mean;
}

TopK top_of(std::span<const float> logits, double log_sum, int k) {
  thread_local std::vector<Token> ids;  // of the whole vocabulary; what is answered holds only k of them
  ids.resize(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  const auto count = std::min<std::size_t>(static_cast<std::size_t>(k), ids.size());
  const auto at = [&](Token id) { return logits[static_cast<std::size_t>(id)]; };
  std::partial_sort(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count), ids.end(),
                    [&](Token a, Token b) { return at(a) != at(b) ? at(a) > at(b) : a < b; });
  TopK top;
  top.ids.assign(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count));
  for (const Token id : top.ids) top.logprobs.push_back(static_cast<float>(static_cast<double>(at(id)) - log_sum));
  return top;
}

Status Scorer::check(const ScoreRequest& request, std::size_t number) const {
  const auto known = [&](Token t) { return t >= 0 && static_cast<std::size_t>(t) < n_vocab_; };
  const auto within = [&](const std::vector<std::uint32_t>& positions, std::uint32_t first) {
    return std::ranges::all_of(positions, [&](std::uint32_t p) { return p >= first && p < request.tokens.size(); }) &&
           std::ranges::adjacent_find(positions, std::greater_equal<>()) == positions.end();
  };
  if (!within(request.positions, 1) || !within(request.hidden, 0) || !std::ranges::all_of(request.tokens, known)) {
    return make_error(Code::InvalidArgument, fmt::format("score request {} asks for impossible positions", number));
  }
  const auto context = static_cast<std::size_t>(decoder_.context_tokens());
  if (request.tokens.size() <= context) return {};
  return make_error(
      Code::InvalidArgument,
      fmt::format("score request {} has {} tokens; the context holds {}", number, request.tokens.size(), context),
      "raise the context size or shorten the text");
}

Result<std::vector<Score>> Scorer::run(std::span<const ScoreRequest> requests,
                                       const std::function<void(std::size_t)>& on_done, const CancelFlag* cancel) {
  for (std::size_t i = 0; i < requests.size(); ++i) BANCHU_TRY_STATUS(check(requests[i], i));
  std::vector<Score> scores(requests.size());
  const auto group = static_cast<std::size_t>(decoder_.sequences());
  for (std::size_t first = 0; first < requests.size(); first += group) {
    if (is_cancelled(cancel)) return make_error(Code::Cancelled, "stopped while scoring");
    const std::size_t count = std::min(group, requests.size() - first);
    decoder_.clear();
    const Status outcome = run_group(requests, first, count, scores);
    decoder_.clear();
    BANCHU_TRY_STATUS(outcome);
    if (on_done) on_done(first + count);
  }
  return scores;
}

Status Scorer::run_group(std::span<const ScoreRequest> requests, std::size_t first, std::size_t count,
                         std::vector<Score>& scores) {
  keeps_hidden_ = std::ranges::any_of(requests.subspan(first, count), [](const auto& r) { return !r.hidden.empty(); });
  decoder_.keep_hidden(keeps_hidden_);
  Status outcome;
  for (std::size_t i = 0; i < count && outcome; ++i) {
    outcome = add(requests[first + i], first + i, static_cast<int>(i), scores);
  }
  if (outcome) outcome = decode(scores);
  decoder_.keep_hidden(false);
  return outcome;
}

// A batch that keeps states has a row of logits for every token, asked for or not.
bool Scorer::is_full() const {
  const int rows = keeps_hidden_ ? decoder_.size() : static_cast<int>(asked_.size());
  return decoder_.room() == 0 || rows >= decoder_.rows_at_once();
}

Status Scorer::add(const ScoreRequest& request, std::size_t number, int sequence, std::vector<Score>& scores) {
  scores[number].logprobs.resize(request.positions.size());
  if (request.entropy) scores[number].entropies.resize(request.positions.size());
  if (top_k_ > 0) scores[number].top.resize(request.positions.size());
  scores[number].hidden.resize(request.hidden.size());
  // Nothing behind the last asked position matters.
  const std::size_t end = std::max<std::size_t>(request.positions.empty() ? 0 : request.positions.back(),
                                                request.hidden.empty() ? 0 : request.hidden.back() + 1);
  std::size_t next = 0;
  std::size_t next_state = 0;
  for (std::size_t at = 0; at < end; ++at) {
    const bool scored = next < request.positions.size() && request.positions[next] == at + 1;
    const bool kept = next_state < request.hidden.size() && request.hidden[next_state] == at;
    const int row = decoder_.add(sequence, request.tokens[at], scored || keeps_hidden_);
    if (scored) asked_.push_back({row, number, next++, request.tokens[at + 1]});
    if (kept) asked_states_.push_back({row, number, next_state++});
    if (is_full()) BANCHU_TRY_STATUS(decode(scores));
  }
  return {};
}

Status Scorer::decode(std::vector<Score>& scores) {
  const Status outcome = decoder_.decode();
  for (const Asked& asked : outcome ? asked_ : std::vector<Asked>()) {
    const std::span<const float> logits = decoder_.logits(asked.row);
    const double log_sum = log_sum_exp(logits);
    const auto logit = static_cast<double>(logits[static_cast<std::size_t>(asked.token)]);
    scores[asked.request].logprobs[asked.index] = static_cast<float>(logit - log_sum);
    if (!scores[asked.request].entropies.empty()) {
      scores[asked.request].entropies[asked.index] = static_cast<float>(entropy_of(logits, log_sum));
    }
    if (top_k_ > 0) scores[asked.request].top[asked.index] = top_of(logits, log_sum, top_k_);
  }
  asked_.clear();
  return outcome ? take_states(scores) : outcome;
}

Status Scorer::take_states(std::vector<Score>& scores) {
  for (const AskedState& asked : asked_states_) {
    const std::span<const float> row = decoder_.hidden(asked.row);
    if (row.empty()) return make_error(Code::Unsupported, "this model hands out no states of its tokens");
    scores[asked.request].hidden[asked.index].assign(row.begin(), row.end());
  }
  asked_states_.clear();
  return {};
}

}  // namespace banchu
