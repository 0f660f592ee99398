#include "train/heads.h"

#include <algorithm>
#include <vector>

#include "train/kernels.h"

namespace banchu::lora {

namespace {

// Scratch of this thread for one head.
float* scratch(int which, std::int64_t n) {
  thread_local std::vector<float> buffers[3];
  std::vector<float>& buffer = buffers[which];
  if (buffer.size() < static_cast<std::size_t>(n)) buffer.resize(static_cast<std::size_t>(n));
  return buffer.data();
}

template <typename T>
const float* shifted(const T* in, const float* bias, std::int64_t dim) {
  float* x = scratch(0, dim);
  kernels().of<T>().widen(in, x, dim);
  if (bias != nullptr) kernels().add_scaled(1, bias, x, dim);
  return x;
}

template <typename T>
void rotate(const ModelShape& shape, const T* in, Angles angles, float scale, float* out) {
  const auto& run = kernels().of<T>();
  const auto turn = shape.kind.rope_pairs == RopePairs::halves ? run.rope_halves : run.rope;
  turn(in, angles.cosines, angles.sines, shape.rope_pairs, shape.head_dim, scale, out);
}

template <typename T>
void rotate_back(const ModelShape& shape, const float* in, Angles angles, float scale, T* out) {
  const auto& run = kernels().of<T>();
  const auto turn = shape.kind.rope_pairs == RopePairs::halves ? run.rope_halves_backward : run.rope_backward;
  turn(in, angles.cosines, angles.sines, shape.rope_pairs, shape.head_dim, scale, out);
}

}  // namespace

template <typename T>
void load_head(const HeadPath& path, const T* in, const float* bias, Angles angles, float* out) {
  const ModelShape& shape = *path.shape;
  if (bias == nullptr && path.norm == nullptr) {
    rotate(shape, in, angles, path.scale, out);
    return;
  }
  const std::int64_t dim = shape.head_dim;
  const float* x = shifted(in, bias, dim);
  if (path.norm != nullptr) {
    float* normed = scratch(1, dim);
    kernels().f32.rms_norm(x, path.norm, shape.rms_epsilon, dim, normed);
    x = normed;
  }
  rotate(shape, x, angles, path.scale, out);
}

template <typename T>
void load_head_backward(const HeadPath& path, const T* in, const float* bias, Angles angles, const float* d_out,
                        T* d_in) {
  const ModelShape& shape = *path.shape;
  if (path.norm == nullptr) {
    rotate_back(shape, d_out, angles, path.scale, d_in);
    return;
  }
  const std::int64_t dim = shape.head_dim;
  float* d_normed = scratch(1, dim);
  rotate_back(shape, d_out, angles, path.scale, d_normed);
  float* d_x = scratch(2, dim);
  std::fill_n(d_x, dim, 0.0f);
  kernels().f32.rms_norm_backward(shifted(in, bias, dim), path.norm, d_normed, shape.rms_epsilon, dim, d_x);
  kernels().of<T>().convert(d_x, d_in, dim);
}

template void load_head<float>(const HeadPath&, const float*, const float*, Angles, float*);
template void load_head<Bf16>(const HeadPath&, const Bf16*, const float*, Angles, float*);
template void load_head_backward<float>(const HeadPath&, const float*, const float*, Angles, const float*, float*);
template void load_head_backward<Bf16>(const HeadPath&, const Bf16*, const float*, Angles, const float*, Bf16*);

}  // namespace banchu::lora
