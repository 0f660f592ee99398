#include "chat/chat.h"

#include <algorithm>

#include "base/digest.h"
#include "base/rng.h"
#include "base/text.h"

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

Reply reply_from(Said said) {
  Reply reply;
  reply.text = std::move(said.text);
  reply.stop_reason = said.stop_reason;
  reply.prompt_tokens = said.prompt_tokens;
  reply.cached_tokens = said.cached_tokens;
  reply.completion_tokens = said.completion_tokens;
  reply.prompt_tokens_per_second = per_second(said.prompt_tokens - said.cached_tokens, said.prompt_seconds);
  reply.tokens_per_second = per_second(said.completion_tokens, said.generation_seconds);
  reply.left_out = said.dropped;
  return reply;
}

}  // namespace

Conversation::Conversation(Session& session, Persona persona, ConversationStart start, TurnSink sink)
    : own_tool_(local_tool(session, start.context_tokens)),
      tool_(own_tool_.get()),
      persona_(std::move(persona)),
      start_(std::move(start)),
      sink_(std::move(sink)) {
  take_up_start();
}

Conversation::Conversation(SpeakingTool& tool, Persona persona, ConversationStart start, TurnSink sink)
    : tool_(&tool), persona_(std::move(persona)), start_(std::move(start)), sink_(std::move(sink)) {
  take_up_start();
}

void Conversation::take_up_start() {
  if (start_.id.empty()) start_.id = random_id();
  history_ = std::move(start_.history);
  next_index_ = start_.next_index;
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
  ToSay what{persona_.system,
             persona_.few_shot,
             history,
             user,
             dropped_,
             persona_.sampling,
             turn_seed(persona_.seed.value_or(start_.seed), next_index_)};
  BANCHU_TRY(Reply reply, gate_.score ? draw_and_judge(std::move(what), on_text, cancel) : draw(what, on_text, cancel));
  BANCHU_TRY_STATUS(keep(user, reply));
  dropped_ = reply.left_out;
  ++next_index_;
  return reply;
}

Result<Reply> Conversation::draw(const ToSay& what, const TextSink& on_text, const CancelFlag* cancel) {
  BANCHU_TRY(Said said, tool_->speak(what, on_text, cancel));
  return reply_from(std::move(said));
}

Result<Reply> Conversation::draw_and_judge(ToSay what, const TextSink& on_text, const CancelFlag* cancel) {
  Rng seeds(what.seed, "drawn again");
  Reply best;
  for (int drawn = 1; drawn <= std::max(1, gate_.draws); ++drawn) {
    BANCHU_TRY(Reply reply, draw(what, {}, cancel));
    reply.score = gate_.score(reply.text);
    const bool passes = !reply.score || *reply.score >= gate_.floor;
    if (drawn == 1 || passes || *reply.score > *best.score) best = std::move(reply);
    best.draws = drawn;
    if (passes) break;
    what.seed = seeds.next();
  }
  if (on_text) on_text(best.text);
  return best;
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
