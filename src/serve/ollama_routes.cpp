// /api/chat, generate, tags, show, ps, version: Ollama's shapes (github.com/ollama/ollama, docs/api.md).
#include <fmt/format.h>

#include "base/clock.h"
#include "serve/dialect.h"
#include "serve/fields.h"
#include "serve/logprobs.h"
#include "serve/routes.h"
#include "serve/stream.h"

namespace banchu {
namespace {

constexpr double kNanoseconds = 1e9;
constexpr const char* kApiVersion = "0.12.0";  // whose shapes these are; clients compare it

std::string line(const Json& json) { return to_line(json) + "\n"; }

struct Shape {
  bool chat = true;
  std::string model;
  int prompt_tokens = 0;
  double started = 0;
  const Tokenizer* tokenizer = nullptr;
  bool wants_logprobs = false;

  Json piece(const std::string& text, bool done) const {
    Json json = {{"model", model}, {"created_at", format_time(now())}};
    if (chat) {
      json["message"] = {{"role", "assistant"}, {"content", text}};
    } else {
      json["response"] = text;
    }
    json["done"] = done;
    return json;
  }
  Json last(const std::string& text, const FinishedReply& reply) const {
    const Completion& said = reply.completion;
    Json json = piece(text, true);
    json["done_reason"] = openai_finish(said.stop_reason);
    json["total_duration"] = nanoseconds(steady_seconds() - started);
    json["load_duration"] = 1;
    json["prompt_eval_count"] = prompt_tokens;
    json["prompt_eval_duration"] = nanoseconds(said.prompt_seconds);
    json["eval_count"] = said.tokens.size();
    json["eval_duration"] = nanoseconds(said.generation_seconds);
    if (wants_logprobs) json["logprobs"] = token_logprobs(*tokenizer, said);
    return json;
  }
  static std::int64_t nanoseconds(double seconds) {
    return std::max<std::int64_t>(static_cast<std::int64_t>(seconds * kNanoseconds), 1);
  }
};

StreamShape stream_shape(const Shape& shape) {
  StreamShape stream;
  stream.opening = [](std::size_t) { return std::string(); };
  stream.piece = [shape](std::size_t, const std::string& text) { return line(shape.piece(text, false)); };
  stream.end = [shape](std::size_t, const FinishedReply& reply) { return line(shape.last("", reply)); };
  stream.closing = [](const std::vector<FinishedReply>&) { return std::string(); };
  stream.error = [](const Error& error) { return line({{"error", message_of(error)}}); };
  return stream;
}

HttpAnswerOut complete(const Desk& desk, const HttpCall& call, bool chat) {
  std::variant<Request, HttpAnswerOut> read = read_request(desk, call, chat ? ollama_chat_ask : ollama_generate_ask);
  if (const auto* stop = std::get_if<HttpAnswerOut>(&read)) return *stop;
  const Ask& ask = std::get<Request>(read).ask;
  const int logprobs = ask.logprobs;
  Shape shape{chat, model_named(desk, ask), 0, steady_seconds(), &desk.talker.model().tokenizer(), logprobs >= 0};
  if (!desk.talker.knows(ask.model)) return refusal(Dialect::ollama, 404, "model '" + ask.model + "' not found");
  if (ask.messages.empty() && ask.raw.empty()) {
    Json loaded = shape.piece("", true);
    loaded["done_reason"] = "load";
    return json_answer(loaded);
  }
  Begun begun = start_replies(desk, call, std::move(std::get<Request>(read)));
  if (const auto* stop = std::get_if<HttpAnswerOut>(&begun)) return *stop;
  const std::shared_ptr<Replies>& replies = std::get<std::shared_ptr<Replies>>(begun);
  shape.prompt_tokens = replies->prompt_tokens();
  if (replies->ask().stream) return streamed("application/x-ndjson", replies, stream_shape(shape));
  Result<std::vector<FinishedReply>> finished = wait_for(*replies, call.is_gone);
  if (!finished) return refusal(Dialect::ollama, finished.error());
  return json_answer(shape.last(finished->front().completion.text, finished->front()));
}

std::string parameter_size(std::uint64_t parameters) {
  const auto count = static_cast<double>(parameters);
  return count >= 1e9 ? fmt::format("{:.1f}B", count / 1e9) : fmt::format("{:.2f}M", count / 1e6);
}

Json details(const ModelInfo& info) {
  return {{"parent_model", ""},
          {"format", "gguf"},
          {"family", info.architecture},
          {"families", Json::array({info.architecture})},
          {"parameter_size", parameter_size(info.parameters)},
          {"quantization_level", info.quantisation}};
}

Json model_row(const Desk& desk, const std::string& name) {
  const Model& model = desk.talker.model();
  return {{"name", name + ":latest"},   {"model", name + ":latest"}, {"modified_at", format_time(desk.began)},
          {"size", model.info().bytes}, {"digest", model.digest()},  {"details", details(model.info())}};
}

HttpAnswerOut tags(const Desk& desk) {
  return json_answer({{"models", Json::array({model_row(desk, desk.talker.options().name)})}});
}

HttpAnswerOut running(const Desk& desk) {
  Json row = model_row(desk, desk.talker.options().name);
  row.erase("modified_at");
  row["expires_at"] = "9999-01-01T00:00:00Z";
  row["size_vram"] = 0;
  row["context_length"] = desk.talker.context_tokens();
  return json_answer({{"models", Json::array({std::move(row)})}});
}

HttpAnswerOut show(const Desk& desk, const HttpCall& call) {
  Result<Json> body = object_of(call.body);
  if (!body) return refusal(Dialect::ollama, body.error());
  const std::string name = string_at(*body, "model", string_at(*body, "name"));
  if (name.empty() || !desk.talker.knows(name)) return refusal(Dialect::ollama, 404, "model '" + name + "' not found");
  const ModelInfo& info = desk.talker.model().info();
  return json_answer({{"license", info.license},
                      {"modelfile", ""},
                      {"parameters", ""},
                      {"template", ""},
                      {"details", details(info)},
                      {"model_info",
                       {{"general.architecture", info.architecture},
                        {"general.name", info.name},
                        {"general.parameter_count", info.parameters},
                        {info.architecture + ".context_length", info.context_tokens},
                        {info.architecture + ".embedding_length", info.n_embd},
                        {info.architecture + ".block_count", info.n_layer},
                        {info.architecture + ".attention.head_count", info.n_head},
                        {info.architecture + ".attention.head_count_kv", info.n_head_kv}}},
                      {"capabilities", Json::array({"completion", "embedding"})},
                      {"modified_at", format_time(desk.began)}});
}

}  // namespace

void add_ollama_routes(const Desk& desk, std::vector<RouteRow>& rows) {
  rows.push_back({"POST", "/api/chat", [&desk](const HttpCall& c) { return complete(desk, c, true); }});
  rows.push_back({"POST", "/api/generate", [&desk](const HttpCall& c) { return complete(desk, c, false); }});
  rows.push_back({"GET", "/api/tags", [&desk](const HttpCall&) { return tags(desk); }});
  rows.push_back({"GET", "/api/ps", [&desk](const HttpCall&) { return running(desk); }});
  rows.push_back({"POST", "/api/show", [&desk](const HttpCall& c) { return show(desk, c); }});
  rows.push_back({"GET", "/api/version", [](const HttpCall&) { return json_answer({{"version", kApiVersion}}); }});
}

}  // namespace banchu
