// Replies that keep to a form: a grammar in GBNF, llama.cpp's notation, whose first rule is "root".
//
// A token that would leave the grammar is never drawn, and the turn can end only where a sentence of it ends. When
// max_tokens or the context end first, the reply is a beginning of a sentence.
#pragma once

#include <string>

#include "base/result.h"

namespace banchu {

// Errors: InvalidArgument (it cannot be read, names a rule that is not there, or has a rule that begins with itself).
Status check_grammar(const std::string& gbnf);

}  // namespace banchu
