// The sampling table: every knob of a reply. Defaults are the middle of the ranges that the project's founding essay
// gives for a companion.
//
// Penalties look at this reply's own tokens only, not at the prompt: a habit that returns in every reply must not be
// punished for having been said a turn ago (docs/decisions).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/message.h"

namespace banchu {

// Adds `bias` to the log-probability of a whole word, and only of it; <= -100 bans it.
// Whole word is judged on text: Latin letters and digits bound it on both sides, Hangul on the left only (particles
// follow). ASCII letters are matched without case.
struct WordBias {
  std::string word;
  float bias = 0;
};

// Adds `bias` to the logit of one token of this model's vocabulary; <= -100 bans it. What a word is split into differs
// from model to model and from place to place: a word is watched by WordBias.
struct TokenBias {
  Token token = 0;
  float bias = 0;
};

struct SamplingOptions {
  float temperature = 0.75f;  // 0: greedy
  float top_p = 0.9f;
  int top_k = 45;  // 0: off
  float min_p = 0.05f;
  float frequency_penalty = 0.2f;     // -2 .. 2
  float presence_penalty = 0.15f;     // -2 .. 2
  float repetition_penalty = 1.125f;  // 1: off
  int max_tokens = 1024;
  std::vector<std::string> stop;  // the text is cut before the first that appears, also across token borders
  std::vector<WordBias> word_bias;
  std::vector<TokenBias> token_bias;
  std::string grammar;  // GBNF, see model/grammar.h: the reply's text is a sentence of it; "": any text
};

}  // namespace banchu
