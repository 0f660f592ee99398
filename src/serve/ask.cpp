#include "serve/ask.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "base/text.h"
#include "model/grammar.h"
#include "serve/bias_field.h"
#include "serve/fields.h"
#include "serve/reply_form.h"

namespace banchu {
namespace {

constexpr std::int64_t kMostTokens = 1 << 20;
constexpr std::size_t kMostStops = 16;
constexpr std::int64_t kMostLogprobs = 20;
constexpr std::size_t kMostPrompts = 32;
constexpr std::size_t kLongestGrammarBytes = 64 << 10;
constexpr int kDeepestGrammar = 100;  // brackets within brackets: its reader calls itself for each

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

// GBNF as the client wrote it.
Status read_grammar(const std::string& gbnf, Ask& ask) {
  int depth = 0, deepest = 0;
  for (const char c : gbnf) {
    if (c == '(') deepest = std::max(deepest, ++depth);
    if (c == ')') --depth;
  }
  if (gbnf.size() > kLongestGrammarBytes || deepest > kDeepestGrammar)
    return make_error(Code::InvalidArgument, "Field 'grammar': is too long or nests too deep");
  BANCHU_TRY_STATUS(check_utf8(gbnf, "'grammar'"));
  if (gbnf.find('\0') != std::string::npos || !check_grammar(gbnf))
    return make_error(Code::InvalidArgument, "Field 'grammar': cannot be followed",
                      "GBNF with a rule \"root\"; no rule may begin with itself");
  ask.sampling.grammar = gbnf;
  return {};
}

// "response_format", llama-server's "json_schema" or its "grammar".
Status read_form(const Json& body, Ask& ask) {
  const bool has_schema = body.contains("json_schema") && !body["json_schema"].is_null();
  const bool has_format = body.contains("response_format") && !body["response_format"].is_null();
  if (has_schema && has_format) {
    return make_error(Code::InvalidArgument, "give either 'response_format' or 'json_schema', not both");
  }
  BANCHU_TRY(const auto grammar, string_field(body, "grammar"));
  if (!grammar.value_or("").empty()) {
    if (has_schema || has_format)
      return make_error(Code::InvalidArgument, "give either 'grammar' or a JSON form, not both");
    return read_grammar(*grammar, ask);
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

// How long the model is to stay loaded: seconds, or Go's way to write a duration. It stays as long as the server does:
// its weights are the file itself, mapped, which the system takes back from memory when it needs room.
Status read_keep_alive(const Json& body) {
  const Json value = body.contains("keep_alive") ? body["keep_alive"] : Json();
  static const std::regex duration(R"([+-]?(0|([0-9]+(\.[0-9]*)?(ns|us|ms|s|m|h))+))");
  const bool is_duration = value.is_string() && value.get_ref<const std::string&>().size() < 40 &&
                           std::regex_match(value.get_ref<const std::string&>(), duration);
  if (value.is_null() || value.is_number() || is_duration) return {};
  return make_error(Code::InvalidArgument,
                    "Field 'keep_alive': must be a number of seconds or a duration as in \"5m\"");
}

// Ollama keeps the sampler's fields in "options" and counts tokens in num_predict.
Status read_ollama(const Json& body, const SamplingOptions& defaults, Ask& ask) {
  BANCHU_TRY(Json options, object_field(body, "options"));
  if (options.contains("num_predict")) options["max_tokens"] = options["num_predict"];
  BANCHU_TRY(ask.sampling, sampling_of(options, defaults));
  BANCHU_TRY(ask.seed, seed_of(options));
  BANCHU_TRY(ask.sampling.grammar, grammar_of_ollama_format(body.contains("format") ? body["format"] : Json()));
  BANCHU_TRY_STATUS(read_logprobs(body, true, ask));
  BANCHU_TRY_STATUS(read_keep_alive(body));
  BANCHU_TRY(const auto model, string_field(body, "model"));
  ask.model = model.value_or("");
  BANCHU_TRY(const auto stream, bool_field(body, "stream"));
  ask.stream = stream.value_or(true);
  return {};
}

Result<RawPrompt> one_prompt(const Json& json) {
  if (json.is_string()) return RawPrompt{json.get<std::string>(), {}};
  const bool is_tokens =
      json.is_array() && !json.empty() && std::all_of(json.begin(), json.end(), [](const Json& token) {
        return token.is_number_unsigned() && token.get<std::uint64_t>() <= INT32_MAX;
      });
  if (!is_tokens) return make_error(Code::InvalidArgument, "'prompt' must be a text, its tokens, or a list of such");
  return RawPrompt{"", json.get<std::vector<Token>>()};
}

// A text, its tokens, or a list of texts or of tokens.
Status read_prompt(const Json& body, Ask& ask) {
  const Json prompt = body.contains("prompt") ? body["prompt"] : Json();
  if (prompt.is_null()) return make_error(Code::InvalidArgument, "'prompt' is required");
  const bool is_list = prompt.is_array() && !prompt.empty() && !prompt[0].is_number();
  const Json list = is_list ? prompt : Json::array({prompt});
  if (list.size() * static_cast<std::size_t>(ask.replies) > kMostPrompts)
    return make_error(Code::InvalidArgument, fmt::format("Field 'prompt': at most {} replies at once", kMostPrompts));
  for (const Json& one : list) {
    BANCHU_TRY(RawPrompt read, one_prompt(one));
    ask.raw.push_back(std::move(read));
  }
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
  return make_error(Code::InvalidArgument, "Field 'tools': no tool can be called here",
                    "reading a call out of a reply needs the part of the engine that is not built in; tool_choice "
                    "\"none\" leaves the tools out");
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
    ask.raw.push_back({*prompt, {}});
    return ask;
  }
  if (system.value_or("") != "") ask.messages.push_back({Role::system, *system});
  ask.messages.push_back({Role::user, *prompt});
  return ask;
}

}  // namespace banchu
