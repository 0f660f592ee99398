#include "model/reply.h"

#include <algorithm>
#include <cmath>

#include "model/scorer.h"

namespace banchu {

const char* stop_reason_name(StopReason reason) {
  switch (reason) {
    case StopReason::end_of_turn:
      return "end_of_turn";
    case StopReason::stop_sequence:
      return "stop_sequence";
    case StopReason::max_tokens:
      return "max_tokens";
    case StopReason::context_full:
      return "context_full";
    case StopReason::cancelled:
      return "cancelled";
  }
  return "end_of_turn";
}

ReplyInProgress::ReplyInProgress(const LlamaTokenizer& tokenizer, WordTables& tables, const CompletionRequest& request,
                                 std::size_t room, TextSink sink)
    : tokenizer_(tokenizer),
      steering_(tables, request.sampling.word_bias),
      sampler_(request.sampling, request.seed, tokenizer, tokenizer.grammar(request.sampling.grammar)),
      text_(request.sampling.stop, std::move(sink)),
      token_bias_(request.sampling.token_bias),
      logprobs_(request.logprobs),
      can_speak_(request.sampling.grammar.empty() || sampler_.has_grammar()),
      max_tokens_(static_cast<std::size_t>(std::max(request.sampling.max_tokens, 0))),
      room_(room) {
  for (const std::string& stop : request.sampling.stop) {
    if (const Token token = tokenizer.control_token(stop); token >= 0) stop_tokens_.push_back(token);
  }
}

ReplyStep ReplyInProgress::next(std::span<const float> logits) {
  if (ended()) return {};
  std::span<const float> steered = logits;
  if (steering_.active() || !token_bias_.empty()) {
    logits_.assign(logits.begin(), logits.end());
    for (const TokenBias& one : token_bias_)
      logits_[static_cast<std::size_t>(one.token)] += one.bias > -100 ? one.bias : -INFINITY;
    if (const auto begin = steering_.apply(logits_)) return rewind_to(text_.token_at(*begin));
    steered = logits_;
  }
  const Token token = sampler_.sample(steered);
  if (token < 0) return {};  // nothing may be said any more: the turn ends here
  if (logprobs_ >= 0) note_logprob(logits, token);
  return take(token);
}

void ReplyInProgress::note_logprob(std::span<const float> logits, Token token) {
  const double log_sum = log_sum_exp(logits);
  const auto logit = static_cast<double>(logits[static_cast<std::size_t>(token)]);
  noted_.push_back({token, static_cast<float>(logit - log_sum), top_of(logits, log_sum, logprobs_)});
}

ReplyStep ReplyInProgress::take(Token token) {
  tokens_.push_back(token);
  const bool stops = std::find(stop_tokens_.begin(), stop_tokens_.end(), token) != stop_tokens_.end();
  if (stops || tokenizer_.ends_generation(token)) {
    reason_ = stops ? StopReason::stop_sequence : StopReason::end_of_turn;
    return {};
  }
  sampler_.accept(token);
  steering_.accept(token);
  text_.push(tokenizer_.piece(token));
  if (const auto stop = text_.find_stop()) {
    text_end_ = *stop;
    reason_ = StopReason::stop_sequence;
    return {};
  }
  const auto hold = steering_.undecided_from();
  text_.flush(hold ? text_.token_begin(text_.token_at(*hold)) : std::string::npos);
  if (ended()) return {};
  return {ReplyStep::Kind::token, token, tokens_.size()};
}

bool ReplyInProgress::ended() {
  if (tokens_.size() >= max_tokens_) {
    reason_ = StopReason::max_tokens;
    return true;
  }
  if (tokens_.size() >= room_) {
    reason_ = StopReason::context_full;
    return true;
  }
  return false;
}

ReplyStep ReplyInProgress::rewind_to(std::size_t token) {
  steering_.forbid_here(token, tokens_[token]);
  tokens_.resize(token);
  noted_.resize(std::min(noted_.size(), token));
  text_.truncate(token);
  sampler_.restart(tokens_);
  return {ReplyStep::Kind::rewind, 0, token};
}

Completion ReplyInProgress::finish() {
  // A banned word that stands complete at the very end was never decided by what follows: it goes.
  std::size_t end = std::min(text_end_, text_.raw().size());
  while (const auto begin = steering_.banned_at_end(std::string_view(text_.raw()).substr(0, end))) {
    end = text_.token_begin(text_.token_at(*begin));
    tokens_.resize(std::min(tokens_.size(), text_.token_at(*begin)));
  }
  Completion completion;
  completion.text = text_.finish(end);
  noted_.resize(std::min(noted_.size(), tokens_.size()));
  completion.tokens = std::move(tokens_);
  completion.logprobs = std::move(noted_);
  completion.stop_reason = reason_;
  return completion;
}

}  // namespace banchu
