// How new memories meet each other and those that are known: the newer of two that contradict each other wins and
// remembers the old answer as wrong; what is seen again grows stronger; what is not used fades into the archive.
#pragma once

#include <vector>

#include "ruminate/memory.h"
#include "ruminate/ruminate.h"

namespace banchu {

// `memories`: tonight's, oldest first. Afterwards they hold tonight's (conflicts resolved, known ones with their grown
// strength), the known ones that tonight superseded, archived, or that still wait to be taught. Nothing is deleted.
void meet_the_known(std::vector<Memory>& memories, const std::vector<Memory>& known, const RuminateOptions& options,
                    Time at);

// One memory added by hand among those known: answers the changed ones, the new one first.
std::vector<Memory> meet_one(Memory memory, const std::vector<Memory>& known, Time at);

}  // namespace banchu
