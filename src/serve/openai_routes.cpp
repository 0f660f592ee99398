// /v1/chat/completions, /v1/completions, /v1/models: OpenAI's shapes (platform.openai.com/docs/api-reference). What was
// thought of the tokens (logprobs) comes with a stream's last piece.
#include "base/clock.h"
#include "base/digest.h"
#include "serve/dialect.h"
#include "serve/fields.h"
#include "serve/logprobs.h"
#include "serve/routes.h"
#include "serve/stream.h"

namespace banchu {
namespace {

constexpr int kMostReplies = 8;

// One request's fixed part, and how its objects look.
struct Shape {
  bool chat = true;
  std::string id;
  Time created = 0;
  std::string model;
  bool include_usage = false;
  int prompt_tokens = 0;
  std::string mode;
  const Tokenizer* tokenizer = nullptr;
  bool wants_logprobs = false;
  std::vector<std::string> echoes;  // the prompts, where they are to be repeated
  std::size_t replies_each = 1;

  // What stands before the i-th reply: the first replies are those to the first prompt.
  std::string echo(std::size_t i) const { return echoes.empty() ? "" : echoes[i / replies_each]; }
  Json logprobs(const Completion& said) const {
    if (!wants_logprobs) return nullptr;
    return chat ? chat_logprobs(*tokenizer, said) : completion_logprobs(*tokenizer, said);
  }
  Json head(const char* object) const {
    return {{"id", id}, {"object", object}, {"created", created}, {"model", model}};
  }
  Json chunk(Json choices) const {
    Json json = head(chat ? "chat.completion.chunk" : "text_completion");
    json["choices"] = std::move(choices);
    if (include_usage) json["usage"] = nullptr;
    return json;
  }
  Json delta(std::size_t index, Json delta, Json finish, Json logprobs = nullptr) const {
    Json choice = {{"index", index}, {"finish_reason", std::move(finish)}, {"logprobs", std::move(logprobs)}};
    if (chat) {
      choice["delta"] = std::move(delta);
    } else {
      choice["text"] = string_at(delta, "content");
    }
    return chunk(Json::array({std::move(choice)}));
  }
  Json usage(const std::vector<FinishedReply>& finished) const {
    std::size_t said = 0, cached = 0;
    for (const FinishedReply& one : finished) {
      said += one.completion.tokens.size();
      cached += one.completion.cached_tokens;
    }
    return {{"prompt_tokens", prompt_tokens},
            {"completion_tokens", said},
            {"total_tokens", static_cast<std::size_t>(prompt_tokens) + said},
            {"prompt_tokens_details", {{"cached_tokens", cached}}}};
  }
  Json whole(const std::vector<FinishedReply>& finished) const {
    Json choices = Json::array();
    for (const FinishedReply& one : finished) {
      Json choice = {{"index", choices.size()}};
      if (chat) {
        choice["message"] = {{"role", "assistant"}, {"content", one.completion.text}};
      } else {
        choice["text"] = echo(choices.size()) + one.completion.text;
      }
      choice["logprobs"] = logprobs(one.completion);
      choice["finish_reason"] = openai_finish(one.completion.stop_reason);
      choices.push_back(std::move(choice));
    }
    Json json = head(chat ? "chat.completion" : "text_completion");
    json["choices"] = std::move(choices);
    json["usage"] = usage(finished);
    json["banchu"] = life(finished.front());
    return json;
  }
  // Who said it, and as what it is kept.
  Json life(const FinishedReply& reply) const {
    const auto or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
    return {{"self", reply.self},
            {"mode", mode},
            {"turn_id", or_null(reply.turn)},
            {"conversation", or_null(reply.conversation)}};
  }
};

StreamShape stream_shape(const Shape& shape) {
  StreamShape stream;
  stream.ping = ":\n\n";
  stream.opening = [shape](std::size_t i) -> std::string {
    if (!shape.chat) {
      const std::string echo = shape.echo(i);
      return echo.empty() ? "" : server_event(shape.delta(i, {{"content", echo}}, nullptr));
    }
    return server_event(shape.delta(i, {{"role", "assistant"}, {"content", nullptr}}, nullptr));
  };
  stream.piece = [shape](std::size_t i, const std::string& text) {
    return server_event(shape.delta(i, {{"content", text}}, nullptr));
  };
  stream.end = [shape](std::size_t i, const FinishedReply& reply) {
    Json last =
        shape.delta(i, Json::object(), openai_finish(reply.completion.stop_reason), shape.logprobs(reply.completion));
    last["banchu"] = shape.life(reply);
    return server_event(last);
  };
  stream.closing = [shape](const std::vector<FinishedReply>& finished) {
    std::string out;
    if (shape.include_usage) {
      Json last = shape.chunk(Json::array());
      last["usage"] = shape.usage(finished);
      out = server_event(last);
    }
    return out + "data: [DONE]\n\n";
  };
  stream.error = [](const Error& error) {
    return server_event(error_body(Dialect::openai, code_info(error.code).http_status, message_of(error)));
  };
  return stream;
}

HttpAnswerOut complete(const Desk& desk, const HttpCall& call, bool chat) {
  Begun begun = begin_replies(desk, call, [chat](const Json& body, const SamplingOptions& defaults) {
    return chat ? openai_chat_ask(body, defaults, kMostReplies) : openai_completion_ask(body, defaults, kMostReplies);
  });
  if (const auto* stop = std::get_if<HttpAnswerOut>(&begun)) return *stop;
  const std::shared_ptr<Replies>& replies = std::get<std::shared_ptr<Replies>>(begun);

  Shape shape;
  shape.chat = chat;
  shape.id = (chat ? "chatcmpl-" : "cmpl-") + random_id();
  shape.created = now();
  shape.model = model_named(desk, replies->ask());
  shape.include_usage = replies->ask().include_usage;
  shape.prompt_tokens = replies->prompt_tokens();
  shape.tokenizer = &desk.talker.model().tokenizer();
  shape.wants_logprobs = replies->ask().logprobs >= 0;
  shape.mode = replies->grows() ? "grow" : "sandbox";
  for (const RawPrompt& raw : replies->ask().raw) {
    if (replies->ask().echo) shape.echoes.push_back(raw.text);
  }
  shape.replies_each = static_cast<std::size_t>(replies->ask().replies);
  if (replies->ask().stream) return streamed("text/event-stream", replies, stream_shape(shape));
  Result<std::vector<FinishedReply>> finished = wait_for(*replies, call.is_gone);
  return finished ? json_answer(shape.whole(*finished)) : refusal(Dialect::openai, finished.error());
}

Json model_row(const Desk& desk, const std::string& name) {
  return {{"id", name},
          {"object", "model"},
          {"created", 0},
          {"owned_by", "banchu"},
          {"meta",
           {{"n_vocab", desk.talker.model().info().n_vocab},
            {"n_ctx", desk.talker.context_tokens()},
            {"n_ctx_train", desk.talker.model().info().context_tokens},
            {"n_params", desk.talker.model().info().parameters},
            {"size", desk.talker.model().info().bytes}}}};
}

HttpAnswerOut list_models(const Desk& desk) {
  Json rows = Json::array();
  for (const std::string& name : desk.talker.model_names()) rows.push_back(model_row(desk, name));
  return json_answer({{"object", "list"}, {"data", std::move(rows)}});
}

HttpAnswerOut one_model(const Desk& desk, const HttpCall& call) {
  if (!desk.talker.knows(call.rest)) return refusal(Dialect::openai, 404, "model '" + call.rest + "' not found");
  return json_answer(model_row(desk, call.rest));
}

}  // namespace

void add_openai_routes(const Desk& desk, std::vector<RouteRow>& rows) {
  for (const char* prefix : {"/v1", ""}) {
    const std::string at = prefix;
    rows.push_back({"POST", at + "/chat/completions", [&desk](const HttpCall& c) { return complete(desk, c, true); }});
    rows.push_back({"POST", at + "/completions", [&desk](const HttpCall& c) { return complete(desk, c, false); }});
    rows.push_back({"GET", at + "/models", [&desk](const HttpCall&) { return list_models(desk); }});
    rows.push_back({"GET", at + "/models/*", [&desk](const HttpCall& c) { return one_model(desk, c); }});
  }
}

}  // namespace banchu
