#include "serve/ask.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "serve/bias_field.h"
#include "serve/fields.h"
#include "serve/reply_form.h"

namespace banchu {
namespace {

constexpr std::int64_t kMostTokens = 1 << 20;
constexpr std::size_t kMostStops = 16;
constexpr std::int64_t kMostLogprobs = 20;

Result<Role> role_of(const Json& message, std::size_t number) {
  const std::string role = string_at(message, "role");
  if (role == "system" || role == "developer") return Role::system;
  if (role == "user") return Role::user;
  if (role == "assistant") return Role::assistant;
  return make_error(Code::InvalidArgument,
                    fmt::format("'messages[{}].role' must be system, user or assistant", number));
}

Result<std::string> text_of_parts(const Json& parts, std::size_t number) {
  std::string text;
  for (const Json& part : parts) {
    const std::string type = part.is_object() ? string_at(part, "type") : "";
    if (type != "text" || !part.contains("text") || !part["text"].is_string()) {
      return make_error(Code::InvalidArgument,
                        fmt::format("'messages[{}].content' has a part of type \"{}\": this model "
                                    "reads text only",
                                    number, shorten(type, 40)));
    }
    text += part["text"].get<std::string>();
  }
  return text;
}

Result<std::string> content_of(const Json& message, std::size_t number) {
  const auto content = message.find("content");
  if (content != message.end() && content->is_string()) return content->get<std::string>();
  if (content != message.end() && content->is_array()) return text_of_parts(*content, number);
  return make_error(Code::InvalidArgument, fmt::format("'messages[{}].content' must be a text", number));
}

Status read_number(const Json& object, const char* name, double low, double high, float& into) {
  BANCHU_TRY(const std::optional<double> value, number_field(object, name, low, high));
  if (value) into = static_cast<float>(*value);
  return {};
}

Result<std::optional<std::uint64_t>> seed_of(const Json& object) {
  BANCHU_TRY(const auto seed, whole_field(object, "seed", INT64_MIN, INT64_MAX));
  if (!seed || *seed < 0) return std::optional<std::uint64_t>();  // -1: a new one each time, as llama-server has it
  return std::optional<std::uint64_t>(static_cast<std::uint64_t>(*seed));
}

Status read_common(const Json& body, const SamplingOptions& defaults, Ask& ask) {
  BANCHU_TRY(const auto model, string_field(body, "model"));
  ask.model = model.value_or("");
  BANCHU_TRY(ask.sampling, sampling_of(body, defaults));
  BANCHU_TRY(ask.seed, seed_of(body));
  return {};
}

// "response_format", or llama-server's "json_schema".
Status read_form(const Json& body, Ask& ask) {
  const bool has_schema = body.contains("json_schema") && !body["json_schema"].is_null();
  const bool has_format = body.contains("response_format") && !body["response_format"].is_null();
  if (has_schema && has_format) {
    return make_error(Code::InvalidArgument, "give either 'response_format' or 'json_schema', not both");
  }
  if (body.contains("grammar") && !body["grammar"].is_null() && body["grammar"] != "") {
    return make_error(Code::InvalidArgument, "Field 'grammar': not taken here; a JSON schema is");
  }
  if (has_schema) {
    BANCHU_TRY(ask.sampling.grammar, grammar_of_schema(body["json_schema"]));
  } else if (has_format) {
    BANCHU_TRY(ask.sampling.grammar, grammar_of_response_format(body["response_format"]));
  }
  return {};
}

// Chat has a switch and a number, completions a number alone.
Status read_logprobs(const Json& body, bool is_chat, Ask& ask) {
  const char* name = is_chat ? "top_logprobs" : "logprobs";
  BANCHU_TRY(const auto top, whole_field(body, name, 0, kMostLogprobs));
  if (!is_chat) {
    ask.logprobs = static_cast<int>(top.value_or(-1));
    return {};
  }
  BANCHU_TRY(const auto wanted, bool_field(body, "logprobs"));
  if (top && *top > 0 && !wanted.value_or(false)) {
    return make_error(Code::InvalidArgument, "Field 'top_logprobs': needs 'logprobs' to be true");
  }
  if (wanted.value_or(false)) ask.logprobs = static_cast<int>(top.value_or(0));
  return {};
}

Status read_openai(const Json& body, const SamplingOptions& defaults, int most_replies, Ask& ask) {
  BANCHU_TRY_STATUS(read_common(body, defaults, ask));
  BANCHU_TRY_STATUS(read_form(body, ask));
  BANCHU_TRY(const auto stream, bool_field(body, "stream"));
  ask.stream = stream.value_or(false);
  BANCHU_TRY(const Json options, object_field(body, "stream_options"));
  BANCHU_TRY(const auto usage, bool_field(options, "include_usage"));
  ask.include_usage = usage.value_or(false);
  BANCHU_TRY(const auto replies, whole_field(body, "n", 1, most_replies));
  ask.replies = static_cast<int>(replies.value_or(1));
  return {};
}

// Ollama keeps the sampler's fields in "options" and counts tokens in num_predict.
Status read_ollama(const Json& body, const SamplingOptions& defaults, Ask& ask) {
  BANCHU_TRY(Json options, object_field(body, "options"));
  if (options.contains("num_predict")) options["max_tokens"] = options["num_predict"];
  BANCHU_TRY(ask.sampling, sampling_of(options, defaults));
  BANCHU_TRY(ask.seed, seed_of(options));
  BANCHU_TRY(ask.sampling.grammar, grammar_of_ollama_format(body.contains("format") ? body["format"] : Json()));
  BANCHU_TRY_STATUS(read_logprobs(body, true, ask));
  BANCHU_TRY(const auto model, string_field(body, "model"));
  ask.model = model.value_or("");
  BANCHU_TRY(const auto stream, bool_field(body, "stream"));
  ask.stream = stream.value_or(true);
  return {};
}

// A text, its tokens, or a list of one text.
Status read_prompt(const Json& body, Ask& ask) {
  const Json prompt = body.contains("prompt") ? body["prompt"] : Json();
  if (prompt.is_null()) return make_error(Code::InvalidArgument, "'prompt' is required");
  const bool is_one_in_a_list = prompt.is_array() && prompt.size() == 1 && !prompt[0].is_number();
  const Json& one = is_one_in_a_list ? prompt[0] : prompt;
  if (one.is_string()) {
    ask.raw = one.get<std::string>();
    return {};
  }
  const bool is_tokens = one.is_array() && !one.empty() && std::all_of(one.begin(), one.end(), [](const Json& token) {
                           return token.is_number_unsigned() && token.get<std::uint64_t>() <= INT32_MAX;
                         });
  if (!is_tokens) return make_error(Code::InvalidArgument, "'prompt' must be one text or the tokens of one");
  ask.raw_tokens = one.get<std::vector<Token>>();
  ask.raw = "";
  return {};
}

}  // namespace

Status refuse_tools(const Json& body) {
  const auto tools = body.find("tools");
  if (tools == body.end() || !tools->is_array() || tools->empty()) return {};
  const auto choice = body.find("tool_choice");
  const bool is_text = choice != body.end() && choice->is_string();
  const std::string how = is_text ? choice->get<std::string>() : "";
  if (how == "none" || (choice != body.end() && choice->is_object() && string_at(*choice, "type") == "none")) return {};
  return make_error(Code::InvalidArgument, "Field 'tools': this server calls no tools");
}

Result<std::vector<Message>> messages_of(const Json& object) {
  const auto field = object.find("messages");
  if (field == object.end() || field->is_null()) return make_error(Code::InvalidArgument, "'messages' is required");
  if (!field->is_array() || field->empty()) {
    return make_error(Code::InvalidArgument, "'messages' must be a list with at least one message");
  }
  std::vector<Message> messages;
  for (const Json& message : *field) {
    const std::size_t number = messages.size();
    if (!message.is_object()) {
      return make_error(Code::InvalidArgument, fmt::format("'messages[{}]' must be an object", number));
    }
    BANCHU_TRY(const Role role, role_of(message, number));
    BANCHU_TRY(std::string content, content_of(message, number));
    messages.push_back({role, std::move(content)});
  }
  const std::size_t count = messages.size();
  if (count > 1 && messages[count - 1].role == Role::assistant && messages[count - 2].role == Role::assistant) {
    return make_error(Code::InvalidArgument, "'messages' ends with two assistant messages");
  }
  return messages;
}

Result<SamplingOptions> sampling_of(const Json& object, SamplingOptions sampling) {
  BANCHU_TRY_STATUS(read_number(object, "temperature", 0, 5, sampling.temperature));
  BANCHU_TRY_STATUS(read_number(object, "top_p", 0, 1, sampling.top_p));
  BANCHU_TRY_STATUS(read_number(object, "min_p", 0, 1, sampling.min_p));
  BANCHU_TRY_STATUS(read_number(object, "frequency_penalty", -2, 2, sampling.frequency_penalty));
  BANCHU_TRY_STATUS(read_number(object, "presence_penalty", -2, 2, sampling.presence_penalty));
  for (const char* name : {"repetition_penalty", "repeat_penalty"}) {
    BANCHU_TRY_STATUS(read_number(object, name, 0.5, 2, sampling.repetition_penalty));
  }
  BANCHU_TRY(const auto top_k, whole_field(object, "top_k", -1, 1 << 20));
  if (top_k) sampling.top_k = static_cast<int>(std::max<std::int64_t>(*top_k, 0));
  for (const char* name : {"n_predict", "max_tokens", "max_completion_tokens"}) {
    BANCHU_TRY(const auto most, whole_field(object, name, -2, kMostTokens));
    if (most && *most == -2)
      return make_error(Code::InvalidArgument, fmt::format("Field '{}': must be -1 or more", name));
    if (most) sampling.max_tokens = static_cast<int>(*most < 0 ? kMostTokens : *most);
  }
  BANCHU_TRY(const std::vector<std::string> stops, strings_field(object, "stop"));
  if (stops.size() > kMostStops) return make_error(Code::InvalidArgument, "Field 'stop': at most 16 sequences");
  sampling.stop.insert(sampling.stop.end(), stops.begin(), stops.end());
  BANCHU_TRY_STATUS(read_biases(object, sampling));
  return sampling;
}

Result<Ask> openai_chat_ask(const Json& body, const SamplingOptions& defaults, int most_replies) {
  Ask ask;
  BANCHU_TRY(ask.messages, messages_of(body));
  BANCHU_TRY_STATUS(read_openai(body, defaults, most_replies, ask));
  BANCHU_TRY_STATUS(read_logprobs(body, true, ask));
  BANCHU_TRY_STATUS(refuse_tools(body));
  return ask;
}

Result<Ask> openai_completion_ask(const Json& body, const SamplingOptions& defaults, int most_replies) {
  Ask ask;
  BANCHU_TRY_STATUS(read_openai(body, defaults, most_replies, ask));
  BANCHU_TRY_STATUS(read_logprobs(body, false, ask));
  BANCHU_TRY_STATUS(read_prompt(body, ask));
  BANCHU_TRY(const auto echo, bool_field(body, "echo"));
  ask.echo = echo.value_or(false);
  return ask;
}

Result<Ask> ollama_chat_ask(const Json& body, const SamplingOptions& defaults) {
  Ask ask;
  BANCHU_TRY_STATUS(read_ollama(body, defaults, ask));
  BANCHU_TRY_STATUS(refuse_tools(body));
  const auto messages = body.find("messages");
  if (messages == body.end() || messages->is_null() || (messages->is_array() && messages->empty())) return ask;
  BANCHU_TRY(ask.messages, messages_of(body));
  return ask;
}

Result<Ask> ollama_generate_ask(const Json& body, const SamplingOptions& defaults) {
  Ask ask;
  BANCHU_TRY_STATUS(read_ollama(body, defaults, ask));
  BANCHU_TRY(const auto prompt, string_field(body, "prompt"));
  BANCHU_TRY(const auto system, string_field(body, "system"));
  BANCHU_TRY(const auto raw, bool_field(body, "raw"));
  BANCHU_TRY(const auto shape, string_field(body, "template"));
  const bool as_it_stands = raw.value_or(false);
  if (as_it_stands && (system.value_or("") != "" || shape.value_or("") != "")) {
    return make_error(Code::InvalidArgument, "raw mode does not support template, system, or context");
  }
  if (prompt.value_or("").empty()) return ask;  // loads the model, no more
  if (as_it_stands) {
    ask.raw = *prompt;
    return ask;
  }
  if (system.value_or("") != "") ask.messages.push_back({Role::system, *system});
  ask.messages.push_back({Role::user, *prompt});
  return ask;
}

}  // namespace banchu
