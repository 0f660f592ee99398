#include "chat/chat.h"

#include <algorithm>

#include "base/digest.h"
#include "base/rng.h"
#include "base/text.h"
#include "chat/fit.h"

namespace banchu {
namespace {

std::vector<Exchange> exchanges_of(const std::vector<PastTurn>& turns) {
  std::vector<Exchange> exchanges;
  exchanges.reserve(turns.size());
  for (const PastTurn& turn : turns) exchanges.push_back(turn.exchange);
  return exchanges;
}

double per_second(std::size_t tokens, double seconds) {
  return seconds > 0 ? static_cast<double>(tokens) / seconds : 0;
}

Reply reply_from(Completion completion) {
  Reply reply;
  reply.text = std::move(completion.text);
  reply.stop_reason = completion.stop_reason;
  reply.prompt_tokens = completion.prompt_tokens;
  reply.cached_tokens = completion.cached_tokens;
  reply.completion_tokens = static_cast<std::uint32_t>(completion.tokens.size());
  reply.prompt_tokens_per_second =
      per_second(completion.prompt_tokens - completion.cached_tokens, completion.prompt_seconds);
  reply.tokens_per_second = per_second(completion.tokens.size(), completion.generation_seconds);
  return reply;
}

}  // namespace

Conversation::Conversation(Session& session, Persona persona, ConversationStart start, TurnSink sink)
    : session_(&session), persona_(std::move(persona)), start_(std::move(start)), sink_(std::move(sink)) {
  if (start_.id.empty()) start_.id = random_id();
  history_ = std::move(start_.history);
  next_index_ = start_.next_index;
  const std::uint32_t trained_tokens = session.model().info().context_tokens;
  if (trained_tokens > 0) start_.context_tokens = std::min<std::size_t>(start_.context_tokens, trained_tokens);
}

std::uint64_t Conversation::turn_seed(std::uint64_t seed, int index) {
  return Rng(Rng(seed, "turn").next() + static_cast<std::uint64_t>(index)).next();
}

Result<Reply> Conversation::say(const std::string& user, const TextSink& on_text, const CancelFlag* cancel) {
  BANCHU_TRY_STATUS(check_utf8(user, "the message"));
  const std::string message = nfc(user);
  if (says_nothing(message)) return make_error(Code::InvalidArgument, "the message is empty", "say something");
  BANCHU_TRY(Reply reply, exchange(message, exchanges_of(history_), on_text, cancel));
  history_.push_back({{message, reply.text}, reply.turn_id});
  return reply;
}

Result<Reply> Conversation::regen(const TextSink& on_text, const CancelFlag* cancel) {
  if (history_.empty()) {
    return make_error(Code::FailedPrecondition, "nothing was said yet that could be answered again");
  }
  std::vector<Exchange> before = exchanges_of(history_);
  before.pop_back();
  BANCHU_TRY(Reply reply, exchange(history_.back().exchange.user, before, on_text, cancel));
  history_.back() = {{history_.back().exchange.user, reply.text}, reply.turn_id};
  return reply;
}

Result<Reply> Conversation::exchange(const std::string& user, const std::vector<Exchange>& history,
                                     const TextSink& on_text, const CancelFlag* cancel) {
  const FitLimits limits{start_.context_tokens, static_cast<std::size_t>(persona_.sampling.max_tokens)};
  BANCHU_TRY(FittedPrompt prompt, fit_history(session_->model().chat_template(), persona_.system, persona_.few_shot,
                                              history, user, dropped_, limits));
  CompletionRequest request{std::move(prompt.tokens), persona_.sampling,
                            turn_seed(persona_.seed.value_or(start_.seed), next_index_)};
  BANCHU_TRY(Completion completion, session_->complete(request, on_text, cancel));
  if (completion.stop_reason == StopReason::cancelled) {
    return make_error(Code::Cancelled, "the reply was stopped; nothing of it is kept");
  }
  Reply reply = reply_from(std::move(completion));
  reply.left_out = prompt.dropped;
  BANCHU_TRY_STATUS(keep(user, reply));
  dropped_ = prompt.dropped;
  ++next_index_;
  return reply;
}

Status Conversation::keep(const std::string& user, Reply& reply) {
  if (!sink_) return {};
  Turn turn{random_id(),       start_.id, next_index_, now(),      persona_.system,
            persona_.few_shot, user,      reply.text,  start_.self};
  BANCHU_TRY_STATUS(sink_(turn));
  reply.turn_id = turn.id;
  return {};
}

void Conversation::replace_last_reply(const std::string& reply) { history_.back().exchange.reply = nfc(reply); }

void Conversation::forget_last() {
  if (!history_.empty()) history_.pop_back();
  dropped_ = std::min(dropped_, history_.size());
}

}  // namespace banchu
