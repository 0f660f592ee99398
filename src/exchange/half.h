// 16-bit floats to 32 bits and back, rounded to nearest with ties to even. Pure functions.
//
// binary16 is IEEE 754's half (1 + 5 + 10 bits); bfloat16 the upper half of a binary32.
#pragma once

#include <cstdint>

namespace banchu {

float float_from_half(std::uint16_t bits);
std::uint16_t half_from_float(float value);  // overflow becomes infinity
float float_from_bfloat(std::uint16_t bits);
std::uint16_t bfloat_from_float(float value);

}  // namespace banchu
