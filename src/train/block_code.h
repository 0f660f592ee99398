// A letter to the reader: a moment in eight bits.
//
// Adam keeps two numbers for every parameter. Dettmers et al. (arXiv 2110.02861, "8-bit optimizers via block-wise
// quantization") store each as one byte: the numbers are cut into blocks, each block is divided by its largest
// magnitude, and what is left, in [-1, 1], is rounded to the nearest of 256 fixed values, the *dynamic code*. A block
// of its own scale keeps one large number from drowning the others; the code keeps seven decades:
//   for i = 0 .. 6 and n = 2^i (signed) or 2^(i+1) (without sign):
//     the n values 10^(i - 6) (b_j + b_(j+1)) / 2,   b_0 .. b_n evenly from 0.1 to 1
//   with both signs or the positive one alone, and 0, and 1: 256 values.
// The first moment is signed, the second is never negative; and one that is not 0 is never rounded to 0, for Adam
// divides by its root. Numbers are updated in f32 and go back as bytes: only the storage is rounded.
#pragma once

#include <array>
#include <cstdint>

namespace banchu::lora {

// Numbers that share one scale. (The paper takes 2048; bitsandbytes came down to 256.)
inline constexpr std::int64_t kBlock = 256;

class DynamicCode {
 public:
  static const DynamicCode& with_sign();
  static const DynamicCode& without_sign();

  const std::array<float, 256>& values() const { return values_; }  // ascending
  // The index of the nearest value; x in [-1, 1].
  std::uint8_t nearest(float x) const;
  // The code of the smallest value above 0.
  std::uint8_t least() const { return least_; }
  bool is_signed() const { return is_signed_; }

 private:
  explicit DynamicCode(bool is_signed);

  bool is_signed_;
  std::uint8_t least_ = 0;
  std::array<float, 256> values_{};
  std::array<float, 255> borders_{};  // halfway between neighbours
};

// One block of n <= kBlock numbers: codes [n] and its scale, the largest magnitude.
void pack_block(const DynamicCode& code, const float* x, std::int64_t n, std::uint8_t* codes, float* scale);
void unpack_block(const DynamicCode& code, const std::uint8_t* codes, float scale, std::int64_t n, float* x);

}  // namespace banchu::lora
