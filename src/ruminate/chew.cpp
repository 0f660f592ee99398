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
#include "ruminate/chewing.h"
#include "ruminate/claim.h"
#include "ruminate/conflict.h"
#include "ruminate/duplicates.h"
#include "ruminate/filter.h"
#include "ruminate/habit.h"
#include "ruminate/ruminate.h"

namespace banchu {
namespace {

constexpr double kUnreadableShare = 0.4;  // of the replies up for teaching
constexpr std::size_t kUnreadableFewest = 8;
constexpr double kRememberImportance = 0.9;
constexpr std::size_t kQuoteCharacters = 60;

}  // namespace

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

// What is met again or changed tonight is among tonight's memories.
void Chewing::remember_engraved_facts() {
  for (const Memory& known : known_) {
    if (known.state != MemoryState::engraved || known.behaviour.kind != BehaviourKind::answers) continue;
    const bool is_met = std::any_of(chewed_.memories.begin(), chewed_.memories.end(),
                                    [&](const Memory& memory) { return memory.id == known.id; });
    if (!is_met) chewed_.engraved_facts.push_back(known);
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
  remember_engraved_facts();
  return std::move(chewed_);
}

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
