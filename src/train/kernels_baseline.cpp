#include <cstdint>

#include "train/kernels.h"

// Everything below this line is compiled for one kind of processor and runs only there; see kernels.cpp.

#pragma GCC optimize("O3,no-math-errno,no-trapping-math")
#define KERNELS_NAMESPACE for_baseline
#define KERNELS_FUNCTION kernels_baseline
#define KERNELS_NAME "baseline"
#include "train/kernels.inc"
