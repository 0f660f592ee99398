// What every API's request for a reply becomes, and how it is read.
//
// Errors: InvalidArgument, naming the field.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "model/message.h"
#include "model/sampling.h"

namespace banchu {

// A text to go on with, as it stands, or its tokens.
struct RawPrompt {
  std::string text;
  std::vector<Token> tokens;
};

struct Ask {
  std::string model;              // as the client named it; "" for the default
  std::vector<Message> messages;  // of a chat
  std::vector<RawPrompt> raw;     // instead of messages
  SamplingOptions sampling;
  std::optional<std::uint64_t> seed;
  int replies = 1;    // to each prompt
  int logprobs = -1;  // as in CompletionRequest
  bool stream = false;
  bool include_usage = false;
  bool echo = false;
};

// "messages" of OpenAI and Ollama: a list of {role, content}; content is a string or a list of text parts.
Result<std::vector<Message>> messages_of(const Json& object);

// The sampler's fields under their OpenAI and llama-server names, over `defaults`.
Result<SamplingOptions> sampling_of(const Json& object, SamplingOptions defaults);

// "tools" that would have to be called.
Status refuse_tools(const Json& body);

// A whole chat or completion request of OpenAI's shape.
Result<Ask> openai_chat_ask(const Json& body, const SamplingOptions& defaults, int most_replies);
Result<Ask> openai_completion_ask(const Json& body, const SamplingOptions& defaults, int most_replies);
// Of Ollama's.
Result<Ask> ollama_chat_ask(const Json& body, const SamplingOptions& defaults);
Result<Ask> ollama_generate_ask(const Json& body, const SamplingOptions& defaults);

}  // namespace banchu
