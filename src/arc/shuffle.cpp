#include "arc/shuffle.h"

#include <algorithm>
#include <numeric>

namespace banchu {

std::vector<std::uint32_t> shuffled_blocks(std::size_t count, std::size_t block, Rng& rng) {
  const std::size_t blocks = (count + block - 1) / block;
  std::vector<std::uint32_t> order(blocks);
  std::iota(order.begin(), order.end(), 0u);
  while (blocks > 1 && std::is_sorted(order.begin(), order.end())) rng.shuffle(order);
  std::vector<std::uint32_t> units;
  units.reserve(count);
  for (const std::uint32_t b : order) {
    for (std::size_t i = b * block; i < std::min(count, (b + 1) * block); ++i)
      units.push_back(static_cast<std::uint32_t>(i));
  }
  return units;
}

}  // namespace banchu
