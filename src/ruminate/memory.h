// Hand-over: a memory, the unit of what is learned, explained, kept, superseded and forgotten. Plain data.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"

namespace banchu {

// habit: what replies do again and again, or what a worn mask asks for. style: single replies the user kept.
// correction: a reply the user fixed. fact, preference: what the user said of himself and of the world.
enum class MemoryKind { fact, preference, habit, style, correction };
enum class Provenance { user_said, self_said, confirmed };
// active: may be taught. review: waits for the user's word. archived: faded below the threshold or forgotten.
// superseded: a newer memory contradicts it; its answer is probed as wrong. struck: never. engraved: a promoted
// night taught it.
enum class MemoryState { active, review, archived, superseded, struck, engraved };

// How a program can see that a memory is there.
enum class BehaviourKind {
  none,
  opens_with,   // the reply begins with `expected` (compared by fold())
  closes_with,  // the reply ends with `expected`
  answers,      // the reply to one of `questions` contains `expected`
  as_masked,    // without the mask it talks as with it (KL to the masked self); `expected` is the mask
};
struct Behaviour {
  BehaviourKind kind = BehaviourKind::none;
  std::string expected;
  std::vector<std::string> questions;  // answers: phrasings to train on first, the last third only for tests
  std::vector<std::string> answers;    // answers: whole replies that are taught, one per trained question, cycled
  std::string not_expected;            // a superseded answer that must not come
};

struct Memory {
  std::string id;  // 12 hexadecimal digits of SHA-256(kind, text): the same content is the same memory
  MemoryKind kind = MemoryKind::fact;
  std::string text;  // one sentence for the user, e.g.: opens with "Mm, a warm thought"
  Provenance provenance = Provenance::user_said;
  MemoryState state = MemoryState::active;
  double importance = 0.5;  // 0 .. 1
  double strength = 1;      // S in R = exp(-t / (5 S)), t in days since `recalled`
  Time created = 0;
  Time recalled = 0;
  std::string superseded_by;  // a memory id
  std::vector<std::string> turns;
  Behaviour behaviour;
  std::string run;  // the last night that taught it; "" for none. It was learned when the state is engraved
};

// The first 12 hexadecimal digits of SHA-256(name_of(kind), text).
std::string memory_id(MemoryKind kind, const std::string& text);

// Ebbinghaus with the right sign: a memory recalled more often (larger S) fades more slowly. 1 at t = 0.
double retention(const Memory& memory, Time at);

const char* name_of(MemoryKind kind);
const char* name_of(Provenance provenance);
const char* name_of(MemoryState state);
const char* name_of(BehaviourKind kind);

}  // namespace banchu
