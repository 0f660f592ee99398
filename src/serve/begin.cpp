// How every reply begins, whichever API was called.
#include <algorithm>

#include "serve/dialect.h"
#include "serve/fields.h"
#include "serve/routes.h"

namespace banchu {
namespace {

constexpr std::size_t kShortestId = 16, kLongestId = 64;

bool looks_like_an_id(const std::string& text) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() >= kShortestId && text.size() <= kLongestId && std::all_of(text.begin(), text.end(), is_digit);
}

Result<Mask> mask_of(const Desk& desk, Right right, const std::string& id) {
  const Error unknown = make_error(Code::NotFound, "there is no mask with this id", "see /banchu/v1/masks");
  if (desk.life == nullptr) return unknown;
  BANCHU_TRY(Mask mask, desk.life->mask_named(id));
  if (mask.is_private && right == Right::talk) return unknown;
  return mask;
}

// Who asks, by the call's key and headers.
Result<Asker> asker_of(const Desk& desk, const HttpCall& call) {
  Asker asker;
  asker.right = desk.guard.right_of(call).value_or(Right::talk);
  asker.mode = call.header("x-banchu-mode");
  asker.conversation = call.header("x-banchu-conversation");
  asker.goes_on = asker.right != Right::talk && desk.life != nullptr && looks_like_an_id(asker.conversation) &&
                  desk.life->has_conversation(asker.conversation);
  const std::string mask = call.header("x-banchu-mask");
  if (mask.empty()) return asker;
  BANCHU_TRY(asker.mask, mask_of(desk, asker.right, mask));
  return asker;
}

// The answer to a request whose replies could not be started.
HttpAnswerOut refused(const HttpCall& call, const Error& error, const std::optional<TooLong>& too_long) {
  const Dialect dialect = dialect_of(call.path);
  if (too_long) {
    return refusal(dialect, 400, error.message,
                   {{"type", "exceed_context_size_error"},
                    {"n_prompt_tokens", too_long->prompt_tokens},
                    {"n_ctx", too_long->context_tokens}});
  }
  if (error.code == Code::FailedPrecondition) return refusal(dialect, 403, message_of(error));
  return refusal(dialect, error);
}

Result<Request> read(const Desk& desk, const HttpCall& call, const AskReader& reader) {
  BANCHU_TRY(const Json body, object_of(call.body));
  Request request;
  BANCHU_TRY(request.asker, asker_of(desk, call));
  const std::optional<Mask>& mask = request.asker.mask;
  const bool has_sampling = mask && mask->sampling;
  BANCHU_TRY(request.ask, reader(body, has_sampling ? *mask->sampling : desk.talker.options().sampling));
  return request;
}

}  // namespace

std::variant<Request, HttpAnswerOut> read_request(const Desk& desk, const HttpCall& call, const AskReader& reader) {
  Result<Request> request = read(desk, call, reader);
  if (!request) return refusal(dialect_of(call.path), request.error());
  return std::move(*request);
}

Begun start_replies(const Desk& desk, const HttpCall& call, Request request) {
  std::optional<TooLong> too_long;
  Result<std::unique_ptr<Replies>> started = desk.talker.start(std::move(request.ask), request.asker, too_long);
  if (!started) return refused(call, started.error(), too_long);
  return std::shared_ptr<Replies>(std::move(*started));
}

Begun begin_replies(const Desk& desk, const HttpCall& call, const AskReader& reader) {
  std::variant<Request, HttpAnswerOut> request = read_request(desk, call, reader);
  if (auto* stop = std::get_if<HttpAnswerOut>(&request)) return std::move(*stop);
  return start_replies(desk, call, std::move(std::get<Request>(request)));
}

std::string model_named(const Desk& desk, const Ask& ask) {
  return ask.model.empty() ? desk.talker.options().name : ask.model;
}

}  // namespace banchu
