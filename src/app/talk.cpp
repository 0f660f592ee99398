#include "app/talk.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "app/adapters.h"
#include "app/arc_gate.h"
#include "base/digest.h"
#include "base/text.h"

namespace banchu {
namespace {

std::uint64_t random_seed() {
  const std::string digits = random_id();
  std::uint64_t seed = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), seed, 16);
  return seed >> 1;
}

Result<bool> should_grow(const AppContext& context, const std::string& mode) {
  if (mode == "grow") return true;
  if (mode == "sandbox") return false;
  return bag_exists(context);
}

// What stands in the history when an entry is taken up again: a struck reply was never said, a fixed one was said
// right.
void take_up(const Entry& entry, ConversationStart& start) {
  start.next_index = std::max(start.next_index, entry.turn.index + 1);
  if (entry.mark == EntryMark::struck) return;
  const std::string& reply = entry.mark == EntryMark::fixed ? entry.fixed_reply : entry.turn.reply;
  start.history.push_back({{entry.turn.user, reply}, entry.turn.id});
}

// The journal lists by time, and a clock may have been set back in the middle of a conversation.
std::vector<Entry> in_order_of_speech(std::vector<Entry> entries) {
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.turn.index < b.turn.index; });
  return entries;
}

}  // namespace

Result<std::unique_ptr<Talk>> Talk::open(AppContext& context, const TalkOptions& options) {
  Persona persona;
  if (!options.persona.empty()) {
    BANCHU_TRY(persona, load_persona(options.persona));
  }
  BANCHU_TRY(const bool grows, should_grow(context, options.mode));
  CompanionOptions wanted;
  wanted.access = grows ? Bag::Access::read_write : Bag::Access::read_only;
  wanted.needs_bag = grows;
  BANCHU_TRY(Companion companion, open_companion(context, wanted));

  std::unique_ptr<Talk> talk(new Talk(context, std::move(companion)));
  talk->persona_file_ = options.persona;
  talk->arc_floor_ = options.arc_gate;
  talk->seed_ = context.options.seed ? *context.options.seed : persona.seed.value_or(random_seed());
  if (context.options.seed) persona.seed = context.options.seed;
  ConversationStart start;
  if (!options.resume.empty()) {
    BANCHU_TRY_STATUS(talk->resume(options.resume, !options.persona.empty(), persona, start));
  }
  if (!grows) talk->companion_.bag.reset();
  talk->begin(std::move(persona), std::move(start), grows);
  return talk;
}

void Talk::begin(Persona persona, ConversationStart start, bool grows) {
  start.self = companion_.self ? companion_.self->id : "";
  start.seed = seed_;
  conversation_ = std::make_unique<Conversation>(*companion_.session, std::move(persona), std::move(start),
                                                 grows ? journal_sink() : TurnSink());
  if (arc_floor_) conversation_->set_gate(banchu::arc_gate(*arc_floor_));
}

Status Talk::resume(const std::string& id, bool has_persona, Persona& persona, ConversationStart& start) {
  const Error not_found = make_error(Code::NotFound, fmt::format("no conversation \"{}\" in this bag", id),
                                     "`banchu journal show` names them; `--resume last` is the newest");
  if (companion_.bag == nullptr) return not_found;
  BANCHU_TRY(const std::vector<Entry> entries, Journal(*companion_.bag).entries());
  for (const Entry& entry : entries) {
    const std::string& conversation = entry.turn.conversation;
    if (id == "last" ? entry.source == EntrySource::spoken : conversation.starts_with(id)) start.id = conversation;
  }
  if (start.id.empty()) return not_found;
  for (const Entry& entry : in_order_of_speech(entries)) {
    if (entry.turn.conversation != start.id) {
      if (id == "last" || !entry.turn.conversation.starts_with(id)) continue;
      return make_error(Code::InvalidArgument, fmt::format("\"{}\" begins several conversations", id),
                        "give more digits of the id");
    }
    take_up(entry, start);
    if (has_persona) continue;
    persona.system = entry.turn.mask;
    persona.few_shot = entry.turn.few_shot;
  }
  return {};
}

TurnSink Talk::journal_sink() {
  return [this](const Turn& turn) -> Status {
    BANCHU_TRY_STATUS(Journal(*companion_.bag).append(turn));
    ++kept_turns_;
    return {};
  };
}

// A night that ended beside this conversation has woken another self: it speaks from the next turn on.
Status Talk::follow_awake_self() {
  if (!grows()) return {};
  BANCHU_TRY(Self awake, SelfStore(*companion_.bag).awake());
  if (companion_.self && companion_.self->id == awake.id) return {};
  BANCHU_TRY_STATUS(check_base(awake, companion_.model->digest()));
  std::vector<AdapterUse> adapters = adapters_of(*companion_.bag, awake);
  BANCHU_TRY_STATUS(check_adapters(adapters));
  BANCHU_TRY_STATUS(companion_.session->set_adapters(adapters));
  companion_.adapters = std::move(adapters);
  conversation_->set_self(awake.id);
  companion_.self = std::move(awake);
  self_changed_ = true;
  return {};
}

Result<Reply> Talk::say(const std::string& text, const TextSink& on_text) {
  BANCHU_TRY_STATUS(follow_awake_self());
  return conversation_->say(text, on_text, &context_->cancel);
}

Result<Reply> Talk::regen(const TextSink& on_text) {
  BANCHU_TRY_STATUS(follow_awake_self());
  const auto& history = conversation_->history();
  const std::string replaced = history.empty() ? "" : history.back().turn_id;
  BANCHU_TRY(Reply reply, conversation_->regen(on_text, &context_->cancel));
  if (grows() && !replaced.empty()) {
    BANCHU_TRY_STATUS(Journal(*companion_.bag).mark(replaced, EntryMark::struck));
  }
  return reply;
}

Status Talk::set_growing(bool grows) {
  if (grows == this->grows()) return {};
  const Persona persona = conversation_->persona();
  if (!grows) {
    growing_ = ConversationStart{};
    growing_->id = conversation_->id();
    growing_->history = conversation_->history();
    growing_->next_index = conversation_->next_index();
    conversation_->set_sink({});
    companion_.bag.reset();
    return {};
  }
  BANCHU_TRY(companion_.bag, open_bag(*context_, Bag::Access::read_write));
  BANCHU_TRY(const Self awake, awake_or_begin(*companion_.bag, *companion_.model));
  BANCHU_TRY_STATUS(check_base(awake, companion_.model->digest()));
  begin(persona, growing_.value_or(ConversationStart{}), true);
  return follow_awake_self();
}

Status Talk::mark_last(EntryMark mark, const std::string& fixed_reply) {
  if (!grows()) {
    return make_error(Code::FailedPrecondition, "the sandbox keeps nothing; /mode grow first");
  }
  if (conversation_->history().empty()) {
    return make_error(Code::FailedPrecondition, "there is no reply yet");
  }
  const std::string turn = conversation_->history().back().turn_id;
  Journal journal(*companion_.bag);
  BANCHU_TRY(const Entry entry, journal.find(turn));
  if (mark == EntryMark::kept && entry.mark == EntryMark::fixed) return {};  // the corrected reply is the one to teach
  const std::string composed = nfc(fixed_reply);
  BANCHU_TRY_STATUS(journal.mark(turn, mark, composed));
  if (mark == EntryMark::fixed) conversation_->replace_last_reply(composed);
  if (mark == EntryMark::struck) conversation_->forget_last();
  return {};
}

bool Talk::take_self_changed() { return std::exchange(self_changed_, false); }

}  // namespace banchu
