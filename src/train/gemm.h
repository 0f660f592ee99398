// Matrix products, the only place that knows oneDNN.
//
// Owns: compiled kernels, one for every shape it has met. Threads: one at a time (the product itself runs on all of
// them). Throws std::exception on a failure inside oneDNN; the room's door turns it into an Error.
#pragma once

#include <cstdint>
#include <memory>

#include "train/element.h"

namespace banchu::lora {

// A view of `batch` matrices. One of the two strides of a matrix is 1; strides count elements.
struct Matrix {
  void* data = nullptr;
  Element type = Element::f32;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t row_stride = 0;
  std::int64_t col_stride = 1;
  std::int64_t batch = 1;
  std::int64_t batch_stride = 0;
  const class Packing* packing = nullptr;  // set: not strides but that layout

  Matrix transposed() const;  // of a plain one
};

// [rows, cols], row-major, with `stride` elements from row to row (0: cols).
template <typename T>
Matrix matrix(const T* data, std::int64_t rows, std::int64_t cols, std::int64_t stride = 0) {
  return Matrix{const_cast<T*>(data), kElementOf<T>, rows, cols, stride == 0 ? cols : stride, 1, 1, 0};
}
// `batch` matrices [rows, cols], `batch_stride` elements apart.
template <typename T>
Matrix matrices(const T* data, std::int64_t batch, std::int64_t batch_stride, std::int64_t rows, std::int64_t cols) {
  return Matrix{const_cast<T*>(data), kElementOf<T>, rows, cols, cols, 1, batch, batch_stride};
}

// The layout in which this machine's products read a frozen b [k, n] fastest. One object for each (type, k, n), for
// good. Threads: any.
class Packing {
 public:
  static const Packing& of(Element type, std::int64_t k, std::int64_t n);
  std::int64_t bytes() const;
  // From a plain b.
  void pack(const Matrix& b, void* packed) const;
  // `packed` as a product's b.
  Matrix view(const void* packed) const;

 private:
  friend struct PackingLayout;
  struct Parts;
  explicit Packing(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const Parts> parts_;
};

class Gemm {
 public:
  Gemm();
  ~Gemm();
  Gemm(const Gemm&) = delete;
  Gemm& operator=(const Gemm&) = delete;

  // c = scale * a b, or c += scale * a b. bf16 inputs are multiplied exactly and summed in f32. a and b have the
  // same type; c has any.
  void multiply(const Matrix& a, const Matrix& b, const Matrix& c, float scale = 1, bool accumulate = false);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// Seconds of one product [m, k] [k, n] with b packed the way this machine likes best: what the processor can do. The
// median of several; for measuring alone.
double packed_product_seconds(Element type, std::int64_t m, std::int64_t k, std::int64_t n, double (*clock)());

// Does this processor multiply bf16 numbers faster than f32 ones?
bool has_fast_bf16();

}  // namespace banchu::lora
