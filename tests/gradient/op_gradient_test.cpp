// Every operation alone: its forward against the plain double reference, its backward against central differences of
// that reference.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/gradient/reference.h"
#include "tests/train/rows.h"
#include "train/attention.h"
#include "train/gemm.h"
#include "train/head.h"
#include "train/kernels.h"

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
    k->rms_norm_backward(floats(x).data(), floats(weight).data(), floats(dy).data(), 1e-5f, n, d_in.data());
    expect_close(dx, d_in);
  }
}

TEST(OpGradient, SwigluMatchesCentralDifferences) {
  constexpr std::int64_t n = 37;
  const Vector gate = random_vector(4, n, 3), up = random_vector(5, n), dy = random_vector(6, n);
  const Vector d_gate = central(gate, [&](const Vector& at) { return dot(dy, ref_swiglu(at, up)); });
  const Vector d_up = central(up, [&](const Vector& at) { return dot(dy, ref_swiglu(gate, at)); });
  for (const lora::Kernels* k : runnable()) {
    SCOPED_TRACE(k->name);
    std::vector<float> out(n), a(n), b(n);
    k->f32.swiglu(floats(gate).data(), floats(up).data(), n, out.data());
    expect_close(ref_swiglu(gate, up), out);
    k->f32.swiglu_backward(floats(gate).data(), floats(up).data(), floats(dy).data(), n, a.data(), b.data());
    expect_close(d_gate, a);
    expect_close(d_up, b);
  }
}

TEST(OpGradient, RopeMatchesCentralDifferences) {
  constexpr int n = 16, position = 29;
  const Vector x = random_vector(7, n), dy = random_vector(8, n), factors(n / 2, 1.25);
  std::vector<float> cosines, sines;
  for (int i = 0; i < n / 2; ++i) {
    const double angle = position * std::pow(10000.0, -2.0 * i / n) / 1.25;
    cosines.push_back(static_cast<float>(std::cos(angle)));
    sines.push_back(static_cast<float>(std::sin(angle)));
  }
  const Vector dx = central(x, [&](const Vector& at) { return dot(dy, ref_rope(at, position, 10000, factors)); });
  for (const lora::Kernels* k : runnable()) {
    SCOPED_TRACE(k->name);
    std::vector<float> out(n), d_in(n);
    k->f32.rope(floats(x).data(), cosines.data(), sines.data(), n / 2, n, 1, out.data());
    expect_close(ref_rope(x, position, 10000, factors), out);
    k->f32.rope_backward(floats(dy).data(), cosines.data(), sines.data(), n / 2, n, 1, d_in.data());
    expect_close(dx, d_in);
  }
}

TEST(OpGradient, SoftmaxMatchesCentralDifferencesAndHidesTheRest) {
  constexpr std::int64_t n = 24, visible = 19;
  const Vector x = random_vector(9, visible, 2), dp = random_vector(10, visible);
  const auto softmax = [](Vector v) {
    double sum = 0;
    for (double& one : v) sum += (one = std::exp(one));
    for (double& one : v) one /= sum;
    return v;
  };
  Vector p = softmax(x);
  Vector ds = central(x, [&](const Vector& at) { return dot(dp, softmax(at)); });
  p.resize(n, 0.0);
  ds.resize(n, 0.0);
  for (const lora::Kernels* k : runnable()) {
    SCOPED_TRACE(k->name);
    std::vector<float> out = floats(x), back = floats(dp);
    out.resize(n, 7.0f);
    back.resize(n, 7.0f);
    k->softmax(out.data(), visible, n);
    expect_close(p, out);
    k->softmax_backward(out.data(), back.data(), visible, n);
    expect_close(ds, back);
  }
}

// Two rows, one of them longer than a block of queries, grouped heads, scaled rope.
TEST(OpGradient, AttentionMatchesCentralDifferencesAndRowsDoNotSeeEachOther) {
  lora::ModelShape shape;
  shape.n_head = 4;
  shape.n_head_kv = 2;
  shape.head_dim = 6;
  shape.rope_pairs = 3;
  shape.rope_factors = {1.0f, 2.0f, 1.5f};
  const Vector factors(shape.rope_factors.begin(), shape.rope_factors.end());
  const std::vector<lora::RowSpan> rows = {{0, 5}, {5, 70}};
  const auto width = static_cast<std::size_t>(shape.qkv_width());
  const auto q_width = static_cast<std::size_t>(shape.query_width()),
             kv_width = static_cast<std::size_t>(shape.kv_width());
  const std::size_t tokens = 75;
  const Vector qkv = random_vector(11, tokens * width), d_out = random_vector(12, tokens * q_width);
  const auto forward = [&](const Vector& at) {
    Vector out;
    for (const lora::RowSpan& row : rows) {
      std::vector<Vector> q, k, v;
      for (std::int64_t t = row.begin; t < row.begin + row.length; ++t) {
        const auto from = at.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(t) * width);
        const auto mid = from + static_cast<std::ptrdiff_t>(q_width);
        const auto end = mid + static_cast<std::ptrdiff_t>(kv_width);
        q.emplace_back(from, mid);
        k.emplace_back(mid, end);
        v.emplace_back(end, end + static_cast<std::ptrdiff_t>(kv_width));
      }
      for (const Vector& one : ref_attention(q, k, v, 4, 2, 6, 10000, factors))
        out.insert(out.end(), one.begin(), one.end());
    }
    return out;
  };
  lora::Gemm gemm;
  lora::Attention<float> attention(shape, &gemm);
  std::vector<float> out(tokens * q_width), d_qkv(tokens * width);
  attention.forward(rows, floats(qkv).data(), out.data());
  expect_close(forward(qkv), out);
  attention.backward(rows, floats(qkv).data(), floats(d_out).data(), d_qkv.data());
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
