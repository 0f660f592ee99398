// The day as conversations, and which of them are trained on, validated with, tested with.
//
// Pure. Labels and the split depend on what was said and on the seed, never on ids: the same day in two bags gives the
// same lessons.
#pragma once

#include <string>
#include <vector>

#include "ruminate/ruminate.h"

namespace banchu {

// A stretch of one conversation without anything that was left out of it: what stands after a secret or a pasted log
// begins anew, so that neither comes in as history.
struct Stretch {
  std::string conversation;          // 12 digits of the SHA-256 of the whole conversation's text
  std::vector<std::size_t> entries;  // indices into Chewed::entries, in order
};

enum class Part { train, valid, test };

// May this entry's reply be taught as it is (kept, approved, fixed; and not only for memories that the user struck)?
bool is_taught(const Chewed& chewed, std::size_t entry);
// Was it spoken under the mask that tonight distills?
bool is_masked(const Chewed& chewed, std::size_t entry);

// The stretches that hold at least one reply to learn from.
std::vector<Stretch> stretches_of(const Chewed& chewed);

// One part a stretch; stretches of one conversation share it. Fewer than six conversations are all trained on: then
// everyday prompts alone test them.
std::vector<Part> split_of(const std::vector<Stretch>& stretches, const RuminateOptions& options);

}  // namespace banchu
