#include "model/remote_stream.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/text.h"
#include "model/valid_utf8.h"

namespace banchu {
namespace {

constexpr std::size_t kShownText = 200;
constexpr double kMostTokens = 4e9;
constexpr int kFewestReads =
    4;  // a reply that came in fewer did not stream: when its first word was ready is not known

std::uint32_t count_at(const Json& object, const char* key) {
  return static_cast<std::uint32_t>(std::clamp(number_at(object, key), 0.0, kMostTokens));
}

StopReason reason_of(const std::string& finish) {
  return finish == "length" ? StopReason::max_tokens : StopReason::end_of_turn;
}

}  // namespace

RemoteStream::RemoteStream(std::string where, std::vector<std::string> stop, TextSink on_text)
    : where_(std::move(where)), text_(std::move(stop), std::move(on_text)), began_(steady_seconds()) {}

Result<bool> RemoteStream::push(std::string_view bytes) {
  const std::size_t before = text_.raw().size();
  const Result<bool> goes_on = events_.push(bytes, [this](const std::string& data) { return take(data); });
  reads_ += text_.raw().size() > before ? 1 : 0;
  return goes_on;
}

Error RemoteStream::in_stream(const Json& error) const {
  const std::string said = error.is_string() ? error.get<std::string>() : string_at(error, "message");
  return make_error(
      Code::FailedPrecondition,
      fmt::format("{} stopped in the middle of the reply: {}", where_, shorten(valid_utf8(said), kShownText)),
      "nothing of this reply is kept; say it again");
}

Result<bool> RemoteStream::take(const std::string& data) {
  if (data == "[DONE]") {
    is_whole_ = true;
    return false;
  }
  const Result<Json> chunk = parse_json(data, "a piece of the reply");
  if (!chunk || !chunk->is_object())
    return make_error(
        Code::FailedPrecondition,
        fmt::format("{} sent a piece of a reply that is no JSON: {}", where_, shorten(valid_utf8(data), kShownText)),
        "nothing of this reply is kept; is it an OpenAI-compatible server?");
  if (chunk->contains("error") && !(*chunk)["error"].is_null()) return in_stream((*chunk)["error"]);
  has_begun_ = true;
  take_usage(*chunk);
  const auto choices = chunk->find("choices");
  if (choices == chunk->end() || !choices->is_array() || choices->empty()) return true;
  return take_choice((*choices)[0], "delta");
}

Result<bool> RemoteStream::take_choice(const Json& choice, const char* part) {
  if (!choice.is_object()) return true;
  if (choice.contains(part) && choice[part].is_object() && !add_text(string_at(choice[part], "content"))) {
    reply_.stop_reason = StopReason::stop_sequence;
    is_whole_ = true;
    return false;
  }
  const std::string finish = string_at(choice, "finish_reason");
  if (finish.empty()) return true;
  reply_.stop_reason = reason_of(finish);
  is_whole_ = true;
  return true;  // how many tokens it took comes behind
}

void RemoteStream::take_usage(const Json& chunk) {
  if (!chunk.contains("usage") || !chunk["usage"].is_object()) return;
  const Json& usage = chunk["usage"];
  reply_.prompt_tokens = count_at(usage, "prompt_tokens");
  reply_.completion_tokens = count_at(usage, "completion_tokens");
  if (usage.contains("prompt_tokens_details") && usage["prompt_tokens_details"].is_object())
    reply_.cached_tokens = count_at(usage["prompt_tokens_details"], "cached_tokens");
  reply_.cached_tokens = std::min(reply_.cached_tokens, reply_.prompt_tokens);
}

bool RemoteStream::add_text(const std::string& text) {
  if (text.empty()) return true;
  if (text_.raw().empty()) reply_.prompt_seconds = steady_seconds() - began_;
  text_.push(text);
  if (const auto stop = text_.find_stop()) {
    text_end_ = *stop;
    return false;
  }
  text_.flush(std::string::npos);
  return true;
}

Status RemoteStream::take_whole(const std::string& body) {
  const Result<Json> answer = parse_json(body, "the answer");
  const bool has_choice = answer && answer->is_object() && answer->contains("choices") &&
                          (*answer)["choices"].is_array() && !(*answer)["choices"].empty();
  if (!has_choice)
    return make_error(Code::Unsupported,
                      fmt::format("{} is no OpenAI-compatible server: its answer holds no reply", where_),
                      "give its address up to /v1, like http://127.0.0.1:8080/v1");
  take_usage(*answer);
  BANCHU_TRY([[maybe_unused]] const bool goes_on, take_choice((*answer)["choices"][0], "message"));
  is_whole_ = true;
  return {};
}

RemoteReply RemoteStream::finish() {
  const double seconds = steady_seconds() - began_;
  if (reads_ < kFewestReads) reply_.prompt_seconds = 0;
  reply_.generation_seconds = seconds - reply_.prompt_seconds;
  reply_.text = text_.finish(std::min(text_end_, text_.raw().size()));
  return std::move(reply_);
}

}  // namespace banchu
