// Private to serve/: the routes, one function an API.
#pragma once

#include <atomic>
#include <memory>
#include <variant>
#include <vector>

#include "serve/guard.h"
#include "serve/http.h"
#include "serve/life.h"
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
  std::shared_ptr<Life> life;      // null: no bag, no life
  std::atomic<bool> ends = false;  // the server stops: streams that nobody else ends look at it
};

void add_openai_routes(const Desk& desk, std::vector<RouteRow>& rows);
void add_ollama_routes(const Desk& desk, std::vector<RouteRow>& rows);
void add_messages_routes(const Desk& desk, std::vector<RouteRow>& rows);   // Anthropic's
void add_responses_routes(const Desk& desk, std::vector<RouteRow>& rows);  // OpenAI's newer ones
void add_embedding_routes(const Desk& desk, std::vector<RouteRow>& rows);  // of OpenAI and Ollama
void add_own_routes(const Desk& desk, std::vector<RouteRow>& rows);
void add_self_routes(const Desk& desk, const Household& house, std::vector<RouteRow>& rows);

void add_life_routes(const Desk& desk, std::vector<RouteRow>& rows);
void add_night_routes(const Desk& desk, std::vector<RouteRow>& rows);
void add_arc_routes(const Desk& desk, std::vector<RouteRow>& rows);

// A route into the companion's life, for keys with at least this right; 404 where there is no life.
using LifeRoute = std::function<HttpAnswerOut(Life&, const HttpCall&)>;
Route life_route(const Desk& desk, Right least, LifeRoute route);
Status check_day(const std::string& day);  // "" or "2026-11-23"; InvalidArgument

// How every reply begins, whichever API was called: the body is read, the asker and his mask are found.
struct Request {
  Ask ask;
  Asker asker;
};
using AskReader = std::function<Result<Ask>(const Json& body, const SamplingOptions& defaults)>;
std::variant<Request, HttpAnswerOut> read_request(const Desk& desk, const HttpCall& call, const AskReader& reader);
// ... and its replies are started.
using Begun = std::variant<std::shared_ptr<Replies>, HttpAnswerOut>;
Begun start_replies(const Desk& desk, const HttpCall& call, Request request);
Begun begin_replies(const Desk& desk, const HttpCall& call, const AskReader& reader);
// The model's name as an answer gives it.
std::string model_named(const Desk& desk, const Ask& ask);

}  // namespace banchu
