// The two number formats of the trainer's big arrays, and aligned memory for them.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace banchu::lora {

// The upper half of an IEEE float: 8 bits of exponent, 7 of mantissa. Rounded to nearest, ties to even.
struct Bf16 {
  std::uint16_t bits;
};

enum class Element : std::uint8_t { f32, bf16 };
template <typename T>
inline constexpr Element kElementOf = Element::f32;
template <>
inline constexpr Element kElementOf<Bf16> = Element::bf16;

// Always inline, and without std::bit_cast: a call inside would keep the loops of kernels.inc from being vectorised.
[[gnu::always_inline]] inline float to_float(float x) { return x; }
[[gnu::always_inline]] inline float to_float(Bf16 x) {
  return __builtin_bit_cast(float, static_cast<std::uint32_t>(x.bits) << 16);
}
[[gnu::always_inline]] inline void store(float x, float* out) { *out = x; }
[[gnu::always_inline]] inline void store(float x, Bf16* out) {
  const auto bits = __builtin_bit_cast(std::uint32_t, x);
  out->bits = static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}

// Memory that only grows, aligned for vector loads, not initialised: pages nobody touches cost nothing.
template <typename T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::int64_t n) { grow(n); }
  // Room for n elements; the content is lost when the buffer has to grow. Throws std::bad_alloc.
  T* grow(std::int64_t n) {
    if (n > size_) {
      data_.reset();
      const auto bytes = (static_cast<std::size_t>(n) * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
      data_.reset(static_cast<T*>(std::aligned_alloc(kAlignment, bytes)));
      if (data_ == nullptr) throw std::bad_alloc();
      size_ = n;
    }
    return data_.get();
  }
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  std::int64_t size() const { return size_; }

 private:
  static constexpr std::size_t kAlignment = 64;
  struct Free {
    void operator()(T* p) const { std::free(p); }
  };
  std::unique_ptr<T, Free> data_;
  std::int64_t size_ = 0;
};

}  // namespace banchu::lora
