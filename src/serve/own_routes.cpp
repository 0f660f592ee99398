// Health, metrics, tokens, and who is awake: llama-server's shapes where it has them.
#include <fmt/format.h>

#include "base/clock.h"
#include "base/text.h"
#include "embedded/api.h"
#include "serve/dialect.h"
#include "serve/fields.h"
#include "serve/page_routes.h"
#include "serve/routes.h"

namespace banchu {
namespace {

struct Metric {
  const char* name;
  const char* kind;
  const char* help;
  double value;
};

HttpAnswerOut metrics(const Desk& desk) {
  const SpeechFigures f = desk.talker.speech().figures();
  const auto fresh = static_cast<double>(f.prompt_tokens - f.cached_tokens);
  const auto rate = [](double tokens, double seconds) { return seconds > 0 ? tokens / seconds : 0; };
  const Metric rows[] = {
      {"prompt_tokens_total", "counter", "Prompt tokens, those found in the cache included.",
       static_cast<double>(f.prompt_tokens)},
      {"prompt_tokens_cached_total", "counter", "Prompt tokens found in the cache.",
       static_cast<double>(f.cached_tokens)},
      {"prompt_seconds_total", "counter", "Seconds in which prompts were read.", f.prompt_seconds},
      {"tokens_predicted_total", "counter", "Tokens said.", static_cast<double>(f.completion_tokens)},
      {"tokens_predicted_seconds_total", "counter", "Seconds in which replies were said.", f.completion_seconds},
      {"prompt_tokens_seconds", "gauge", "Prompt tokens a second.", rate(fresh, f.prompt_seconds)},
      {"predicted_tokens_seconds", "gauge", "Tokens said a second.",
       rate(static_cast<double>(f.completion_tokens), f.completion_seconds)},
      {"requests_processing", "gauge", "Replies being said.", static_cast<double>(f.speaking)},
      {"requests_deferred", "gauge", "Requests that wait for a place.", static_cast<double>(f.waiting)},
      {"n_decode_total", "counter", "Batches computed.", static_cast<double>(f.steps)},
      {"n_busy_slots_per_decode", "gauge", "Replies in a batch, on average.",
       rate(static_cast<double>(f.step_replies), static_cast<double>(f.steps))},
  };
  std::string text;
  for (const Metric& row : rows) {
    text += fmt::format("# HELP banchu:{0} {1}\n# TYPE banchu:{0} {2}\nbanchu:{0} {3}\n", row.name, row.help, row.kind,
                        row.value);
  }
  HttpAnswerOut answer;
  answer.type = "text/plain; version=0.0.4";
  answer.body = std::move(text);
  return answer;
}

HttpAnswerOut tokenize(const Desk& desk, const HttpCall& call) {
  Result<Json> body = object_of(call.body);
  if (!body) return refusal(Dialect::openai, body.error());
  Result<std::optional<std::string>> content = string_field(*body, "content");
  if (!content) return refusal(Dialect::openai, content.error());
  const std::string text = content->value_or("");
  if (const Status good = check_utf8(text, "'content'"); !good) return refusal(Dialect::openai, good.error());
  return json_answer({{"tokens", desk.talker.model().tokenizer().encode(text)}});
}

HttpAnswerOut detokenize(const Desk& desk, const HttpCall& call) {
  Result<Json> body = object_of(call.body);
  if (!body) return refusal(Dialect::openai, body.error());
  const Tokenizer& tokenizer = desk.talker.model().tokenizer();
  std::vector<Token> tokens;
  for (const Json& one : body->contains("tokens") ? (*body)["tokens"] : Json::array()) {
    const bool known = one.is_number_unsigned() && one.get<std::uint64_t>() < tokenizer.vocabulary_size();
    if (!known) return refusal(Dialect::openai, 400, "'tokens' must be a list of this model's token ids");
    tokens.push_back(one.get<Token>());
  }
  return json_answer({{"content", tokenizer.decode(tokens)}});
}

HttpAnswerOut slots(const Desk& desk) {
  Json rows = Json::array();
  for (const bool is_speaking : desk.talker.speech().figures().is_speaking) {
    rows.push_back({{"id", rows.size()},
                    {"n_ctx", desk.talker.context_tokens()},
                    {"speculative", false},
                    {"is_processing", is_speaking}});
  }
  return json_answer(rows);
}

// No path and no template: where things lie on this machine is nobody's business out there.
HttpAnswerOut props(const Desk& desk) {
  const SamplingOptions& sampling = desk.talker.options().sampling;
  const Json params = {{"temperature", sampling.temperature},
                       {"top_k", sampling.top_k},
                       {"top_p", sampling.top_p},
                       {"min_p", sampling.min_p},
                       {"repeat_penalty", sampling.repetition_penalty},
                       {"presence_penalty", sampling.presence_penalty},
                       {"frequency_penalty", sampling.frequency_penalty},
                       {"max_tokens", sampling.max_tokens}};
  return json_answer({{"default_generation_settings", {{"n_ctx", desk.talker.context_tokens()}, {"params", params}}},
                      {"total_slots", desk.talker.speech().figures().is_speaking.size()},
                      {"model_alias", desk.talker.options().name},
                      {"modalities", {{"vision", false}, {"audio", false}}},
                      {"build_info", "banchu " + desk.version}});
}

HttpAnswerOut openapi() {
  HttpAnswerOut answer;
  answer.type = "application/yaml";
  answer.body = std::string(embedded::api_openapi_yaml);
  return answer;
}

HttpAnswerOut awake(const Desk& desk) {
  const SpeechFigures f = desk.talker.speech().figures();
  return json_answer({{"self", f.self},
                      {"trouble", f.trouble.empty() ? Json() : Json(f.trouble)},
                      {"model", desk.talker.model().digest()},
                      {"context_tokens", desk.talker.context_tokens()},
                      {"speaking", f.speaking},
                      {"waiting", f.waiting},
                      {"seconds", steady_seconds() - desk.started},
                      {"version", desk.version}});
}

HttpAnswerOut greeting(const HttpCall& call) {
  if (wants_page(call)) return page(call);
  HttpAnswerOut answer;
  answer.type = "text/plain";
  answer.body = "Ollama is running";  // what Ollama's clients look for
  return answer;
}

}  // namespace

void add_own_routes(const Desk& desk, std::vector<RouteRow>& rows) {
  const Route healthy = [](const HttpCall&) { return json_answer({{"status", "ok"}}); };
  rows.push_back({"GET", "/", greeting});
  rows.push_back({"GET", "/health", healthy});
  rows.push_back({"GET", "/v1/health", healthy});
  rows.push_back({"GET", "/metrics", [&desk](const HttpCall&) { return metrics(desk); }});
  rows.push_back({"GET", "/slots", [&desk](const HttpCall&) { return slots(desk); }});
  rows.push_back({"GET", "/props", [&desk](const HttpCall&) { return props(desk); }});
  rows.push_back({"GET", "/openapi.yaml", [](const HttpCall&) { return openapi(); }});
  rows.push_back({"POST", "/tokenize", [&desk](const HttpCall& c) { return tokenize(desk, c); }});
  rows.push_back({"POST", "/detokenize", [&desk](const HttpCall& c) { return detokenize(desk, c); }});
  rows.push_back({"GET", "/banchu/v1/awake", [&desk](const HttpCall&) { return awake(desk); }});
}

}  // namespace banchu
