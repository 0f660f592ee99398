// Private to arc/: peaks and valleys by topological persistence (Edelsbrunner, Letscher, Zomorodian 2002, in one
// dimension): the pair of neighbouring extrema with the smallest difference is cancelled until every difference left
// is at least the threshold. The ends of the series count as extrema while cancelling and are not reported.
#pragma once

#include <span>
#include <vector>

#include "arc/reading.h"

namespace banchu {

struct Extrema {
  std::vector<Extremum> peaks;
  std::vector<Extremum> valleys;
  double persistence = 0;  // sum of the differences between neighbours that are left, ends included
  double variation = 0;    // total variation of the series
};

// `threshold` in the series' own unit; prominences come out in units of `deviation` (the series' own).
Extrema find_extrema(std::span<const double> series, double threshold, double deviation);

}  // namespace banchu
