// Loops over independent rows on every thread. Fixed partition, so the same thread count does the same work.
#pragma once

#include <cstdint>

namespace banchu::lora {

// Fewer numbers than this are not worth waking a team for.
inline constexpr std::int64_t kWorthATeam = 1 << 15;

// body(i) for 0 <= i < n, each touching about `cost` numbers; the iterations must not touch each other's output.
template <typename Body>
void parallel_for(std::int64_t n, std::int64_t cost, const Body& body) {
#pragma omp parallel for schedule(static) if (n * cost >= kWorthATeam)
  for (std::int64_t i = 0; i < n; ++i) body(i);
}

}  // namespace banchu::lora
