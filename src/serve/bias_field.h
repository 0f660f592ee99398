// "logit_bias": which words and tokens a reply should lean to.
//
// {"word": 5, "1234": -100} or [["word", 5], [1234, false]]. A key of digits alone, or a number, is a token's id;
// everything else is a word, watched as a whole word (llama-server biases each piece of a word instead, and so common
// pieces of others). false bans. Errors: InvalidArgument, naming every bad entry at once.
#pragma once

#include "base/json.h"
#include "model/sampling.h"

namespace banchu {

Status read_biases(const Json& object, SamplingOptions& sampling);
// Ids can be judged only beside a vocabulary.
Status check_token_biases(const SamplingOptions& sampling, std::size_t vocabulary_size);

}  // namespace banchu
