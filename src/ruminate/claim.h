// What the user says of himself and his world: "my cat is called Nabi", "저는 부산에 살아요".
//
// A claim has a slot: two claims about the same slot with different values contradict each other, and the newer one
// wins. Pure functions. A sentence that asks or supposes ("is my cat called ...?", "if I live ...") claims nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ruminate/memory.h"

namespace banchu {

struct Claim {
  MemoryKind kind = MemoryKind::fact;  // fact or preference
  std::string slot;                    // "user's name", "name of cat", "taste: mushroom soup"
  std::string value;                   // "Nabi"; for tastes the stance: "likes", "dislikes"
  std::string text;                    // the memory's sentence: "your cat is called Nabi"
  std::string expected;                // what a right reply contains
  std::vector<std::string> questions;  // twelve; the last third is only for tests
  std::vector<std::string> answers;
  std::vector<std::string> neighbours;  // questions beside it, to which the right answer is that one does not know
  std::string unknown;                  // that answer
};

// All claims of one message, in order; English and Korean rules both look.
std::vector<Claim> claims_of(std::string_view message);
std::vector<Claim> english_claims(std::string_view message);
std::vector<Claim> korean_claims(std::string_view message);

// "remember this", "기억해 주세요": the user says that it matters.
bool asks_to_remember(std::string_view message);
// The message thanks for or delights in the reply before it.
bool answers_gladly(std::string_view message);

// The memory of a claim, and back from it what decides contradictions.
Memory memory_of(const Claim& claim, Time said);
// The slot of a fact or preference memory: its own when it was made from a claim, "" when it has none.
std::string slot_of(const Memory& memory);

// The "I don't know" rows beside a fact: {question, answer}; made again from the memory alone.
struct Neighbour {
  std::string question;
  std::string answer;
};
std::vector<Neighbour> neighbours_of(const Memory& memory);

}  // namespace banchu
