// A small seeded generator whose numbers are the same on every machine and compiler.
//
// SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014): every stream is a
// pure function of (seed, label), so rooms never share a state and a resumed night draws what it would have drawn.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>
#include <utility>
#include <vector>

namespace banchu {

class Rng {
 public:
  explicit Rng(std::uint64_t seed) : state_(seed) {}
  // An independent stream for one purpose, e.g. Rng(seed, "split").
  Rng(std::uint64_t seed, std::string_view label) : state_(seed) {
    for (const char c : label) state_ = mix(state_ ^ static_cast<unsigned char>(c)) + kGamma;
  }

  std::uint64_t next() { return mix(state_ += kGamma); }
  // Uniform in [0, 1), 53 bits.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  // Uniform in 0 .. n-1; n > 0. The bias below 2^-32 for n < 2^32 does not matter here.
  std::uint64_t below(std::uint64_t n) { return next() % n; }
  // Standard normal (Box-Muller, one of the pair).
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }
  template <typename T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

  std::uint64_t state() const { return state_; }  // Rng(state()) goes on exactly here

  // The finaliser alone: a counter-based generator for dropout masks (mix of seed, layer, index).
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

 private:
  static constexpr std::uint64_t kGamma = 0x9e3779b97f4a7c15ULL;
  std::uint64_t state_;
};

}  // namespace banchu
