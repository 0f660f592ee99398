// The best adapter of a lower rank: each update s B A becomes the sum of its r largest singular triples.
//
// Without ever forming the [out, in] matrix: B = Qb Rb and A^T = Qa Ra (thin QR), then the small core Rb Ra^T = U S
// V^T. By Eckart and Young no matrix of rank r is nearer in the Frobenius norm, and the distance is the length of the
// singular values left out. In double precision; B takes Qb U sqrt(S) and A sqrt(S) V^T Qa^T, so that both stay of one
// size.
#pragma once

#include <cstdint>
#include <string>

#include "base/progress.h"
#include "base/result.h"
#include "train/adapter.h"

namespace banchu {

struct LowRankAdapter {
  Adapter adapter;
  int compressed = 0;         // matrices that had a higher rank
  double relative_error = 0;  // |sum of updates - kept| / |sum of updates|, Frobenius, over all matrices
  std::string worst_tensor;   // "" when nothing was lost
  double worst_relative_error = 0;
};

// Errors: InvalidArgument (rank 0), Cancelled.
Result<LowRankAdapter> lower_rank(const Adapter& adapter, std::uint32_t rank, const ProgressSink& progress = {},
                                  const CancelFlag* cancel = nullptr);

}  // namespace banchu
