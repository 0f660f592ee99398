// /banchu/v1/nights: nights as jobs. A job is told as server-sent events from its beginning, so that whoever comes
// late, or again, sees the whole curve.
#include <fmt/format.h>

#include "base/clock.h"
#include "serve/dialect.h"
#include "serve/fields.h"
#include "serve/routes.h"
#include "serve/stream.h"

namespace banchu {
namespace {

constexpr std::chrono::milliseconds kLook{500};
constexpr double kPingSeconds = 15;

Result<Json> start(Life& life, const HttpCall& call) {
  Json body = Json::object();
  if (call.body.find_first_not_of(" \t\r\n") != std::string::npos) {
    BANCHU_TRY(body, object_of(call.body));
  }
  BANCHU_TRY(const std::optional<std::string> until, string_field(body, "until"));
  if (until && *until != "ruminate" && *until != "train" && *until != "evaluate")
    return make_error(Code::InvalidArgument, "Field 'until': must be one of ruminate, train, evaluate");
  return life.start_night(until.value_or(""));
}

std::string event(const char* name, const Json& data) { return fmt::format("event: {}\n{}", name, server_event(data)); }

void tell(Life& life, const std::string& job, const std::atomic<bool>& ends, const StreamWriter& write) {
  std::size_t known = 0;
  double last_sent = steady_seconds();
  while (!ends) {
    const Result<ToldNight> told = life.listen(job, known, kLook);
    if (!told) return;
    std::string out;
    for (const Json& progress : told->progress) out += event("progress", progress);
    known += told->progress.size();
    if (told->end) out += event("end", *told->end);
    if (out.empty() && steady_seconds() - last_sent > kPingSeconds) out = ":\n\n";
    if (!out.empty()) last_sent = steady_seconds();
    if (!write(out) || told->end) return;
  }
}

// The first error of a stream is an answer of its own.
HttpAnswerOut events(const Desk& desk, Life& life, const HttpCall& call) {
  const Result<ToldNight> there = life.listen(call.rest, 0, std::chrono::milliseconds(0));
  if (!there) return refusal(Dialect::openai, there.error());
  HttpAnswerOut answer;
  answer.type = "text/event-stream";
  answer.stream = [&desk, &life, job = call.rest](const StreamWriter& write) { tell(life, job, desk.ends, write); };
  return answer;
}

}  // namespace

void add_night_routes(const Desk& desk, std::vector<RouteRow>& rows) {
  const auto add = [&](const char* method, const char* path, Right least, LifeRoute route) {
    rows.push_back({method, path, life_route(desk, least, std::move(route))});
  };
  add("GET", "/banchu/v1/nights/*/events", Right::grow,
      [&desk](Life& life, const HttpCall& call) { return events(desk, life, call); });
  add("POST", "/banchu/v1/nights/*/cancel", Right::manage,
      [](Life& life, const HttpCall& call) { return answer_of(life.cancel_night(call.rest), 202); });
  add("GET", "/banchu/v1/nights/*", Right::grow,
      [](Life& life, const HttpCall& call) { return answer_of(life.night(call.rest)); });
  add("GET", "/banchu/v1/nights", Right::grow, [](Life& life, const HttpCall&) { return answer_of(life.nights()); });
  add("POST", "/banchu/v1/nights", Right::manage, [](Life& life, const HttpCall& call) {
    const Result<Json> job = start(life, call);
    HttpAnswerOut answer = answer_of(job, 202);
    if (job) answer.headers.emplace_back("Location", "/banchu/v1/nights/" + string_at(*job, "job"));
    return answer;
  });
}

}  // namespace banchu
