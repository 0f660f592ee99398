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
  const bool positions = std::all_of(request.positions.begin(), request.positions.end(),
                                     [&](std::uint32_t p) { return p >= 1 && p < request.tokens.size(); });
  const bool sorted = std::adjacent_find(request.positions.begin(), request.positions.end(), std::greater_equal<>()) ==
                      request.positions.end();
  if (!positions || !sorted || !std::all_of(request.tokens.begin(), request.tokens.end(), known)) {
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
  for (std::size_t i = 0; i < count; ++i) {
    BANCHU_TRY_STATUS(add(requests[first + i], first + i, static_cast<int>(i), scores));
  }
  return decode(scores);
}

Status Scorer::add(const ScoreRequest& request, std::size_t number, int sequence, std::vector<Score>& scores) {
  scores[number].logprobs.resize(request.positions.size());
  if (request.entropy) scores[number].entropies.resize(request.positions.size());
  if (top_k_ > 0) scores[number].top.resize(request.positions.size());
  if (request.positions.empty()) return {};
  std::size_t next = 0;
  // Nothing behind the last asked position matters.
  for (std::size_t at = 0; at < request.positions.back(); ++at) {
    const bool wanted = request.positions[next] == at + 1;
    const int row = decoder_.add(sequence, request.tokens[at], wanted);
    if (wanted) asked_.push_back({row, number, next++, request.tokens[at + 1]});
    const bool full = decoder_.room() == 0 || static_cast<int>(asked_.size()) >= decoder_.rows_at_once();
    if (full) BANCHU_TRY_STATUS(decode(scores));
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
  return outcome;
}

}  // namespace banchu
