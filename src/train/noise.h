// NEFTune (Jain et al., arXiv 2310.05914): while it trains, a row of L tokens reads its embeddings of width d with noise,
//   x <- x + alpha / sqrt(L d) * u,   u uniform in [-1, 1]
// so that it learns what is said rather than how. Measuring never sees it. The noise is a pure function of the pass's key.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/rng.h"
#include "train/batch.h"
#include "train/parallel.h"

namespace banchu::lora {

// x [tokens, width]
inline void add_noise(const Batch& batch, std::int64_t width, float* x) {
  if (batch.noise_alpha <= 0) return;
  for (const RowSpan& row : batch.rows) {
    const double reach = batch.noise_alpha / std::sqrt(static_cast<double>(row.length * width));
    parallel_for(row.length, width, [&](std::int64_t t) {
      const std::int64_t at = (row.begin + t) * width;
      for (std::int64_t i = at; i < at + width; ++i) {
        const std::uint64_t bits = Rng::mix(batch.noise_key + static_cast<std::uint64_t>(i) * 0x9e3779b97f4a7c15ULL);
        x[i] += static_cast<float>(reach * (static_cast<double>(bits >> 11) * 0x1p-52 - 1.0));
      }
    });
  }
}

}  // namespace banchu::lora
