// Chewing the day over, without any model. Dear reader, the order matters and is the whole method:
//
//   1. what is broken, secret or struck goes out (filter.h);         it will not be looked at again
//   2. what was said twice counts once (duplicates.h);
//   3. what the user said of himself becomes claims (claim.h);        a newer claim about the same thing wins
//   4. every other entry is asked: may its reply be taught, and why?  kept, fixed, answered gladly, under a mask
//   5. what the taught replies share becomes a habit (habit.h);       single replies become style
//   6. all of it meets what was known (conflict.h): seen again grows stronger, contradicted is superseded, unused
//   fades.
//
// Each step only reads what the steps before it left, so every entry ends with exactly one reason.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "ruminate/claim.h"
#include "ruminate/conflict.h"
#include "ruminate/duplicates.h"
#include "ruminate/filter.h"
#include "ruminate/habit.h"
#include "ruminate/ruminate.h"

namespace banchu {
namespace {

constexpr std::size_t kFewestMaskedTurns = 3;  // a mask worn more briefly is a game, not a habit
constexpr double kUnreadableShare = 0.4;       // of the replies up for teaching
constexpr std::size_t kUnreadableFewest = 8;
constexpr double kCorrectionImportance = 0.8, kStyleImportance = 0.4, kRememberImportance = 0.9;
constexpr double kSelfSaidImportance = 0.2;
constexpr std::size_t kQuoteCharacters = 60;

bool may_be_taught(Reason reason) {
  return reason == Reason::kept || reason == Reason::approved || reason == Reason::fixed;
}

class Chewing {
 public:
  Chewing(std::vector<Entry> entries, const std::vector<Memory>& known, const RuminateOptions& options, Time at)
      : known_(known), options_(options), at_(at) {
    chewed_.entries = std::move(entries);
    chewed_.verdicts.resize(chewed_.entries.size());
    open_.assign(chewed_.entries.size(), true);
  }
  Chewed run();

 private:
  void strike_faults();
  void distrust_an_unreadable_day();
  void strike_repeats();
  void gather_claims();
  void settle_contradictions();
  void judge_replies();
  void judge_reply(std::size_t i);
  void find_habits();
  void find_masks();
  void choose_one_mask();
  void find_styles();
  void note_self_claims();
  void close(std::size_t i, Reason reason, std::string detail);
  Memory& add_memory(Memory memory, std::size_t from);
  void add_habit(const Habit& habit, const std::vector<std::size_t>& taught);
  bool is_answered_gladly(std::size_t i) const;
  std::size_t count_masked(const std::string& mask) const;
  const Entry& entry(std::size_t i) const { return chewed_.entries[i]; }
  EntryVerdict& verdict(std::size_t i) { return chewed_.verdicts[i]; }

  const std::vector<Memory>& known_;
  const RuminateOptions& options_;
  Time at_;
  Chewed chewed_;
  std::vector<bool> open_;  // no verdict yet
  std::vector<std::vector<Claim>> claims_;
};

void Chewing::close(std::size_t i, Reason reason, std::string detail) {
  verdict(i).reason = reason;
  verdict(i).detail = std::move(detail);
  open_[i] = false;
}

// The same memory from two entries is one memory that recurred.
Memory& Chewing::add_memory(Memory memory, std::size_t from) {
  const std::string& turn = entry(from).turn.id;
  memory.recalled = at_;
  if (asks_to_remember(entry(from).turn.user)) memory.importance = std::max(memory.importance, kRememberImportance);
  auto found = std::find_if(chewed_.memories.begin(), chewed_.memories.end(),
                            [&](const Memory& other) { return other.id == memory.id; });
  if (found == chewed_.memories.end()) {
    chewed_.memories.push_back(std::move(memory));
    found = chewed_.memories.end() - 1;
  } else {
    found->importance = std::min(1.0, std::max(found->importance, memory.importance) + 0.1);
    found->strength += 1;
  }
  if (std::find(found->turns.begin(), found->turns.end(), turn) == found->turns.end()) found->turns.push_back(turn);
  std::vector<std::string>& named = verdict(from).memories;
  if (std::find(named.begin(), named.end(), found->id) == named.end()) named.push_back(found->id);
  return *found;
}

void Chewing::strike_faults() {
  for (std::size_t i = 0; i < chewed_.entries.size(); ++i) {
    if (auto fault = find_fault(entry(i))) close(i, fault->reason, fault->detail);
  }
}

// When much of what should be taught cannot be read, the readable rest of it is not to be trusted either.
void Chewing::distrust_an_unreadable_day() {
  std::size_t offered = 0, unreadable = 0;
  for (std::size_t i = 0; i < chewed_.entries.size(); ++i) {
    if (entry(i).mark != EntryMark::kept || entry(i).source != EntrySource::added) continue;
    ++offered;
    unreadable += !open_[i] && verdict(i).reason == Reason::gibberish ? 1 : 0;
  }
  if (unreadable < kUnreadableFewest ||
      static_cast<double>(unreadable) < kUnreadableShare * static_cast<double>(offered))
    return;
  for (std::size_t i = 0; i < chewed_.entries.size(); ++i) {
    if (!open_[i] || entry(i).mark != EntryMark::kept || entry(i).source != EntrySource::added) continue;
    close(i, Reason::needs_review,
          fmt::format("{} of {} replies that came with it are gibberish", unreadable, offered));
  }
}

// Taught replies are looked at first, so that a reply nobody approved never pushes an approved one out.
void Chewing::strike_repeats() {
  DuplicateIndex talks(options_.near_duplicate);
  for (const bool taught : {true, false}) {
    for (std::size_t i = 0; i < chewed_.entries.size(); ++i) {
      const bool meant = entry(i).mark == EntryMark::kept || entry(i).mark == EntryMark::fixed;
      if (!open_[i] || meant != taught) continue;
      const auto first = talks.find_or_add(entry(i).turn.user + "\n" + taught_reply(entry(i)), i);
      if (!first) continue;
      close(i, Reason::repeat,
            fmt::format("nearly the same as \"{}\"", shorten(entry(*first).turn.user, kQuoteCharacters)));
    }
  }
}

void Chewing::gather_claims() {
  claims_.resize(chewed_.entries.size());
  for (std::size_t i = 0; i < chewed_.entries.size(); ++i) {
    if (open_[i]) claims_[i] = claims_of(entry(i).turn.user);
  }
}

// Of two claims of one day about the same thing the later one stands; the entry of the earlier is not taught.
void Chewing::settle_contradictions() {
  std::map<std::string, std::string> newest;  // slot -> text
  for (std::size_t i = chewed_.entries.size(); i-- > 0;) {
    for (auto claim = claims_[i].rbegin(); claim != claims_[i].rend(); ++claim)
      newest.try_emplace(claim->slot, claim->text);
  }
  for (std::size_t i = 0; i < chewed_.entries.size(); ++i) {
    for (const Claim& claim : claims_[i]) {
      const std::string& stands = newest[claim.slot];
      if (claim.text != stands && open_[i]) {
        close(i, Reason::contradiction, fmt::format("\"{}\", but later: \"{}\"", claim.text, stands));
      }
      add_memory(memory_of(claim, entry(i).turn.time), i);
    }
  }
}

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
    if (counts && entry(i).source == EntrySource::spoken && entry(i).turn.mask == mask) ++count;
  }
  return count;
}

void Chewing::judge_reply(std::size_t i) {
  const Entry& e = entry(i);
  const bool spoken = e.source == EntrySource::spoken;
  const std::size_t masked = spoken && !e.turn.mask.empty() ? count_masked(e.turn.mask) : 0;
  if (e.mark == EntryMark::fixed) {
    close(i, Reason::fixed, "you said what it should have said");
  } else if (e.mark == EntryMark::kept) {
    close(i, spoken ? Reason::kept : Reason::approved, spoken ? "you kept it" : "approved where it was kept before");
  } else if (masked >= kFewestMaskedTurns) {
    close(i, Reason::mask_worn, fmt::format("spoken under the mask \"{}\"", shorten(e.turn.mask, kQuoteCharacters)));
  } else if (!claims_[i].empty()) {
    close(i, Reason::user_fact, fmt::format("you said: \"{}\"", claims_[i].front().text));
  } else if (spoken && is_answered_gladly(i)) {
    close(i, Reason::kept, "you answered it gladly");
  } else if (masked > 0) {
    close(i, Reason::needs_review, fmt::format("the mask was worn for {} turn(s) only", masked));
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
    if (!used || e.source != EntrySource::spoken || e.turn.mask.empty()) continue;
    if (count_masked(e.turn.mask) < kFewestMaskedTurns) continue;
    Memory memory;
    memory.kind = MemoryKind::habit;
    memory.text = fmt::format("talks as under the mask \"{}\"", shorten(e.turn.mask, 160));
    memory.id = memory_id(memory.kind, memory.text);
    memory.importance = kRememberImportance;
    memory.created = e.turn.time;
    memory.behaviour.kind = BehaviourKind::as_masked;
    memory.behaviour.expected = e.turn.mask;
    add_memory(memory, i).strength = 1;
  }
}

// Two masks would teach two voices at once: the one worn most is distilled, the others wait for the user's word.
void Chewing::choose_one_mask() {
  Memory* most = nullptr;
  for (Memory& memory : chewed_.memories) {
    if (memory.behaviour.kind != BehaviourKind::as_masked) continue;
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

Chewed Chewing::run() {
  strike_faults();
  distrust_an_unreadable_day();
  strike_repeats();
  gather_claims();
  settle_contradictions();
  judge_replies();
  find_masks();
  choose_one_mask();
  find_habits();
  find_styles();
  note_self_claims();
  meet_the_known(chewed_.memories, known_, options_, at_);
  return std::move(chewed_);
}

}  // namespace

const char* name_of(Reason reason) {
  static const std::map<Reason, const char*> kNames = {
      {Reason::kept, "kept"},
      {Reason::mask_worn, "mask_worn"},
      {Reason::user_fact, "user_fact"},
      {Reason::approved, "approved"},
      {Reason::fixed, "fixed"},
      {Reason::chatter, "chatter"},
      {Reason::repeat, "repeat"},
      {Reason::too_long, "too_long"},
      {Reason::markup, "markup"},
      {Reason::secret, "secret"},
      {Reason::pasted, "pasted"},
      {Reason::gibberish, "gibberish"},
      {Reason::template_tokens, "template_tokens"},
      {Reason::struck, "struck"},
      {Reason::contradiction, "contradiction"},
      {Reason::needs_review, "needs_review"},
  };
  const auto found = kNames.find(reason);
  return found == kNames.end() ? "?" : found->second;
}

int Chewed::count(Reason reason) const {
  return static_cast<int>(std::count_if(verdicts.begin(), verdicts.end(),
                                        [&](const EntryVerdict& verdict) { return verdict.reason == reason; }));
}

Chewed chew(std::vector<Entry> entries, const std::vector<Memory>& known, const RuminateOptions& options, Time at) {
  for (Entry& entry : entries) {
    if (entry.mark == EntryMark::fixed && trim(entry.fixed_reply).empty()) entry.mark = EntryMark::none;
  }
  Chewed chewed = Chewing(std::move(entries), known, options, at).run();
  for (std::size_t i = 0; i < chewed.entries.size(); ++i) chewed.verdicts[i].turn = chewed.entries[i].turn.id;
  return chewed;
}

}  // namespace banchu
