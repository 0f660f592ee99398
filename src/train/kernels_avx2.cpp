#include <cstdint>

#include "train/kernels.h"

// Everything below this line is compiled for one kind of processor and runs only there; see kernels.cpp.
#pragma GCC target("avx2,fma,f16c,bmi2")
#pragma GCC optimize("O3,no-math-errno,no-trapping-math")
#define KERNELS_NAMESPACE for_avx2
#define KERNELS_FUNCTION kernels_avx2
#define KERNELS_NAME "avx2"
#include "train/kernels.inc"
