// Private to serve/: the routes, one function an API.
#pragma once

#include <vector>

#include "serve/guard.h"
#include "serve/http.h"
#include "serve/talker.h"

namespace banchu {

struct Desk {
  const Talker& talker;
  const Guard& guard;
  std::string version;
  double started = 0;
};

void add_openai_routes(const Desk& desk, std::vector<RouteRow>& rows);
void add_ollama_routes(const Desk& desk, std::vector<RouteRow>& rows);
void add_own_routes(const Desk& desk, std::vector<RouteRow>& rows);

// Who asks, by the call's key and headers.
Asker asker_of(const Desk& desk, const HttpCall& call);
// The answer to a request whose replies could not be started.
HttpAnswerOut refused(const HttpCall& call, const Error& error, const std::optional<TooLong>& too_long);

}  // namespace banchu
