// /v1/responses: OpenAI's newer shape (platform.openai.com/docs/api-reference/responses), without state: nothing is
// stored, and a conversation is sent whole each time.
#include <fmt/format.h>

#include "base/clock.h"
#include "base/digest.h"
#include "serve/dialect.h"
#include "serve/fields.h"
#include "serve/reply_form.h"
#include "serve/routes.h"
#include "serve/stream.h"

namespace banchu {
namespace {

// {"role","content":[{"type":"input_text"|"output_text","text"}]} as a message of the chat API.
Json as_message(const Json& item) {
  Json message = item;
  if (!item.is_object() || !item.contains("content") || !item["content"].is_array()) return message;
  for (Json& part : message["content"]) {
    const std::string type = part.is_object() ? string_at(part, "type") : "";
    if (type == "input_text" || type == "output_text") part["type"] = "text";
  }
  return message;
}

Result<std::vector<Message>> read_input(const Json& body) {
  const Json input = body.contains("input") ? body["input"] : Json();
  if (input.is_null()) return make_error(Code::InvalidArgument, "'input' is required");
  Json messages = Json::array();
  if (input.is_string()) {
    messages.push_back({{"role", "user"}, {"content", input}});
  } else if (input.is_array()) {
    for (const Json& item : input) messages.push_back(as_message(item));
  } else {
    return make_error(Code::InvalidArgument, "Field 'input': must be a text or a list of messages");
  }
  BANCHU_TRY(const auto instructions, string_field(body, "instructions"));
  const Json whole = {{"messages", std::move(messages)}};
  BANCHU_TRY(std::vector<Message> read, messages_of(whole));
  if (!instructions.value_or("").empty()) read.insert(read.begin(), {Role::system, *instructions});
  return read;
}

// {"format":{"type":"json_schema","schema":{...}}}
Result<std::string> read_form(const Json& body) {
  BANCHU_TRY(const Json text, object_field(body, "text"));
  return grammar_of_response_format(text.contains("format") ? text["format"] : Json());
}

Result<Ask> read_ask(const Json& body, const SamplingOptions& defaults) {
  Ask ask;
  BANCHU_TRY(const auto model, string_field(body, "model"));
  ask.model = model.value_or("");
  for (const char* name : {"previous_response_id", "conversation"}) {
    if (body.contains(name) && !body[name].is_null()) {
      return make_error(Code::InvalidArgument,
                        fmt::format("Field '{}': nothing is stored here; send the whole conversation", name));
    }
  }
  BANCHU_TRY(ask.messages, read_input(body));
  BANCHU_TRY_STATUS(refuse_tools(body));
  BANCHU_TRY(ask.sampling, sampling_of(body, defaults));
  BANCHU_TRY(const auto most, whole_field(body, "max_output_tokens", 1, 1 << 20));
  if (most) ask.sampling.max_tokens = static_cast<int>(*most);
  BANCHU_TRY(ask.sampling.grammar, read_form(body));
  BANCHU_TRY(const auto stream, bool_field(body, "stream"));
  ask.stream = stream.value_or(false);
  return ask;
}

struct Shape {
  std::string id = "resp_" + random_id();
  std::string item_id = "msg_" + random_id();
  Time created = now();
  std::string model;
  SamplingOptions sampling;
  int prompt_tokens = 0;

  Json item(const std::string& text, bool is_begun, bool is_cut = false) const {
    Json content = Json::array();
    if (!is_begun) content.push_back(part(text));
    return {{"id", item_id},
            {"type", "message"},
            {"status", is_begun ? "in_progress"
                       : is_cut ? "incomplete"
                                : "completed"},
            {"role", "assistant"},
            {"content", std::move(content)}};
  }
  static Json part(const std::string& text) {
    return {{"type", "output_text"}, {"text", text}, {"annotations", Json::array()}, {"logprobs", Json::array()}};
  }

  Json response(const char* status) const {
    Json json = {{"id", id}, {"object", "response"}, {"created_at", created}, {"status", status}, {"model", model}};
    json["output"] = Json::array();
    for (const char* name : {"error", "incomplete_details", "instructions", "previous_response_id", "usage"}) {
      json[name] = nullptr;
    }
    json["max_output_tokens"] = sampling.max_tokens;
    json["temperature"] = sampling.temperature;
    json["top_p"] = sampling.top_p;
    json["store"] = false;
    json["tools"] = Json::array();
    json["tool_choice"] = "none";
    json["parallel_tool_calls"] = false;
    json["truncation"] = "disabled";
    json["metadata"] = Json::object();
    return json;
  }

  Json finished(const FinishedReply& reply) const {
    const Completion& said = reply.completion;
    const bool cut = is_cut(said);
    Json json = response(cut ? "incomplete" : "completed");
    json["output"].push_back(item(said.text, false, cut));
    if (cut) json["incomplete_details"] = {{"reason", "max_output_tokens"}};
    json["usage"] = {{"input_tokens", prompt_tokens},
                     {"input_tokens_details", {{"cached_tokens", said.cached_tokens}}},
                     {"output_tokens", said.tokens.size()},
                     {"output_tokens_details", {{"reasoning_tokens", 0}}},
                     {"total_tokens", static_cast<std::size_t>(prompt_tokens) + said.tokens.size()}};
    return json;
  }
  static bool is_cut(const Completion& said) { return openai_finish(said.stop_reason) == std::string("length"); }
};

// Events are numbered through the whole stream.
class Numbered {
 public:
  std::string event(const std::string& type, const Json& fields) {
    Json json = {{"type", type}, {"sequence_number", next_++}};
    json.update(fields);
    return fmt::format("event: {}\n{}", type, server_event(json));
  }

 private:
  int next_ = 0;
};

Json place(const Shape& shape, bool in_content = true) {
  Json json = {{"output_index", 0}};
  if (!in_content) return json;
  json["item_id"] = shape.item_id;
  json["content_index"] = 0;
  return json;
}

Json with(Json fields, const char* name, Json value) {
  fields[name] = std::move(value);
  return fields;
}

StreamShape stream_shape(const Shape& shape) {
  auto numbered = std::make_shared<Numbered>();
  StreamShape stream;
  stream.ping = ":\n\n";
  stream.opening = [shape, numbered](std::size_t) {
    const Json begun = {{"response", shape.response("in_progress")}};
    std::string out = numbered->event("response.created", begun);  // one after the other: each takes a number
    out += numbered->event("response.in_progress", begun);
    out += numbered->event("response.output_item.added", with(place(shape, false), "item", shape.item("", true)));
    out += numbered->event("response.content_part.added", with(place(shape), "part", Shape::part("")));
    return out;
  };
  stream.piece = [shape, numbered](std::size_t, const std::string& text) {
    Json fields = with(place(shape), "delta", text);
    return numbered->event("response.output_text.delta", with(std::move(fields), "logprobs", Json::array()));
  };
  stream.end = [shape, numbered](std::size_t, const FinishedReply& reply) {
    const std::string& text = reply.completion.text;
    const bool cut = Shape::is_cut(reply.completion);
    const Json done = with(with(place(shape), "text", text), "logprobs", Json::array());
    std::string out = numbered->event("response.output_text.done", done);
    out += numbered->event("response.content_part.done", with(place(shape), "part", Shape::part(text)));
    const Json item = shape.item(text, false, cut);
    out += numbered->event("response.output_item.done", with(place(shape, false), "item", item));
    const Json whole = {{"response", shape.finished(reply)}};
    return out + numbered->event(cut ? "response.incomplete" : "response.completed", whole);
  };
  stream.closing = [](const std::vector<FinishedReply>&) { return std::string(); };
  stream.error = [shape, numbered](const Error& error) {
    Json failed = shape.response("failed");
    failed["error"] = {{"code", "server_error"}, {"message", message_of(error)}};
    return numbered->event("response.failed", {{"response", std::move(failed)}});
  };
  return stream;
}

HttpAnswerOut respond(const Desk& desk, const HttpCall& call) {
  Begun begun = begin_replies(desk, call, read_ask);
  if (const auto* stop = std::get_if<HttpAnswerOut>(&begun)) return *stop;
  const std::shared_ptr<Replies>& replies = std::get<std::shared_ptr<Replies>>(begun);
  Shape shape;
  shape.model = model_named(desk, replies->ask());
  shape.sampling = replies->ask().sampling;
  shape.prompt_tokens = replies->prompt_tokens();
  if (replies->ask().stream) return streamed("text/event-stream", replies, stream_shape(shape));
  Result<std::vector<FinishedReply>> finished = wait_for(*replies, call.is_gone);
  return finished ? json_answer(shape.finished(finished->front())) : refusal(Dialect::openai, finished.error());
}

}  // namespace

void add_responses_routes(const Desk& desk, std::vector<RouteRow>& rows) {
  rows.push_back({"POST", "/v1/responses", [&desk](const HttpCall& c) { return respond(desk, c); }});
}

}  // namespace banchu
