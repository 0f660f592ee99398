// Keeps a conversation within the model's context by leaving out its oldest exchanges.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "chat/prompt.h"
#include "model/model.h"

namespace banchu {

struct FittedPrompt {
  std::vector<Token> tokens;  // with the generation prompt
  std::size_t dropped = 0;    // exchanges of `history` left out, from the oldest on
};

struct FitLimits {
  std::size_t context_tokens = 4096;
  std::size_t reply_tokens = 1024;  // the longest reply; at most half of the context is set aside for it
};

// `dropped` exchanges stay left out in any case. When the rest does not fit, it is cut down to three quarters of the
// room, not to the brim: the next turns then keep the same beginning, which the session finds in its cache.
// Errors: InvalidArgument when the message alone is too long (says by how much); those of ChatTemplate::render.
Result<FittedPrompt> fit_history(const ChatTemplate& chat_template, const std::string& mask,
                                 const std::vector<Message>& few_shot, const std::vector<Exchange>& history,
                                 const std::string& user, std::size_t dropped, const FitLimits& limits);

}  // namespace banchu
