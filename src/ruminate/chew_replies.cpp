// What may the replies of the day teach, and which memories do they make?
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "ruminate/chewing.h"
#include "ruminate/filter.h"

namespace banchu {
namespace {

constexpr std::size_t kFewestMaskedTurns = 3;  // a mask worn more briefly is a game, not a habit
constexpr double kMaskImportance = 0.9, kCorrectionImportance = 0.8, kStyleImportance = 0.4, kSelfSaidImportance = 0.2;
constexpr std::size_t kQuoteCharacters = 60;

// What another model said is judged as what was kept elsewhere: by the user's word alone.
bool is_own_word(const Entry& entry) { return entry.source == EntrySource::spoken && !was_said_via_server(entry.turn); }

bool may_be_taught(Reason reason) {
  return reason == Reason::kept || reason == Reason::approved || reason == Reason::fixed;
}

}  // namespace

bool Chewing::is_answered_gladly(std::size_t i) const {
  for (const Entry& other : chewed_.entries) {
    const bool next =
        other.turn.conversation == entry(i).turn.conversation && other.turn.index == entry(i).turn.index + 1;
    if (next) return answers_gladly(other.turn.user);
  }
  return false;
}

std::size_t Chewing::count_masked(const std::string& mask) const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < chewed_.entries.size(); ++i) {
    const bool counts =
        open_[i] || may_be_taught(chewed_.verdicts[i].reason) || chewed_.verdicts[i].reason == Reason::mask_worn;
    if (counts && is_own_word(entry(i)) && entry(i).turn.mask == mask) ++count;
  }
  return count;
}

void Chewing::judge_reply(std::size_t i) {
  const Entry& e = entry(i);
  const bool spoken = is_own_word(e);
  const std::size_t masked = spoken && !e.turn.mask.empty() ? count_masked(e.turn.mask) : 0;
  if (e.mark == EntryMark::fixed) {
    close(i, Reason::fixed, "you said what it should have said");
  } else if (e.mark == EntryMark::kept) {
    const bool by_hand = e.source == EntrySource::spoken;
    close(i, by_hand ? Reason::kept : Reason::approved, by_hand ? "you kept it" : "approved where it was kept before");
  } else if (masked >= kFewestMaskedTurns) {
    close(i, Reason::mask_worn, fmt::format("spoken under the mask \"{}\"", shorten(e.turn.mask, kQuoteCharacters)));
  } else if (!claims_[i].empty()) {
    close(i, Reason::user_fact, fmt::format("you said: \"{}\"", claims_[i].front().text));
  } else if (spoken && is_answered_gladly(i)) {
    close(i, Reason::kept, "you answered it gladly");
  } else if (masked > 0) {
    close(i, Reason::needs_review, fmt::format("the mask was worn for {} turn(s) only", masked));
  } else if (was_said_via_server(e.turn)) {
    close(i, Reason::needs_review, fmt::format("another model said it ({})", shorten(e.turn.self, kQuoteCharacters)));
  } else {
    close(i, Reason::needs_review,
          spoken ? "nobody has said yet whether it may be taught" : "it came without approval");
  }
}

void Chewing::judge_replies() {
  for (std::size_t i = 0; i < chewed_.entries.size(); ++i) {
    if (open_[i]) judge_reply(i);
  }
}

void Chewing::add_habit(const Habit& habit, const std::vector<std::size_t>& taught) {
  Memory memory;
  memory.kind = MemoryKind::habit;
  const char* verb = habit.kind == BehaviourKind::opens_with ? "opens" : "closes";
  memory.text = fmt::format("{} with \"{}\"", verb, habit.phrase);
  memory.id = memory_id(memory.kind, memory.text);
  memory.provenance = Provenance::confirmed;  // every one of these replies was kept, approved or fixed
  memory.importance = static_cast<double>(habit.where.size()) / static_cast<double>(taught.size());
  memory.created = entry(taught[habit.where.front()]).turn.time;
  memory.behaviour.kind = habit.kind;
  memory.behaviour.expected = habit.phrase;
  for (const std::size_t k : habit.where) {
    Memory& added = add_memory(memory, taught[k]);
    added.importance = memory.importance;
    added.strength = 1;  // how often it came is its importance; strength counts the days it came back
  }
}

void Chewing::find_habits() {
  std::vector<std::size_t> taught;
  std::vector<std::string> replies;
  for (std::size_t i = 0; i < chewed_.entries.size(); ++i) {
    if (!may_be_taught(verdict(i).reason)) continue;
    taught.push_back(i);
    replies.push_back(taught_reply(entry(i)));
  }
  if (const auto opening = common_opening(replies, options_)) add_habit(*opening, taught);
  if (const auto closing = common_closing(replies, options_)) add_habit(*closing, taught);
}

void Chewing::find_masks() {
  for (std::size_t i = 0; i < chewed_.entries.size(); ++i) {
    const Entry& e = entry(i);
    const bool used = verdict(i).reason == Reason::mask_worn || may_be_taught(verdict(i).reason);
    if (!used || !is_own_word(e) || e.turn.mask.empty()) continue;
    if (count_masked(e.turn.mask) < kFewestMaskedTurns) continue;
    Memory memory;
    memory.kind = MemoryKind::habit;
    memory.text = fmt::format("talks as under the mask \"{}\"", shorten(e.turn.mask, 160));
    memory.id = memory_id(memory.kind, memory.text);
    memory.importance = kMaskImportance;
    memory.created = e.turn.time;
    memory.behaviour.kind = BehaviourKind::as_masked;
    memory.behaviour.expected = e.turn.mask;
    add_memory(memory, i).strength = 1;
  }
}

bool Chewing::was_struck(const Memory& memory) const {
  return std::any_of(known_.begin(), known_.end(),
                     [&](const Memory& known) { return known.id == memory.id && known.state == MemoryState::struck; });
}

// Two masks would teach two voices at once: the one worn most is distilled, the others wait for the user's word. One
// that the user has struck does not stand in another's way.
void Chewing::choose_one_mask() {
  Memory* most = nullptr;
  for (Memory& memory : chewed_.memories) {
    if (memory.behaviour.kind != BehaviourKind::as_masked || was_struck(memory)) continue;
    if (most != nullptr) (memory.turns.size() > most->turns.size() ? *most : memory).state = MemoryState::review;
    if (most == nullptr || memory.turns.size() > most->turns.size()) most = &memory;
  }
}

// Replies that show no habit are taught one by one: kept ones as style, fixed ones as corrections.
void Chewing::find_styles() {
  for (std::size_t i = 0; i < chewed_.entries.size(); ++i) {
    if (!may_be_taught(verdict(i).reason)) continue;
    const bool fixed = verdict(i).reason == Reason::fixed;
    if (!fixed && !verdict(i).memories.empty()) continue;
    Memory memory;
    memory.kind = fixed ? MemoryKind::correction : MemoryKind::style;
    memory.text = fmt::format("to \"{}\" it {} \"{}\"", shorten(entry(i).turn.user, kQuoteCharacters),
                              fixed ? "should say" : "may well say", shorten(taught_reply(entry(i)), 120));
    memory.id = memory_id(memory.kind, memory.text);
    memory.provenance = Provenance::confirmed;
    memory.importance = fixed ? kCorrectionImportance : kStyleImportance;
    memory.created = entry(i).turn.time;
    add_memory(memory, i);
  }
}

// What the self said as a fact in a reply that nobody confirmed: kept for the user to look at, never taught.
void Chewing::note_self_claims() {
  for (std::size_t i = 0; i < chewed_.entries.size(); ++i) {
    const Reason reason = verdict(i).reason;
    if (reason != Reason::needs_review && reason != Reason::user_fact) continue;
    if (claims_of(entry(i).turn.reply).empty()) continue;
    Memory memory;
    memory.kind = MemoryKind::fact;
    memory.text = fmt::format("it said, and nobody confirmed it: \"{}\"", shorten(entry(i).turn.reply, 120));
    memory.id = memory_id(memory.kind, memory.text);
    memory.provenance = Provenance::self_said;
    memory.state = MemoryState::review;
    memory.importance = kSelfSaidImportance;
    memory.created = entry(i).turn.time;
    add_memory(memory, i);
  }
}

}  // namespace banchu
