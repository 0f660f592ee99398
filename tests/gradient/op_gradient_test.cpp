// Every operation alone: its forward against the plain double reference, its backward against central differences of
// that reference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "tests/gradient/reference.h"
#include "tests/train/rows.h"
#include "train/attention.h"
#include "train/gemm.h"
#include "train/head.h"
#include "train/kernels.h"
#include "train/rope.h"

namespace banchu::test {
namespace {

constexpr double kTolerance = 5e-5;

Vector random_vector(std::uint64_t seed, std::size_t n, double spread = 1) {
  Rng rng(seed, "vector");
  Vector x(n);
  // Numbers that a float holds exactly, so that both sides start from the same place.
  for (double& v : x) v = static_cast<double>(static_cast<float>(spread * rng.normal()));
  return x;
}

std::vector<float> floats(const Vector& x) { return {x.begin(), x.end()}; }

void expect_close(const Vector& expected, const std::vector<float>& got) {
  ASSERT_EQ(expected.size(), got.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double limit = kTolerance * std::max(1.0, std::abs(expected[i]));
    ASSERT_NEAR(expected[i], static_cast<double>(got[i]), limit) << "at " << i;
  }
}

// d f / d x by central differences; f is double all through, so the step may be small.
Vector central(Vector x, const std::function<double(const Vector&)>& f) {
  constexpr double kStep = 1e-5;
  Vector gradient(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double here = x[i];
    x[i] = here + kStep;
    const double up = f(x);
    x[i] = here - kStep;
    gradient[i] = (up - f(x)) / (2 * kStep);
    x[i] = here;
  }
  return gradient;
}

double dot(const Vector& x, const Vector& y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

// Every version of the loops that this processor can run.
std::vector<const lora::Kernels*> runnable() {
  std::vector<const lora::Kernels*> list = {&lora::kernels_baseline()};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) list.push_back(&lora::kernels_avx2());
  if (&lora::kernels() == &lora::kernels_avx512()) list.push_back(&lora::kernels_avx512());
  return list;
}

TEST(OpGradient, RmsNormMatchesCentralDifferences) {
  constexpr std::int64_t n = 45;
  const Vector x = random_vector(1, n), weight = random_vector(2, n), dy = random_vector(3, n);
  const Vector y = ref_rms_norm(x, weight, 1e-5);
  const Vector dx = central(x, [&](const Vector& at) { return dot(dy, ref_rms_norm(at, weight, 1e-5)); });
  for (const lora::Kernels* k : runnable()) {
    SCOPED_TRACE(k->name);
    std::vector<float> out(n), d_in(n, 0.0f);
    k->f32.rms_norm(floats(x).data(), floats(weight).data(), 1e-5f, n, out.data());
    expect_close(y, out);
    k->f32.rms_norm_backward(floats(x).data(), floats(weight).data(), floats(dy).data(), 1e-5f, n, d_in.data());
    expect_close(dx, d_in);
  }
}

// One of the two gated activations: its reference and how to find it among the loops.
struct Gated {
  const char* name;
  Vector (*reference)(const Vector& gate, const Vector& up);
  decltype(lora::TypedKernels<float>::swiglu) lora::TypedKernels<float>::*forward;
  decltype(lora::TypedKernels<float>::swiglu_backward) lora::TypedKernels<float>::*backward;
};

TEST(OpGradient, GatedActivationsMatchCentralDifferences) {
  constexpr std::int64_t n = 37;
  const Vector gate = random_vector(4, n, 3), up = random_vector(5, n), dy = random_vector(6, n);
  using Loops = lora::TypedKernels<float>;
  for (const Gated& one : {Gated{"swiglu", ref_swiglu, &Loops::swiglu, &Loops::swiglu_backward},
                           Gated{"geglu", ref_geglu, &Loops::geglu, &Loops::geglu_backward}}) {
    const Vector d_gate = central(gate, [&](const Vector& at) { return dot(dy, one.reference(at, up)); });
    const Vector d_up = central(up, [&](const Vector& at) { return dot(dy, one.reference(gate, at)); });
    for (const lora::Kernels* k : runnable()) {
      SCOPED_TRACE(std::string(k->name) + " " + one.name);
      std::vector<float> out(n), a(n), b(n);
      (k->f32.*one.forward)(floats(gate).data(), floats(up).data(), n, out.data());
      expect_close(one.reference(gate, up), out);
      (k->f32.*one.backward)(floats(gate).data(), floats(up).data(), floats(dy).data(), n, a.data(), b.data());
      expect_close(d_gate, a);
      expect_close(d_up, b);
    }
  }
}

// Adjacent pairs and halves, over a whole head and over a part of it.
TEST(OpGradient, RopeMatchesCentralDifferences) {
  constexpr int n = 20, position = 29;
  const Vector x = random_vector(7, n), dy = random_vector(8, n);
  for (const bool halves : {false, true}) {
    for (const int dims : {20, 14}) {
      RefRope rope{.dims = dims, .halves = halves, .factors = Vector(static_cast<std::size_t>(dims / 2), 1.25)};
      lora::RopeTable table({.factors = std::vector<float>(static_cast<std::size_t>(dims / 2), 1.25f)}, dims / 2);
      table.extend(position + 1);
      const auto [cosines, sines] = table.at(position);
      const Vector dx = central(x, [&](const Vector& at) { return dot(dy, ref_rope(at, position, rope)); });
      for (const lora::Kernels* k : runnable()) {
        SCOPED_TRACE(std::string(k->name) + (halves ? " halves " : " adjacent ") + std::to_string(dims));
        std::vector<float> out(n), d_in(n);
        (halves ? k->f32.rope_halves : k->f32.rope)(floats(x).data(), cosines, sines, dims / 2, n, 1, out.data());
        expect_close(ref_rope(x, position, rope), out);
        const auto back = halves ? k->f32.rope_halves_backward : k->f32.rope_backward;
        back(floats(dy).data(), cosines, sines, dims / 2, n, 1, d_in.data());
        expect_close(dx, d_in);
      }
    }
  }
}

TEST(OpGradient, ScaledRopeTurnsByTheFormula) {
  const Vector x = random_vector(31, 16);
  for (const bool yarn : {false, true}) {
    const RefRope rope{.base = 40, .stretch = 4, .yarn = yarn, .original_context = 64, .magnitude = 0.9};
    const double magnitude = yarn ? 0.9 * (1 + 0.1 * std::log(4.0)) : 0.9;
    lora::RopeShape shape;
    shape.base = 40;
    shape.stretch = 4;
    shape.yarn = yarn;
    shape.original_context = 64;
    shape.magnitude = magnitude;
    lora::RopeTable table(shape, 8);
    table.extend(91);
    for (const int position : {0, 1, 90}) {
      std::vector<float> out(16);
      const auto [cosines, sines] = table.at(position);
      lora::kernels().f32.rope(floats(x).data(), cosines, sines, 8, 16, 1, out.data());
      expect_close(ref_rope(x, position, rope), out);
    }
  }
}

TEST(OpGradient, SoftmaxMatchesCentralDifferencesAndHidesTheRest) {
  const auto softmax = [](Vector v) {
    double sum = 0;
    for (double& one : v) sum += (one = std::exp(one));
    for (double& one : v) one /= sum;
    return v;
  };
  constexpr std::int64_t n = 40;
  for (const std::int64_t visible : {1, 15, 16, 19, 32, 33, 40}) {  // on both sides of whole vectors, and no room left
    const Vector x = random_vector(9, visible, 2), dp = random_vector(10, visible);
    Vector p = softmax(x);
    Vector ds = central(x, [&](const Vector& at) { return dot(dp, softmax(at)); });
    p.resize(n, 0.0);
    ds.resize(n, 0.0);
    for (const lora::Kernels* k : runnable()) {
      SCOPED_TRACE(std::string(k->name) + " " + std::to_string(visible));
      std::vector<float> in_place = floats(x), back = floats(dp), out(n, 7.0f), gradient(n, 7.0f);
      in_place.resize(n, 7.0f);
      back.resize(n, 7.0f);
      k->f32.softmax(in_place.data(), visible, n, out.data());
      expect_close(p, in_place);
      expect_close(p, out);
      k->f32.softmax_backward(out.data(), back.data(), visible, n, gradient.data());
      expect_close(ds, gradient);
    }
  }
}

TEST(OpGradient, ExponentialsStayFiniteAndWhatIsNoNumberStaysNone) {
  const std::vector<float> x{-INFINITY, -1e30f, -100, -87, -0.0f, 1, 87, 1e30f, INFINITY, NAN};
  for (const lora::Kernels* k : runnable()) {
    SCOPED_TRACE(k->name);
    std::vector<float> out(x.size());
    k->f32.scaled_exp(x.data(), 0, 1, static_cast<std::int64_t>(x.size()), out.data());
    for (std::size_t i = 0; i + 1 < x.size(); ++i) {
      const double expected = std::exp(std::clamp(static_cast<double>(x[i]), -87.0, 87.0));
      EXPECT_NEAR(out[i] / expected, 1, 1e-6) << x[i];
    }
    EXPECT_TRUE(std::isnan(out.back()));
  }
}

// What a layer may bring to its heads.
struct HeadsCase {
  const char* name;
  bool bias, norms, halves;
  std::int64_t window;
};

class Heads : public testing::TestWithParam<HeadsCase> {
 protected:
  static constexpr std::size_t kTokens = 75;
  Heads() {
    const HeadsCase& one = GetParam();
    shape_.n_head = 4;
    shape_.n_head_kv = 2;
    shape_.head_dim = 6;
    shape_.rope_pairs = 3;
    shape_.rms_epsilon = 1e-5f;
    shape_.attention_scale = 1.0f / std::sqrt(6.0f);
    shape_.rope.factors = {1.0f, 2.0f, 1.5f};
    shape_.window_rope = shape_.rope;
    shape_.kind.rope_pairs = one.halves ? lora::RopePairs::halves : lora::RopePairs::adjacent;
    shape_.window = one.window;
    heads_ = {.heads = 4, .kv_heads = 2, .dim = 6, .window = static_cast<int>(one.window)};
    heads_.rope = {.halves = one.halves, .factors = {1.0, 2.0, 1.5}};
    if (one.norms) {
      heads_.q_norm = random_vector(21, 6);
      heads_.k_norm = random_vector(22, 6);
    }
    bias_ = one.bias ? random_vector(23, width()) : Vector(width(), 0.0);
    narrow_ = {floats(bias_), floats(heads_.q_norm), floats(heads_.k_norm)};
    layer_.windowed = one.window > 0;
    if (one.bias) layer_.bias = narrow_[0].data();
    if (one.norms) {
      layer_.query_norm = narrow_[1].data();
      layer_.key_norm = narrow_[2].data();
    }
  }
  std::size_t width() const { return static_cast<std::size_t>(shape_.qkv_width()); }

  Vector forward(const Vector& qkv) const {
    Vector out;
    for (const lora::RowSpan& row : rows_) {
      std::vector<Vector> parts[3];
      for (std::int64_t t = row.begin; t < row.begin + row.length; ++t) {
        std::size_t column = 0;
        for (std::size_t p = 0; p < 3; ++p) {
          Vector one;
          for (std::size_t i = 0; i < (p == 0 ? 24U : 12U); ++i, ++column) {
            one.push_back(qkv[static_cast<std::size_t>(t) * width() + column] + bias_[column]);
          }
          parts[p].push_back(one);
        }
      }
      for (const Vector& one : ref_attention(parts[0], parts[1], parts[2], heads_))
        out.insert(out.end(), one.begin(), one.end());
    }
    return out;
  }

  lora::ModelShape shape_;
  RefHeads heads_;
  Vector bias_;
  std::vector<std::vector<float>> narrow_;
  lora::AttentionLayer layer_;
  std::vector<lora::RowSpan> rows_ = {{0, 5}, {5, 70}};  // the second one is longer than a block of queries
};

TEST_P(Heads, AttentionMatchesCentralDifferencesAndRowsDoNotSeeEachOther) {
  const Vector qkv = random_vector(11, kTokens * width()), d_out = random_vector(12, kTokens * 24);
  lora::Gemm gemm;
  lora::Attention<float> attention(shape_);
  std::vector<float> out(kTokens * 24), d_qkv(kTokens * width());
  attention.forward(layer_, rows_, floats(qkv).data(), out.data());
  expect_close(forward(qkv), out);
  attention.backward(layer_, rows_, floats(qkv).data(), floats(d_out).data(), d_qkv.data());
  // Some numbers of every token, chosen so that all heads come by: a whole sweep would take minutes.
  Vector at = qkv;
  for (std::size_t i = 0; i < qkv.size(); i += 23) {
    constexpr double kStep = 1e-5;
    at[i] = qkv[i] + kStep;
    const double up = dot(d_out, forward(at));
    at[i] = qkv[i] - kStep;
    const double slope = (up - dot(d_out, forward(at))) / (2 * kStep);
    at[i] = qkv[i];
    ASSERT_NEAR(slope, static_cast<double>(d_qkv[i]), kTolerance * std::max(1.0, std::abs(slope))) << "at " << i;
  }
}
INSTANTIATE_TEST_SUITE_P(OpGradient, Heads,
                         testing::Values(HeadsCase{"plain", false, false, false, 0},
                                         HeadsCase{"halves_and_bias", true, false, true, 0},
                                         HeadsCase{"norms_and_bias", true, true, true, 0},
                                         HeadsCase{"window", false, false, true, 4},
                                         HeadsCase{"window_and_norms", false, true, true, 33}),
                         [](const auto& one) { return one.param.name; });

TEST(OpGradient, ProductsMatchInEveryOrientation) {
  lora::Gemm gemm;
  constexpr std::int64_t m = 7, k = 5, n = 9;
  const Vector a = random_vector(13, m * k), b = random_vector(14, k * n), c = random_vector(15, m * n);
  Vector expected = c;
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      for (std::int64_t l = 0; l < k; ++l) {
        expected[static_cast<std::size_t>(i * n + j)] +=
            0.5 * a[static_cast<std::size_t>(l * m + i)] * b[static_cast<std::size_t>(j * k + l)];
      }
    }
  }
  std::vector<float> out = floats(c);
  const std::vector<float> left = floats(a), right = floats(b);
  gemm.multiply(lora::matrix(left.data(), k, m).transposed(), lora::matrix(right.data(), n, k).transposed(),
                lora::matrix(out.data(), m, n), 0.5f, true);
  expect_close(expected, out);
}

TEST(OpGradient, CrossEntropyMatchesCentralDifferences) {
  const Vector logits = random_vector(16, 61, 3);
  const lora::Target target{0, 17, nullptr, 1.0};
  std::vector<float> gradient(61);
  const double loss = lora::target_loss<float>(target, floats(logits).data(), 61, gradient.data());
  EXPECT_NEAR(ref_cross_entropy(logits, 17), loss, kTolerance);
  expect_close(central(logits, [](const Vector& at) { return ref_cross_entropy(at, 17); }), gradient);
}

TEST(OpGradient, DistillationMatchesCentralDifferencesAndThePlainFormula) {
  Rng rng(17);
  const TopK teacher = random_teacher(&rng, 61, 6);
  const Vector logits = random_vector(18, 61, 3);
  const lora::Target target{0, 0, &teacher, 1.0};
  std::vector<float> gradient(61);
  const double loss = lora::target_loss<float>(target, floats(logits).data(), 61, gradient.data());
  EXPECT_NEAR(ref_distillation(logits, teacher), loss, kTolerance);
  expect_close(central(logits, [&](const Vector& at) { return ref_distillation(at, teacher); }), gradient);
}

TEST(OpGradient, DistillationIsZeroWhenTheStudentIsTheTeacher) {
  Vector logits = random_vector(19, 40, 4);
  TopK teacher;
  for (Token id = 0; id < 40; id += 3) {
    teacher.ids.push_back(id);
    teacher.logprobs.push_back(static_cast<float>(-ref_cross_entropy(logits, id)));
  }
  std::vector<float> gradient(40);
  const lora::Target target{0, 0, &teacher, 1.0};
  EXPECT_NEAR(0, lora::target_loss<float>(target, floats(logits).data(), 40, gradient.data()), 1e-6);
  for (const float g : gradient) EXPECT_NEAR(0, static_cast<double>(g), 1e-6);
}

// A teacher and a student who are both sure: what is left for the tail is far below float rounding.
TEST(OpGradient, DistillationStaysFiniteWhenNothingIsLeftForTheTail) {
  Vector logits(50, -40.0);
  logits[3] = 60;
  for (const float logprob : {0.0f, -1e-7f, -0.7f}) {
    const TopK teacher{{3}, {logprob}};
    std::vector<float> gradient(50);
    const lora::Target target{0, 0, &teacher, 1.0};
    EXPECT_TRUE(std::isfinite(lora::target_loss<float>(target, floats(logits).data(), 50, gradient.data())));
    for (const float g : gradient) EXPECT_LE(std::abs(g), 1.0f);
  }
}

}  // namespace
}  // namespace banchu::test
