#include "model/remote_chat.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "model/remote_stream.h"

namespace banchu {
namespace {

constexpr std::size_t kShownText = 200;
constexpr std::size_t kShownModels = 20;
constexpr int kListSeconds = 60;  // a list of models is no work

// What OpenAI's own API does not know or some servers do not take, and what a reply can do without.
constexpr std::array<const char*, 8> kOptionalFields = {
    "top_k", "min_p",          "repetition_penalty", "repeat_penalty",
    "seed",  "stream_options", "frequency_penalty",  "presence_penalty"};

Error no_openai(const std::string& where) {
  return make_error(Code::Unsupported, fmt::format("{} is no OpenAI-compatible server: it lists no models", where),
                    "give its address up to /v1, like http://127.0.0.1:8080/v1");
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kShownModels); ++i) text += (i > 0 ? ", " : "") + names[i];
  return names.size() > kShownModels ? text + " ..." : text;
}

bool mentions(const std::string& text, std::string_view word) { return text.find(word) != std::string::npos; }

// "This model's maximum context length is ...", "the request exceeds the available context size"
bool is_too_long(const HttpAnswer& answer, const std::string& said) {
  if (answer.status != 400 && answer.status != 413) return false;
  const std::string folded = fold(said);
  if (!mentions(folded, "context")) return false;
  return std::ranges::any_of(std::array{"exceed", "too large", "longer", "too long", "maximum", "length"},
                             [&](const char* word) { return mentions(folded, word); });
}

Json messages_as_json(std::span<const Message> messages) {
  constexpr std::array kRoles = {"system", "user", "assistant"};  // in the order of Role
  Json list = Json::array();
  for (const Message& message : messages)
    list.push_back({{"role", kRoles[static_cast<std::size_t>(message.role)]}, {"content", message.content}});
  return list;
}

}  // namespace

Result<std::unique_ptr<RemoteChat>> RemoteChat::open(const RemoteServer& server, const CancelFlag* cancel) {
  std::unique_ptr<RemoteChat> chat(new RemoteChat());
  BANCHU_TRY(chat->where_, server_base(server.url));
  chat->connect_seconds_ = server.connect_seconds;
  chat->answer_seconds_ = server.answer_seconds;
  if (!server.key.empty()) {
    BANCHU_TRY(auto header, bearer_header(server.key));
    chat->headers_.push_back(std::move(header));
  }
  BANCHU_TRY_STATUS(chat->choose_model(server.model, cancel));
  return chat;
}

HttpRequest RemoteChat::request_to(const std::string& door) const {
  HttpRequest request;
  request.url = where_ + door;
  request.headers = headers_;
  request.connect_seconds = connect_seconds_;
  request.answer_seconds = answer_seconds_;
  return request;
}

// Empty where the server does not say.
Result<std::vector<std::string>> RemoteChat::models(const CancelFlag* cancel) const {
  HttpRequest request = request_to("/models");
  request.method = "GET";
  request.answer_seconds = std::min(answer_seconds_, kListSeconds);
  BANCHU_TRY(const HttpAnswer answer, http_send(request, cancel));
  if (auto error = common_refusal(where_, answer)) return std::move(*error);
  std::vector<std::string> names;
  const Result<Json> list = is_good(answer) ? parse_json(answer.body, "the list of models") : Json();
  if (!list || !list->is_object() || !list->contains("data") || !(*list)["data"].is_array()) return names;
  for (const Json& row : (*list)["data"]) {
    const std::string name = row.is_object() ? string_at(row, "id") : "";
    if (!name.empty()) names.push_back(name);
  }
  return names;
}

Error RemoteChat::no_such_model(const std::string& name, const std::vector<std::string>& there) const {
  return make_error(Code::NotFound, fmt::format("{} has no model \"{}\"; it has: {}", where_, name, joined(there)),
                    "name one of these with --model NAME");
}

Status RemoteChat::choose_model(const std::string& wanted, const CancelFlag* cancel) {
  BANCHU_TRY(const std::vector<std::string> there, models(cancel));
  model_ = wanted;
  if (there.empty()) return wanted.empty() ? Status(no_openai(where_)) : Status();
  if (wanted.empty() && there.size() > 1)
    return make_error(Code::InvalidArgument, fmt::format("{} has several models: {}", where_, joined(there)),
                      "name one of these with --model NAME");
  if (wanted.empty()) model_ = there.front();
  // Ollama answers to "qwen3" where its list says "qwen3:latest".
  const bool is_there = std::ranges::any_of(
      there, [this](const std::string& name) { return name == model_ || name == model_ + ":latest"; });
  if (is_there) return {};
  return no_such_model(wanted, there);
}

std::string RemoteChat::body_for(std::span<const Message> messages, const SamplingOptions& sampling,
                                 std::uint64_t seed) const {
  Json body = {{"model", model_},
               {"messages", messages_as_json(messages)},
               {"stream", true},
               {"stream_options", {{"include_usage", true}}},
               {"max_tokens", sampling.max_tokens},
               {"temperature", sampling.temperature},
               {"top_p", sampling.top_p},
               {"top_k", sampling.top_k},
               {"min_p", sampling.min_p},
               {"frequency_penalty", sampling.frequency_penalty},
               {"presence_penalty", sampling.presence_penalty},
               {"repetition_penalty", sampling.repetition_penalty},  // vLLM's name
               {"repeat_penalty", sampling.repetition_penalty},      // llama-server's
               {"seed", seed >> 33}};                                // 31 bits: what every server takes
  if (sampling.top_k == 0) body["top_k"] = -1;                       // "off" to vLLM and to llama-server
  for (const std::string& field : refused_) {
    if (field == "max_tokens") body["max_completion_tokens"] = sampling.max_tokens;
    body.erase(field);
  }
  return to_line(body);
}

// Whether the server named a field that it does not take and that a reply can do without: it is left away from now on.
bool RemoteChat::refuses_a_field(const HttpAnswer& answer) {
  if (answer.status != 400 && answer.status != 422) return false;
  const std::string body = answer.body.substr(0, 64 * kShownText);
  const auto is_new = [this](const char* field) { return std::ranges::find(refused_, field) == refused_.end(); };
  if (mentions(body, "max_completion_tokens") && is_new("max_tokens")) {
    refused_.emplace_back("max_tokens");
    return true;
  }
  for (const char* field : kOptionalFields) {
    if (!mentions(body, field) || !is_new(field)) continue;
    refused_.emplace_back(field);
    return true;
  }
  return false;
}

Error RemoteChat::refused_reply(const HttpAnswer& answer, const CancelFlag* cancel) const {
  if (auto error = common_refusal(where_, answer)) return std::move(*error);
  const std::string said = refusal_text(answer);
  if (is_too_long(answer, said))
    return make_error(Code::NoSpace, fmt::format("the conversation is longer than the context of {}: {}", where_, said),
                      "shorten the message or the mask");
  if (answer.status == 404) {
    const Result<std::vector<std::string>> there = models(cancel);
    if (there && !there->empty() && std::ranges::find(*there, model_) == there->end())
      return no_such_model(model_, *there);
  }
  if (answer.status == 404 || answer.status == 405)
    return make_error(Code::Unsupported,
                      fmt::format("{} has no /chat/completions ({}): {}", where_, answer.status, said),
                      "give its address up to /v1, like http://127.0.0.1:8080/v1");
  return make_error(Code::FailedPrecondition, fmt::format("{} refused ({}): {}", where_, answer.status, said),
                    "the server's own log says more");
}

Result<RemoteReply> RemoteChat::reply(std::span<const Message> messages, const SamplingOptions& sampling,
                                      std::uint64_t seed, const TextSink& on_text, const CancelFlag* cancel) {
  RemoteStream stream(where_, sampling.stop, on_text);
  std::string body;  // of an answer that is no stream
  Status taken;
  const auto take = [&](const HttpAnswer& head, std::string_view bytes) {
    if (!is_good(head) || !head.content_type.starts_with("text/event-stream")) {
      body += bytes;
      return true;
    }
    const Result<bool> goes_on = stream.push(bytes);
    if (!goes_on) taken = goes_on.error();
    return goes_on && *goes_on;
  };
  HttpRequest request = request_to("/chat/completions");
  request.body = body_for(messages, sampling, seed);
  Result<HttpAnswer> answer = http_stream(request, take, cancel);
  if (!answer && answer.error().code == Code::Cancelled) return std::move(answer).error();
  if (!answer && !stream.has_begun()) return std::move(answer).error();
  BANCHU_TRY_STATUS(taken);
  if (answer) answer->body = std::move(body);
  if (answer && !is_good(*answer)) {
    const bool is_about_length = is_too_long(*answer, refusal_text(*answer));
    if (!is_about_length && refuses_a_field(*answer)) return reply(messages, sampling, seed, on_text, cancel);
    return refused_reply(*answer, cancel);
  }
  if (answer && !answer->content_type.starts_with("text/event-stream"))
    BANCHU_TRY_STATUS(stream.take_whole(answer->body));
  if (!stream.is_whole())
    return make_error(Code::FailedPrecondition, fmt::format("the reply of {} broke off in the middle", where_),
                      "nothing of this reply is kept; say it again");
  return stream.finish();
}

}  // namespace banchu
