#include "serve/ask.h"

#include <fmt/format.h>

#include <cctype>

#include "base/text.h"
#include "serve/fields.h"

namespace banchu {
namespace {

constexpr std::int64_t kMostTokens = 1 << 20;
constexpr std::size_t kMostStops = 16;
constexpr std::size_t kMostBiases = 1024;

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

// {"word": bias} or [["word", bias]]; false bans. Token ids mean something else with every model and are refused.
Result<std::vector<WordBias>> biases_of(const Json& object) {
  std::vector<WordBias> found;
  const auto field = object.find("logit_bias");
  if (field == object.end() || field->is_null()) return found;
  std::vector<std::pair<Json, Json>> pairs;
  if (field->is_object()) {
    for (const auto& [word, bias] : field->items()) pairs.emplace_back(word, bias);
  } else if (field->is_array()) {
    for (const Json& pair : *field) {
      if (!pair.is_array() || pair.size() != 2)
        return make_error(Code::InvalidArgument, "Field 'logit_bias': must hold pairs");
      pairs.emplace_back(pair[0], pair[1]);
    }
  } else {
    return make_error(Code::InvalidArgument, "Field 'logit_bias': must be an object or a list of pairs");
  }
  std::string bad;
  for (const auto& [word, bias] : pairs) {
    const bool bans = bias.is_boolean() && !bias.get<bool>();
    const std::string text = word.is_string() ? word.get<std::string>() : "";
    const bool is_word = !trim(text).empty() && text.find_first_not_of("0123456789") != std::string::npos;
    if (!is_word || !(bias.is_number() || bans)) {
      bad += (bad.empty() ? "" : ", ") + to_line(word);
      continue;
    }
    found.push_back({text, bans ? -100.0f : static_cast<float>(bias.get<double>())});
  }
  if (!bad.empty()) {
    return make_error(Code::InvalidArgument,
                      "Field 'logit_bias': not a word with a number (token ids are not taken): " + shorten(bad, 400));
  }
  if (found.size() > kMostBiases) return make_error(Code::InvalidArgument, "Field 'logit_bias': too many words");
  return found;
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

Status read_openai(const Json& body, const SamplingOptions& defaults, int most_replies, Ask& ask) {
  BANCHU_TRY_STATUS(read_common(body, defaults, ask));
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
  BANCHU_TRY(const auto model, string_field(body, "model"));
  ask.model = model.value_or("");
  BANCHU_TRY(const auto stream, bool_field(body, "stream"));
  ask.stream = stream.value_or(true);
  return {};
}

}  // namespace

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
  BANCHU_TRY(const std::vector<WordBias> biases, biases_of(object));
  sampling.word_bias.insert(sampling.word_bias.end(), biases.begin(), biases.end());
  return sampling;
}

Result<Ask> openai_chat_ask(const Json& body, const SamplingOptions& defaults, int most_replies) {
  Ask ask;
  BANCHU_TRY(ask.messages, messages_of(body));
  BANCHU_TRY_STATUS(read_openai(body, defaults, most_replies, ask));
  return ask;
}

Result<Ask> openai_completion_ask(const Json& body, const SamplingOptions& defaults, int most_replies) {
  Ask ask;
  BANCHU_TRY_STATUS(read_openai(body, defaults, most_replies, ask));
  BANCHU_TRY(const auto prompt, string_field(body, "prompt"));
  if (!prompt) return make_error(Code::InvalidArgument, "'prompt' is required");
  ask.raw = *prompt;
  BANCHU_TRY(const auto echo, bool_field(body, "echo"));
  ask.echo = echo.value_or(false);
  return ask;
}

Result<Ask> ollama_chat_ask(const Json& body, const SamplingOptions& defaults) {
  Ask ask;
  BANCHU_TRY_STATUS(read_ollama(body, defaults, ask));
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
