// Rotary positions: by which angle each pair of numbers of a head turns, per position.
//
// With n = 2 * pairs, pair i turns by position * f_i / factor_i, f_i = base^(-2i / n). A model that was stretched to a
// longer context by s turns more slowly:
//   linear  f_i / s
//   yarn    f_i (m_i + (1 - m_i) / s): fast pairs (m = 1) stay, slow ones (m = 0) are stretched. m falls in a straight
//           line between the pairs that make 32 turns and 1 turn over the original context (arXiv 2309.00071).
// Cosines and sines carry the magnitude by which yarn and longrope enlarge queries and keys.
#pragma once

#include <cstdint>
#include <vector>

namespace banchu::lora {

struct RopeShape {
  double base = 10000;
  std::vector<float> factors;  // one per pair; empty: all 1
  double stretch = 1;
  bool yarn = false;
  std::int64_t original_context = 0;  // in tokens; for yarn
  double magnitude = 1;
};

struct Angles {
  const float* cosines = nullptr;  // [pairs]
  const float* sines = nullptr;    // [pairs]
};

class RopeTable {
 public:
  RopeTable(RopeShape shape, std::int64_t pairs) : shape_(std::move(shape)), pairs_(pairs) {}
  // Reaches at least this many positions from now on.
  void extend(std::int64_t positions);
  Angles at(std::int64_t position) const {
    const auto from = static_cast<std::size_t>(position * pairs_);
    return {cosines_.data() + from, sines_.data() + from};
  }

 private:
  double frequency(std::int64_t pair) const;

  RopeShape shape_;
  std::int64_t pairs_;
  std::int64_t positions_ = 0;
  std::vector<float> cosines_, sines_;  // [positions, pairs]
};

}  // namespace banchu::lora
