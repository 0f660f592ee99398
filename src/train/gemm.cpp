#include "train/gemm.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <dnnl.hpp>
#include <map>
#include <mutex>
#include <unordered_map>

namespace banchu::lora {

using Memory = dnnl::memory;

struct Packing::Parts {
  Element type;
  std::int64_t k, n;
  Memory::desc description;
};

struct PackingLayout {
  static const Memory::desc& of(const Packing& packing) { return packing.parts_->description; }
};

namespace {

Memory::desc describe(const Matrix& m) {
  if (m.packing != nullptr) return PackingLayout::of(*m.packing);
  const auto type = m.type == Element::bf16 ? Memory::data_type::bf16 : Memory::data_type::f32;
  if (m.batch == 1) return Memory::desc({m.rows, m.cols}, type, {m.row_stride, m.col_stride});
  return Memory::desc({m.batch, m.rows, m.cols}, type, {m.batch_stride, m.row_stride, m.col_stride});
}

using Key = std::array<std::int64_t, 16>;

Key key_of(const Matrix& a, const Matrix& b, const Matrix& c, float scale, bool accumulate) {
  const auto types = static_cast<std::int64_t>(a.type) + 2 * static_cast<std::int64_t>(b.type) +
                     4 * static_cast<std::int64_t>(c.type) + 8 * static_cast<std::int64_t>(accumulate);
  return {a.batch,
          a.rows,
          a.cols,
          c.cols,
          a.row_stride,
          a.col_stride,
          b.row_stride,
          b.col_stride,
          c.row_stride,
          a.batch_stride,
          b.batch_stride,
          c.batch_stride,
          c.col_stride,
          types,
          std::bit_cast<std::int32_t>(scale),
          static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(b.packing))};
}

struct Product {
  dnnl::matmul primitive;
  Memory a, b, c;  // without data: the pointers are set at every call
};
}  // namespace

Matrix Matrix::transposed() const {
  Matrix out = *this;
  std::swap(out.rows, out.cols);
  std::swap(out.row_stride, out.col_stride);
  return out;
}

namespace {

// What oneDNN itself would choose for a pass of ordinary size.
Memory::desc choose_layout(Element type, std::int64_t k, std::int64_t n, const dnnl::engine& engine) {
  constexpr std::int64_t kRows = 1024;
  const auto data = type == Element::bf16 ? Memory::data_type::bf16 : Memory::data_type::f32;
  const Memory::desc a({kRows, k}, data, Memory::dims{k, 1});
  const Memory::desc b({k, n}, data, Memory::format_tag::any);
  const Memory::desc c({kRows, n}, Memory::data_type::f32, Memory::dims{n, 1});
  return dnnl::matmul::primitive_desc({a, b, c}, engine).weights_desc();
}

}  // namespace

const Packing& Packing::of(Element type, std::int64_t k, std::int64_t n) {
  static std::mutex mutex;
  static std::map<std::array<std::int64_t, 3>, Packing> known;
  const std::lock_guard<std::mutex> lock(mutex);
  const std::array<std::int64_t, 3> key{static_cast<std::int64_t>(type), k, n};
  const auto found = known.find(key);
  if (found != known.end()) return found->second;
  const dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  auto parts = std::make_shared<const Parts>(Parts{type, k, n, choose_layout(type, k, n, engine)});
  return known.emplace(key, Packing(std::move(parts))).first->second;
}

std::int64_t Packing::bytes() const { return static_cast<std::int64_t>(parts_->description.get_size()); }

void Packing::pack(const Matrix& b, void* packed) const {
  const dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  Memory from(describe(b), engine, b.data);
  Memory to(parts_->description, engine, packed);
  dnnl::reorder(from, to).execute(stream, from, to);
  stream.wait();
}

Matrix Packing::view(const void* packed) const {
  Matrix out = matrix(static_cast<const float*>(packed), parts_->k, parts_->n);
  out.type = parts_->type;
  out.packing = this;
  return out;
}

struct Gemm::Parts {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::map<Key, Product> products;

  Product make(const Matrix& a, const Matrix& b, const Matrix& c, float scale, bool accumulate) {
    dnnl::primitive_attr attributes;
    if (scale != 1.0f) attributes.set_output_scales(0, {scale});
    if (accumulate) {
      dnnl::post_ops sum;
      sum.append_sum(1.0f);
      attributes.set_post_ops(sum);
    }
    const dnnl::matmul::primitive_desc description({describe(a), describe(b), describe(c)}, attributes, engine);
    return {dnnl::matmul(description), Memory(describe(a), engine, nullptr), Memory(describe(b), engine, nullptr),
            Memory(describe(c), engine, nullptr)};
  }
};

Gemm::Gemm() : parts_(std::make_unique<Parts>()) {}
Gemm::~Gemm() = default;

void Gemm::multiply(const Matrix& a, const Matrix& b, const Matrix& c, float scale, bool accumulate) {
  const Key key = key_of(a, b, c, scale, accumulate);
  auto found = parts_->products.find(key);
  if (found == parts_->products.end()) {
    found = parts_->products.emplace(key, parts_->make(a, b, c, scale, accumulate)).first;
  }
  Product& product = found->second;
  product.a.set_data_handle(a.data);
  product.b.set_data_handle(b.data);
  product.c.set_data_handle(c.data);
  product.primitive.execute(parts_->stream,
                            {{DNNL_ARG_SRC, product.a}, {DNNL_ARG_WEIGHTS, product.b}, {DNNL_ARG_DST, product.c}});
  parts_->stream.wait();
}

namespace {

// Nothing in it but zeros: the rate does not depend on the numbers.
Memory blank(const Memory::desc& description, const dnnl::engine& engine) {
  Memory memory(description, engine);
  std::memset(memory.get_data_handle(), 0, description.get_size());
  return memory;
}

}  // namespace

double packed_product_seconds(Element type, std::int64_t m, std::int64_t k, std::int64_t n, double (*clock)()) {
  constexpr int kRounds = 9;
  constexpr double kRoundSeconds = 0.01;
  const dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  const auto data = type == Element::bf16 ? Memory::data_type::bf16 : Memory::data_type::f32;
  const Memory::desc a({m, k}, data, Memory::dims{k, 1});
  const Memory::desc b({k, n}, data, Memory::format_tag::any);
  const Memory::desc c({m, n}, data, Memory::dims{n, 1});
  const dnnl::matmul::primitive_desc description({a, b, c}, engine);
  const dnnl::matmul product(description);
  const std::unordered_map<int, Memory> arguments = {{DNNL_ARG_SRC, blank(a, engine)},
                                                     {DNNL_ARG_WEIGHTS, blank(description.weights_desc(), engine)},
                                                     {DNNL_ARG_DST, blank(c, engine)}};
  std::array<double, kRounds> seconds{};
  for (double& round : seconds) {
    const double began = clock();
    int times = 0;
    do {
      product.execute(stream, arguments);
      stream.wait();
      ++times;
    } while (clock() - began < kRoundSeconds);
    round = (clock() - began) / times;
  }
  std::nth_element(seconds.begin(), seconds.begin() + kRounds / 2, seconds.end());
  return seconds[kRounds / 2];
}

bool has_fast_bf16() { return dnnl::get_effective_cpu_isa() >= dnnl::cpu_isa::avx512_core_bf16; }

}  // namespace banchu::lora
