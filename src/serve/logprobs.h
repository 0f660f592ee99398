// What the model thought of the tokens that it said, as each API shows it. The token that ends a turn is left out: what
// is shown joins to the text.
#pragma once

#include "base/json.h"
#include "model/model.h"

namespace banchu {

Json chat_logprobs(const Tokenizer& tokenizer, const Completion& completion);        // OpenAI's choice.logprobs
Json completion_logprobs(const Tokenizer& tokenizer, const Completion& completion);  // of /v1/completions
Json token_logprobs(const Tokenizer& tokenizer, const Completion& completion);       // a bare list, as Ollama has it

}  // namespace banchu
