// Private to model/: the sampling table as llama.cpp's own sampler chain.
//
// Order: penalties over this reply's words, top-k, top-p, min-p, temperature, a draw from a generator seeded for
// this reply. Temperature 0: the most likely token after penalties. Punctuation is penalised only where it follows
// itself: a full stop belongs to every sentence (docs/decisions/penalties-look-at-the-reply.md). Threads: one at a
// time. With a grammar a token is drawn as without, and drawn again among the permitted ones when it was none of
// them: judging one token is quick, a whole vocabulary is slow, and most tokens fit.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "model/engine.h"
#include "model/message.h"
#include "model/model.h"
#include "model/sampling.h"

namespace banchu {

class TokenSampler {
 public:
  TokenSampler(const SamplingOptions& options, std::uint64_t seed, const Tokenizer& tokenizer,
               LlamaSamplerHandle grammar = nullptr);

  bool has_grammar() const { return grammar_ != nullptr; }
  // Draws from one row of logits; -inf is never drawn. -1 when every logit is -inf.
  Token sample(std::span<const float> logits);
  // `token` now belongs to the reply.
  void accept(Token token);
  // The reply's tokens are these from now on (after a rewind).
  void restart(std::span<const Token> tokens);

 private:
  Token draw(std::span<const float> logits);
  bool is_within_grammar(Token token) const;
  void choose_candidates(std::span<const float> logits);

  const Tokenizer& tokenizer_;
  SamplingOptions options_;
  LlamaSamplerHandle penalties_;
  LlamaSamplerHandle chain_;
  LlamaSamplerHandle grammar_;
  std::vector<llama_token_data> judged_;  // by the grammar
  std::vector<float> allowed_;            // logits, with -inf where the grammar forbids
  std::unordered_map<Token, int> seen_;   // of this reply
  Token last_ = -1;
  std::vector<llama_token_data> candidates_;
};

}  // namespace banchu
