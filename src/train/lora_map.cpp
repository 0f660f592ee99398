#include "train/lora_map.h"

#include <algorithm>

#include "train/dropout.h"
#include "train/kernels.h"
#include "train/parallel.h"
#include "train/part_times.h"

namespace banchu::lora {

template <typename T>
const Group& LoraMaps<T>::group(std::int64_t layer, GroupKind kind) const {
  return plan_.layers[static_cast<std::size_t>(layer)][kind];
}

namespace {

// to [columns, rows] (+)= from [rows, columns], turned
template <typename T>
void turn(const float* from, std::int64_t rows, std::int64_t columns, T* to) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) store(from[r * columns + c], &to[c * rows + r]);
  }
}

void add_turned(const float* from, std::int64_t rows, std::int64_t columns, float* to) {
  parallel_for(columns, rows, [&](std::int64_t c) {
    for (std::int64_t r = 0; r < rows; ++r) to[c * rows + r] += from[r * columns + c];
  });
}

}  // namespace

template <typename T>
void LoraMaps<T>::use_parameters(const float* parameters) {
  T* own = parameters_.grow(plan_.size);
  const auto layers = static_cast<std::int64_t>(plan_.layers.size());
  parallel_for(layers, plan_.size / layers, [&](std::int64_t layer) {
    for (const Group& g : plan_.layers[static_cast<std::size_t>(layer)]) {
      kernels().of<T>().convert(parameters + g.a_offset, own + g.a_offset, g.h_width * g.in);
      for (const Member& member : g.members) {
        if (member.is_adapted()) turn(parameters + member.b_offset, member.out, plan_.rank, own + member.b_offset);
      }
    }
  });
}

template <typename T>
void LoraMaps<T>::begin(std::int64_t tokens, std::uint64_t dropout_key) {
  tokens_ = tokens;
  dropout_key_ = dropout_key;
}

// --- dropout on the input of A

template <typename T>
const T* LoraMaps<T>::dropped(std::int64_t layer, GroupKind kind, const T* input) {
  if (dropout_ <= 0 || dropout_key_ == 0) return input;
  const DropoutMask mask(dropout_key_, layer * kGroups + kind, dropout_);
  const std::int64_t width = group(layer, kind).in;
  T* out = dropped_.grow(tokens_ * width);
  parallel_for(tokens_, width, [&](std::int64_t t) { mask.apply(input, t * width, width, out); });
  return out;
}

// to += mask o from
template <typename T>
void LoraMaps<T>::undrop(std::int64_t layer, GroupKind kind, const float* from, float* to) {
  const DropoutMask mask(dropout_key_, layer * kGroups + kind, dropout_);
  const std::int64_t width = group(layer, kind).in;
  parallel_for(tokens_, width, [&](std::int64_t t) { mask.add_back(from, t * width, width, to); });
}

// --- forward

namespace {

template <typename E>
void add_to_row(const float* bias, std::int64_t n, E* row) {
  if constexpr (kElementOf<E> == Element::f32) {
    kernels().add_scaled(1, bias, row, n);
  } else {
    for (std::int64_t i = 0; i < n; ++i) store(to_float(row[i]) + bias[i], &row[i]);
  }
}

// A view of `count` of the columns.
Matrix columns(const Matrix& y, std::int64_t first, std::int64_t count) {
  Matrix part = y;
  part.cols = count;
  part.data = y.type == Element::f32 ? static_cast<void*>(static_cast<float*>(y.data) + first)
                                     : static_cast<void*>(static_cast<Bf16*>(y.data) + first);
  return part;
}

}  // namespace

template <typename T>
void LoraMaps<T>::add_bias(const Buffer<float>& bias, const Matrix& y) {
  parallel_for(y.rows, y.cols, [&](std::int64_t i) {
    const std::int64_t at = i * y.row_stride;
    if (y.type == Element::f32) {
      add_to_row(bias.data(), y.cols, static_cast<float*>(y.data) + at);
    } else {
      add_to_row(bias.data(), y.cols, static_cast<Bf16*>(y.data) + at);
    }
  });
}

template <typename T>
void LoraMaps<T>::project_down(std::int64_t layer, GroupKind kind, const T* input, Buffer<T>* h) {
  const Timed timed(Part::lora_products);
  const Group& g = group(layer, kind);
  const std::int64_t width = g.h_width;
  if (width == 0) return;
  gemm_->multiply(matrix(dropped(layer, kind, input), tokens_, g.in),
                  matrix(parameter(g.a_offset), width, g.in).transposed(),
                  matrix(h->grow(tokens_ * width), tokens_, width));
}

template <typename T>
void LoraMaps<T>::forward(std::int64_t layer, GroupKind kind, const T* input, Buffer<T>* h, const Matrix& y,
                          bool accumulate) {
  const Group& g = group(layer, kind);
  const LayerWeights& weights = weights_.layer(layer);
  {
    const Timed timed(Part::weight_products);
    gemm_->multiply(matrix(input, tokens_, g.in), weights_.forward_matrix(layer, kind), y, 1, accumulate);
  }
  project_down(layer, kind, input, h);
  const Timed timed(Part::lora_products);
  const std::int64_t rank = plan_.rank;
  for (const Member& member : g.members) {
    if (!member.is_adapted()) continue;
    gemm_->multiply(matrix(h->data() + member.h_offset, tokens_, rank, g.h_width),
                    matrix(parameter(member.b_offset), rank, member.out), columns(y, member.out_offset, member.out),
                    plan_.scale, true);
  }
  if (kind != kQkv && weights.bias[kind].size() > 0) add_bias(weights.bias[kind], y);
}

// --- backward

template <typename T>
void LoraMaps<T>::backward(std::int64_t layer, GroupKind kind, const T* dy, const T* input, const Buffer<T>& h,
                           float* d_input, float* gradients) {
  const Group& g = group(layer, kind);
  const std::int64_t rank = plan_.rank;
  const std::int64_t width = g.h_width;
  if (d_input != nullptr) {
    const Timed timed(Part::weight_products);
    gemm_->multiply(matrix(dy, tokens_, g.out), weights_.backward_matrix(layer, kind), matrix(d_input, tokens_, g.in));
  }
  if (width == 0) return;
  const Timed timed(Part::lora_products);
  T* d_h = d_h_.grow(tokens_ * width);
  for (const Member& member : g.members) {
    if (!member.is_adapted()) continue;
    const std::int64_t column = member.h_offset;
    const Matrix d_part = matrix(dy + member.out_offset, tokens_, member.out, g.out);
    gemm_->multiply(d_part, matrix(parameter(member.b_offset), rank, member.out).transposed(),
                    matrix(d_h + column, tokens_, rank, width), plan_.scale);
    float* d_b = d_b_.grow(rank * g.out);
    gemm_->multiply(matrix(h.data() + column, tokens_, rank, width).transposed(), d_part, matrix(d_b, rank, member.out),
                    plan_.scale);
    add_turned(d_b, rank, member.out, gradients + member.b_offset);
  }
  const Matrix a = matrix(parameter(g.a_offset), width, g.in);
  const T* seen = dropped(layer, kind, input);
  gemm_->multiply(matrix(d_h, tokens_, width).transposed(), matrix(seen, tokens_, g.in),
                  matrix(gradients + g.a_offset, width, g.in), 1, true);
  if (d_input == nullptr) return;
  if (seen == input) {
    gemm_->multiply(matrix(d_h, tokens_, width), a, matrix(d_input, tokens_, g.in), 1, true);
  } else {
    float* d_seen = d_extra_.grow(tokens_ * g.in);
    gemm_->multiply(matrix(d_h, tokens_, width), a, matrix(d_seen, tokens_, g.in));
    undrop(layer, kind, d_seen, d_input);
  }
}

template class LoraMaps<float>;
template class LoraMaps<Bf16>;

}  // namespace banchu::lora
