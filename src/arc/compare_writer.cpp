#include "arc/compare_writer.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "base/http_client.h"
#include "base/json.h"
#include "base/text.h"
#include "model/remote_server.h"

namespace banchu {
namespace {

Result<HttpRequest> request_for(const StoryServer& server, const std::string& prompt, std::uint64_t seed) {
  HttpRequest request;
  BANCHU_TRY(const std::string base, server_base(server.url));
  request.url = base + "/chat/completions";
  request.body = to_line({{"model", server.model},
                          {"messages", Json::array({{{"role", "user"}, {"content", prompt}}})},
                          {"temperature", server.temperature},
                          {"max_tokens", server.max_tokens},
                          {"seed", seed},
                          {"stream", false}});
  if (!server.key.empty()) {
    BANCHU_TRY(auto header, bearer_header(server.key));
    request.headers.push_back(std::move(header));
  }
  request.answer_seconds = server.answer_seconds;
  return request;
}

Error refused(const StoryServer& server, const HttpAnswer& answer) {
  const char* hint = answer.status == 401 || answer.status == 403 ? "give the key in a file: --key-file FILE"
                     : answer.status == 404 ? "is the address right (…/v1), and the model's name?"
                                            : "the server's own log says more";
  return make_error(Code::FailedPrecondition,
                    fmt::format("{} answered {}: {}", server.url, answer.status, refusal_text(answer)), hint);
}

Result<std::string> story_in(const StoryServer& server, const HttpAnswer& answer) {
  BANCHU_TRY(const Json json, parse_json(answer.body, "the answer of " + server.url));
  const auto choices = json.is_object() ? json.find("choices") : json.end();
  if (choices != json.end() && choices->is_array() && !choices->empty() && (*choices)[0].is_object() &&
      (*choices)[0].contains("message") && (*choices)[0]["message"].is_object()) {
    const std::string story = trim(string_at((*choices)[0]["message"], "content"));
    if (!story.empty()) return story;
  }
  return make_error(Code::FailedPrecondition, fmt::format("the answer of {} holds no story", server.url),
                    "is it an OpenAI-compatible server, and is --max-tokens large enough?");
}

bool is_busy(int status) { return status == 429 || status >= 500; }

}  // namespace

Result<std::string> write_story(const StoryServer& server, const std::string& prompt, std::uint64_t seed,
                                const CancelFlag* cancel) {
  BANCHU_TRY(const HttpRequest request, request_for(server, prompt, seed));
  int wait_ms = server.wait_ms;
  for (int attempt = 1;; ++attempt) {
    BANCHU_TRY(const HttpAnswer answer, http_post(request, cancel));
    if (answer.status == 200) return story_in(server, answer);
    if (!is_busy(answer.status) || attempt >= server.tries) return refused(server, answer);
    if (is_cancelled(cancel)) return make_error(Code::Cancelled, "stopped between two tries");
    std::this_thread::sleep_for(std::chrono::milliseconds(wait_ms));
    wait_ms *= 2;
  }
}

}  // namespace banchu
