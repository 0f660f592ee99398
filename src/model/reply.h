// Private to model/: one reply while it is drawn, apart from any context: given a row of logits it says what to do
// next. complete() drives one of them, complete_all() many.
//
// Threads: one at a time. Errors: none; every way to end is a StopReason.
#pragma once

#include <chrono>
#include <optional>
#include <span>

#include "model/model.h"
#include "model/reply_text.h"
#include "model/token_sampler.h"
#include "model/tokenizer.h"
#include "model/word_steering.h"

namespace banchu {

struct ReplyStep {
  enum class Kind {
    token,   // compute this token behind the reply and come back with its logits
    rewind,  // the reply is again `keep` tokens long: come back with the logits behind the last of them
    done,
  };
  Kind kind = Kind::done;
  Token token = 0;
  std::size_t keep = 0;
};

class ReplyInProgress {
 public:
  // `room`: tokens that fit behind the prompt.
  ReplyInProgress(const LlamaTokenizer& tokenizer, WordTables& tables, const CompletionRequest& request,
                  std::size_t room, TextSink sink);

  ReplyStep next(std::span<const float> logits);
  // False: the grammar that was asked for cannot be read, and nothing may be said.
  bool can_speak() const { return can_speak_; }
  void cancel() { reason_ = StopReason::cancelled; }
  // The reply's tokens so far (the prompt not included).
  const std::vector<Token>& tokens() const { return tokens_; }
  // Sends the rest of the text. prompt_tokens, cached_tokens and the times are the caller's.
  Completion finish();

 private:
  void note_logprob(std::span<const float> logits, Token token);
  ReplyStep rewind_to(std::size_t token);
  ReplyStep take(Token token);
  bool ended();

  const LlamaTokenizer& tokenizer_;
  WordSteering steering_;
  TokenSampler sampler_;
  ReplyText text_;
  std::vector<Token> stop_tokens_;  // stop sequences that are control tokens
  std::vector<TokenBias> token_bias_;
  int logprobs_;
  bool can_speak_ = true;
  std::size_t max_tokens_;
  std::size_t room_;
  std::vector<float> logits_;
  std::vector<Token> tokens_;
  std::vector<TokenLogprob> noted_;           // of tokens_, when asked for
  std::size_t text_end_ = std::string::npos;  // where a stop sequence cuts the text
  StopReason reason_ = StopReason::end_of_turn;
};

}  // namespace banchu
