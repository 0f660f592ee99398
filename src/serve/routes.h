// Private to serve/: the routes, one function an API.
#pragma once

#include <memory>
#include <vector>

#include "serve/guard.h"
#include "serve/http.h"
#include "serve/serve.h"
#include "serve/talker.h"
#include "serve/vectors.h"

namespace banchu {

struct Desk {
  const Talker& talker;
  const Guard& guard;
  std::shared_ptr<Vectors> vectors;
  std::string version;
  double started = 0;  // by the steady clock
  Time began = 0;
};

void add_openai_routes(const Desk& desk, std::vector<RouteRow>& rows);
void add_ollama_routes(const Desk& desk, std::vector<RouteRow>& rows);
void add_messages_routes(const Desk& desk, std::vector<RouteRow>& rows);   // Anthropic's
void add_responses_routes(const Desk& desk, std::vector<RouteRow>& rows);  // OpenAI's newer ones
void add_embedding_routes(const Desk& desk, std::vector<RouteRow>& rows);  // of OpenAI and Ollama
void add_own_routes(const Desk& desk, std::vector<RouteRow>& rows);
void add_self_routes(const Desk& desk, const Household& house, std::vector<RouteRow>& rows);

// Who asks, by the call's key and headers.
Asker asker_of(const Desk& desk, const HttpCall& call);
// The answer to a request whose replies could not be started.
HttpAnswerOut refused(const HttpCall& call, const Error& error, const std::optional<TooLong>& too_long);

}  // namespace banchu
