#include <cstdint>

#include "train/kernels.h"

// Everything below this line is compiled for one kind of processor and runs only there; see kernels.cpp.
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,f16c,bmi2,prefer-vector-width=512")
#pragma GCC optimize("O3,no-math-errno,no-trapping-math")
#define KERNELS_NAMESPACE for_avx512
#define KERNELS_FUNCTION kernels_avx512
#define KERNELS_NAME "avx512"
#include "train/kernels.inc"
