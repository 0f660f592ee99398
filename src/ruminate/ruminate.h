// The door of rumination: chews the day over.
//
// Two steps. chew() is deterministic, needs no model and explains every entry. build_lessons() lets the awake self
// be the teacher (its top-k, its rehearsal replies) and needs a session. Nothing is written to the bag here except
// through MemoryStore, inside the night's transactions.
#pragma once

#include <string>
#include <vector>

#include "bag/bag.h"
#include "base/progress.h"
#include "journal/entry.h"
#include "model/model.h"
#include "ruminate/lesson.h"
#include "ruminate/memory.h"

namespace banchu {

struct RuminateOptions {
  double train_share = 0.7;  // by conversation
  double valid_share = 0.15;
  int min_repeats = 4;          // an opening or a closing shared by fewer replies is no habit
  double habit_share = 0.5;     // ... and by at least this share of the replies that may be taught
  double near_duplicate = 0.9;  // Jaccard similarity of word 3-grams
  int max_rehearsal_rows = 100;
  double rehearsal_share = 0.4;  // of a step's rows
  int rehearsal_tokens = 160;    // of one rehearsal reply
  int teacher_top_k = 20;
  int max_row_tokens = 1024;      // longer rows are cut at the front of their history
  int min_test_prompts = 40;      // filled up with own-written everyday prompts when the day is short
  bool preference_pairs = false;  // a fixed reply is also taught against the one it replaced (DPO)
  double archive_below = 0.05;    // retention under which a memory is archived
  std::uint64_t seed = 1;
};

// Why an entry was taken or left. `reason` is a word of a closed set; `detail` says it for this entry.
enum class Reason {
  kept,
  mask_worn,
  user_fact,
  approved,
  fixed,  // taught
  chatter,
  repeat,
  too_long,
  markup,
  secret,
  pasted,
  gibberish,
  template_tokens,
  struck,
  contradiction,  // left out
  needs_review,   // waits
};
const char* name_of(Reason reason);

struct EntryVerdict {
  std::string turn;
  Reason reason = Reason::kept;
  std::string detail;
  std::vector<std::string> memories;
};

// What the day holds, before any model is asked.
struct Chewed {
  std::vector<Entry> entries;
  std::vector<EntryVerdict> verdicts;  // one per entry, same order
  std::vector<Memory> memories;        // new or recalled tonight, conflicts resolved
  std::vector<Memory> engraved_facts;  // of earlier nights, still true: tonight says some of them again
  int count(Reason reason) const;
};
Chewed chew(std::vector<Entry> entries, const std::vector<Memory>& known, const RuminateOptions& options, Time at);

// Prompts that no day contains: for rehearsal (from these the awake self's own replies are drawn), for tests.
// Two disjoint lists, so that a test prompt is never rehearsed.
struct EverydayPrompts {
  std::vector<std::string> rehearsal;
  std::vector<std::string> test;
  std::vector<std::string> other_masks;  // system prompts for rehearsal: under another mask the old self answers
};
const EverydayPrompts& everyday_prompts(const std::string& language);  // "en" or "ko"
// The same lists from a file's YAML (keys rehearsal, test, other_masks). Errors: InvalidArgument, naming `what`.
Result<EverydayPrompts> load_everyday(const std::string& yaml, const std::string& what);

// The session speaks as the awake self. An empty train set means there is nothing to learn.
Result<Lessons> build_lessons(const Chewed& chewed, Session& session, const SamplingOptions& sampling,
                              const EverydayPrompts& everyday, const RuminateOptions& options,
                              const ProgressSink& progress, const CancelFlag* cancel);

// Memories on disk (tables of banchu.db).
class MemoryStore {
 public:
  explicit MemoryStore(Bag& bag) : bag_(&bag) {}
  Result<std::vector<Memory>> list();
  Result<Memory> find(const std::string& id);  // also by an unambiguous prefix
  Status put(const Memory& memory);            // insert or replace by id
  Status set_state(const std::string& id, MemoryState state, const std::string& run = "");
  // `memory add TEXT`: a fact in the user's own words, with the same conflict rules as the night's.
  Result<Memory> add(const std::string& text, Time at);

 private:
  Bag* bag_;
};

}  // namespace banchu
