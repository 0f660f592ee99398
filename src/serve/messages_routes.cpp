// /v1/messages and its count_tokens: Anthropic's shapes (docs.anthropic.com, Messages API).
#include <fmt/format.h>

#include "base/digest.h"
#include "serve/dialect.h"
#include "serve/fields.h"
#include "serve/routes.h"
#include "serve/stream.h"

namespace banchu {
namespace {

// "system" is a text or a list of text blocks; both read as a message of that content do.
Status read_system(const Json& body, std::vector<Message>& messages) {
  const auto system = body.find("system");
  if (system == body.end() || system->is_null() || (system->is_array() && system->empty())) return {};
  const Json as_message = {{"role", "system"}, {"content", *system}};
  Result<std::vector<Message>> read = messages_of({{"messages", Json::array({as_message})}});
  if (!read) return make_error(Code::InvalidArgument, "Field 'system': must be a text or text blocks");
  if (!read->front().content.empty()) messages.insert(messages.begin(), read->front());
  return {};
}

Result<Ask> read_prompt(const Json& body) {
  Ask ask;
  BANCHU_TRY(const auto model, string_field(body, "model"));
  ask.model = model.value_or("");
  BANCHU_TRY(ask.messages, messages_of(body));
  BANCHU_TRY_STATUS(read_system(body, ask.messages));
  BANCHU_TRY_STATUS(refuse_tools(body));
  return ask;
}

Result<Ask> read_ask(const Json& body, const SamplingOptions& defaults) {
  BANCHU_TRY(Ask ask, read_prompt(body));
  BANCHU_TRY(const auto most, whole_field(body, "max_tokens", 1, 1 << 20));
  if (!most) return make_error(Code::InvalidArgument, "'max_tokens' is required");
  BANCHU_TRY(ask.sampling, sampling_of(body, defaults));
  BANCHU_TRY(const std::vector<std::string> stops, strings_field(body, "stop_sequences"));
  ask.sampling.stop.insert(ask.sampling.stop.end(), stops.begin(), stops.end());
  BANCHU_TRY(const auto stream, bool_field(body, "stream"));
  ask.stream = stream.value_or(false);
  return ask;
}

struct Shape {
  std::string id = "msg_" + random_id();
  std::string model;
  int prompt_tokens = 0;
  std::vector<std::string> stops;
  const Tokenizer* tokenizer = nullptr;

  Json usage(std::size_t said) const {
    return {{"input_tokens", prompt_tokens},
            {"cache_creation_input_tokens", 0},
            {"cache_read_input_tokens", 0},
            {"output_tokens", said}};
  }

  // The sequence that ended the text is cut from it, but its tokens were said.
  Json stop_sequence(const Completion& said) const {
    if (said.stop_reason != StopReason::stop_sequence) return nullptr;
    const std::string whole = tokenizer->decode(said.tokens);
    std::size_t first = std::string::npos;
    Json found;
    for (const std::string& stop : stops) {
      const std::size_t at = whole.find(stop);
      if (at >= first) continue;
      first = at;
      found = stop;
    }
    return found;
  }

  Json ending(const Completion& said) const {
    const Json stop = stop_sequence(said);
    const bool cut = openai_finish(said.stop_reason) == std::string("length");
    return {{"stop_reason", cut              ? "max_tokens"
                            : stop.is_null() ? "end_turn"
                                             : "stop_sequence"},
            {"stop_sequence", stop}};
  }

  Json message(Json content, const Json& end, std::size_t said) const {
    Json json = {{"id", id}, {"type", "message"}, {"role", "assistant"}, {"model", model}};
    json["content"] = std::move(content);
    json.update(end);
    json["usage"] = usage(said);
    return json;
  }

  Json whole(const FinishedReply& reply) const {
    const Json text = {{"type", "text"}, {"text", reply.completion.text}};
    return message(Json::array({text}), ending(reply.completion), reply.completion.tokens.size());
  }
};

std::string event(const char* name, Json fields = Json::object()) {
  Json json = {{"type", name}};
  json.update(fields);
  return fmt::format("event: {}\n{}", name, server_event(json));
}

StreamShape stream_shape(const Shape& shape) {
  StreamShape stream;
  stream.ping = event("ping");
  stream.opening = [shape](std::size_t) {
    const Json none = {{"stop_reason", nullptr}, {"stop_sequence", nullptr}};
    return event("message_start", {{"message", shape.message(Json::array(), none, 0)}}) +
           event("content_block_start", {{"index", 0}, {"content_block", {{"type", "text"}, {"text", ""}}}}) +
           event("ping");
  };
  stream.piece = [](std::size_t, const std::string& text) {
    return event("content_block_delta", {{"index", 0}, {"delta", {{"type", "text_delta"}, {"text", text}}}});
  };
  stream.end = [shape](std::size_t, const FinishedReply& reply) {
    const Completion& said = reply.completion;
    return event("content_block_stop", {{"index", 0}}) +
           event("message_delta", {{"delta", shape.ending(said)}, {"usage", {{"output_tokens", said.tokens.size()}}}});
  };
  stream.closing = [](const std::vector<FinishedReply>&) { return event("message_stop"); };
  stream.error = [](const Error& error) {
    return event("error", error_body(Dialect::anthropic, code_info(error.code).http_status, message_of(error)));
  };
  return stream;
}

HttpAnswerOut complete(const Desk& desk, const HttpCall& call) {
  Begun begun = begin_replies(desk, call, read_ask);
  if (const auto* stop = std::get_if<HttpAnswerOut>(&begun)) return *stop;
  const std::shared_ptr<Replies>& replies = std::get<std::shared_ptr<Replies>>(begun);
  Shape shape;
  shape.model = model_named(desk, replies->ask());
  shape.prompt_tokens = replies->prompt_tokens();
  shape.stops = replies->ask().sampling.stop;
  shape.tokenizer = &desk.talker.model().tokenizer();
  if (replies->ask().stream) return streamed("text/event-stream", replies, stream_shape(shape));
  Result<std::vector<FinishedReply>> finished = wait_for(*replies, call.is_gone);
  return finished ? json_answer(shape.whole(finished->front())) : refusal(Dialect::anthropic, finished.error());
}

HttpAnswerOut count(const Desk& desk, const HttpCall& call) {
  Result<Json> body = object_of(call.body);
  if (!body) return refusal(Dialect::anthropic, body.error());
  Result<Ask> ask = read_prompt(*body);
  if (!ask) return refusal(Dialect::anthropic, ask.error());
  const Result<int> tokens = desk.talker.count_tokens(*ask);
  return tokens ? json_answer({{"input_tokens", *tokens}}) : refusal(Dialect::anthropic, tokens.error());
}

}  // namespace

void add_messages_routes(const Desk& desk, std::vector<RouteRow>& rows) {
  rows.push_back({"POST", "/v1/messages", [&desk](const HttpCall& c) { return complete(desk, c); }});
  rows.push_back({"POST", "/v1/messages/count_tokens", [&desk](const HttpCall& c) { return count(desk, c); }});
}

}  // namespace banchu
