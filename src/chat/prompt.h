// Hand-over: prompt assembly, a pure function. Chat serves with it and evaluate measures with it, so what is
// measured is what is served.
#pragma once

#include <string>
#include <vector>

#include "model/message.h"

namespace banchu {

struct Exchange {
  std::string user;
  std::string reply;
};

// mask (as one system message, left out when empty), few-shot examples, history, then `user` as the last message.
// At the end of generation the caller renders with the generation prompt. The history is cut from its oldest exchange
// on by the caller (see fit_history) when the context is full.
std::vector<Message> assemble_prompt(const std::string& mask, const std::vector<Message>& few_shot,
                                     const std::vector<Exchange>& history, const std::string& user);

}  // namespace banchu
