// Loops over independent rows on every thread. Fixed partition, so the same thread count does the same work.
#pragma once

#include <cstdint>

namespace banchu::lora {

// body(i) for 0 <= i < n; the iterations must not touch each other's output.
template <typename Body>
void parallel_for(std::int64_t n, const Body& body) {
#pragma omp parallel for schedule(static)
  for (std::int64_t i = 0; i < n; ++i) body(i);
}

}  // namespace banchu::lora
