// Hand-over: a turn kept in the journal, with what the user said about it and what became of it. Plain data.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "chat/turn.h"

namespace banchu {

// Where it came from: typed in grow mode, or brought in with `journal add`.
enum class EntrySource { spoken, added };

// What the user decided. kept: the reply may be taught. fixed: `fixed_reply` is what it should have said.
// struck: never. approved (journal add, "approved": true) counts as kept.
enum class EntryMark { none, kept, fixed, struck };

// fresh: no night has seen it. used: a promoted night taught from it or set it aside for good. quarantined: belonged
// to a refused night, comes back only through review. review: waits for the user's word.
enum class EntryState { fresh, used, quarantined, review };

struct Entry {
  Turn turn;
  EntrySource source = EntrySource::spoken;
  EntryMark mark = EntryMark::none;
  std::string fixed_reply;
  EntryState state = EntryState::fresh;
  std::string run;  // the night that last looked at it; "" for none
};

const char* name_of(EntrySource source);
const char* name_of(EntryMark mark);
const char* name_of(EntryState state);

}  // namespace banchu
