// Private to arc/: orders to compare a text with.
#pragma once

#include <cstdint>
#include <vector>

#include "base/rng.h"

namespace banchu {

// 0 .. count-1 in blocks of `block` (the last may be shorter), the blocks in a random order that is not the original
// one. With fewer than two blocks there is no other order: the original.
std::vector<std::uint32_t> shuffled_blocks(std::size_t count, std::size_t block, Rng& rng);

}  // namespace banchu
