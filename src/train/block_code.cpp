#include "train/block_code.h"

#include <algorithm>
#include <cmath>

namespace banchu::lora {

DynamicCode::DynamicCode(bool is_signed) : is_signed_(is_signed) {
  std::size_t filled = 0;
  values_[filled++] = 0.0f;
  values_[filled++] = 1.0f;
  for (int i = 0; i < 7; ++i) {
    const int n = is_signed ? 1 << i : 2 << i;
    const double decade = std::pow(10.0, i - 6);
    for (int j = 0; j < n; ++j) {
      const double middle = 0.1 + 0.9 * (j + 0.5) / n;
      values_[filled++] = static_cast<float>(decade * middle);
      if (is_signed) values_[filled++] = static_cast<float>(-decade * middle);
    }
  }
  std::sort(values_.begin(), values_.end());
  for (std::size_t i = 0; i + 1 < values_.size(); ++i) borders_[i] = 0.5f * (values_[i] + values_[i + 1]);
  least_ = static_cast<std::uint8_t>(std::upper_bound(values_.begin(), values_.end(), 0.0f) - values_.begin());
}

const DynamicCode& DynamicCode::with_sign() {
  static const DynamicCode code(true);
  return code;
}

const DynamicCode& DynamicCode::without_sign() {
  static const DynamicCode code(false);
  return code;
}

// How many borders lie below x: a search without branches, for 255 borders are eight halvings.
std::uint8_t DynamicCode::nearest(float x) const {
  std::size_t below = 0;
  for (std::size_t step = 128; step > 0; step /= 2) below += x > borders_[below + step - 1] ? step : 0;
  return static_cast<std::uint8_t>(below);
}

void pack_block(const DynamicCode& code, const float* x, std::int64_t n, std::uint8_t* codes, float* scale) {
  float largest = 0;
  for (std::int64_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(x[i]));
  *scale = largest;
  const float divisor = largest > 0 ? largest : 1.0f;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint8_t nearest = code.nearest(x[i] / divisor);
    codes[i] = !code.is_signed() && x[i] > 0 ? std::max(nearest, code.least()) : nearest;
  }
}

void unpack_block(const DynamicCode& code, const std::uint8_t* codes, float scale, std::int64_t n, float* x) {
  for (std::int64_t i = 0; i < n; ++i) x[i] = scale * code.values()[codes[i]];
}

}  // namespace banchu::lora
