// Where a step's time goes. Costs nothing measurable when nobody asks: a scope reads one pointer.
//
//   PartTimes times;
//   collect_part_times(&times);   // from here on, on this thread
//   { const Timed timed(Part::attention); ... }
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace banchu::lora {

enum class Part : std::uint8_t { weight_products, lora_products, attention, elementwise, head, optimiser, weights };
inline constexpr std::size_t kParts = 7;
inline constexpr std::array<const char*, kParts> kPartNames = {
    "weight_products", "lora_products", "attention", "elementwise", "head", "optimiser", "weights"};

struct PartTimes {
  double (*clock)() = nullptr;  // never null while somebody asks
  std::array<double, kParts> seconds{};
};

// Null: nobody asks any more. `into` must outlive the asking.
void collect_part_times(PartTimes* into);

// Scopes may stand inside each other; an inner one's time is taken from the outer one.
class Timed {
 public:
  explicit Timed(Part part);
  ~Timed();
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 private:
  Part part_;
  Timed* outer_ = nullptr;
  double began_ = 0;
};

}  // namespace banchu::lora
