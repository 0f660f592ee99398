// Dropout on the input of A: which numbers are silent is a pure function of (key of the pass, place of the map, index),
// so that the way back, and a layer that is computed again, see the same mask without storing it.
//
// The maps that read one input (q k v; gate up) share one mask; PEFT draws one for each.
#pragma once

#include <cstdint>

#include "base/rng.h"
#include "train/element.h"

namespace banchu::lora {

class DropoutMask {
 public:
  // `rate` of the numbers become 0, the others are divided by 1 - rate.
  DropoutMask(std::uint64_t pass_key, std::int64_t place, double rate)
      : key_(Rng::mix(pass_key ^ Rng::mix(static_cast<std::uint64_t>(place + 1)))),
        threshold_(static_cast<std::uint64_t>(rate * 4294967296.0)),
        scale_(static_cast<float>(1.0 / (1.0 - rate))) {}

  float at(std::int64_t i) const {
    const std::uint64_t bits = Rng::mix(key_ + static_cast<std::uint64_t>(i) * 0x9e3779b97f4a7c15ULL) >> 32;
    return bits < threshold_ ? 0.0f : scale_;
  }
  // out = mask o in, for the elements [begin, begin + n).
  template <typename T>
  void apply(const T* in, std::int64_t begin, std::int64_t n, T* out) const {
    for (std::int64_t i = begin; i < begin + n; ++i) store(to_float(in[i]) * at(i), &out[i]);
  }
  // to += mask o from, for the elements [begin, begin + n).
  void add_back(const float* from, std::int64_t begin, std::int64_t n, float* to) const {
    for (std::int64_t i = begin; i < begin + n; ++i) to[i] += from[i] * at(i);
  }

 private:
  std::uint64_t key_;
  std::uint64_t threshold_;  // of 2^32
  float scale_;
};

}  // namespace banchu::lora
