#include "train/head.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "train/kernels.h"
#include "train/parallel.h"
#include "train/part_times.h"

namespace banchu::lora {

namespace {

constexpr std::int64_t kChunk = 256;
constexpr std::int64_t kRowBucket = 32;

template <typename T>
double cross_entropy(const Target& target, const float* logits, std::int64_t n, T* gradient) {
  const float shift = kernels().maximum(logits, n);
  const double sum = kernels().sum_exp(logits, shift, n);
  const float own = logits[target.token];
  const double loss = std::log(sum) + static_cast<double>(shift) - static_cast<double>(own);
  if (gradient != nullptr) {
    kernels().of<T>().scaled_exp(logits, shift, static_cast<float>(target.weight / sum), n, gradient);
    const double q = std::exp(static_cast<double>(own) - static_cast<double>(shift)) / sum;
    store(static_cast<float>(target.weight * (q - 1.0)), &gradient[target.token]);
  }
  return target.weight * loss;
}

// The student's view of the teacher's tokens: exp(z - shift) of each, and of all others together.
struct Buckets {
  float shift = 0;
  std::vector<double> top;
  double rest = 0;
  double total = 0;
};

// The others are summed between the teacher's tokens, never as a difference: a peaked student leaves them so little
// that the difference would be all rounding.
Buckets bucket(const TopK& teacher, const float* logits, std::int64_t n) {
  Buckets b;
  b.shift = kernels().maximum(logits, n);
  for (const Token id : teacher.ids) {
    b.top.push_back(std::exp(static_cast<double>(logits[id]) - static_cast<double>(b.shift)));
    b.total += b.top.back();
  }
  std::vector<Token> sorted = teacher.ids;
  std::sort(sorted.begin(), sorted.end());
  sorted.push_back(static_cast<Token>(n));
  std::int64_t begin = 0;
  for (const Token id : sorted) {
    b.rest += kernels().sum_exp(logits + begin, b.shift, id - begin);
    begin = id + 1;
  }
  b.total += b.rest;
  return b;
}

constexpr double kTiny = 1e-30;

double divergence(double p, double q) { return p > 0 ? p * std::log(p / std::max(q, kTiny)) : 0.0; }

template <typename T>
double distillation(const Target& target, const float* logits, std::int64_t n, T* gradient) {
  const TopK& teacher = *target.teacher;
  const Buckets b = bucket(teacher, logits, n);
  double loss = 0;
  double p_tail = 1;
  std::vector<double> p;
  for (std::size_t i = 0; i < teacher.ids.size(); ++i) {
    p.push_back(std::exp(static_cast<double>(teacher.logprobs[i])));
    p_tail -= p.back();
    loss += divergence(p.back(), b.top[i] / b.total);
  }
  // Float logprobs of a peaked teacher sum to 1 only up to rounding; less than that is no tail.
  if (p_tail < 1e-6) p_tail = 0;
  loss += divergence(p_tail, b.rest / b.total);
  if (gradient != nullptr) {
    const double rest_factor = 1.0 / b.total - p_tail / std::max(b.rest, kTiny);
    kernels().of<T>().scaled_exp(logits, b.shift, static_cast<float>(target.weight * rest_factor), n, gradient);
    for (std::size_t i = 0; i < p.size(); ++i) {
      store(static_cast<float>(target.weight * (b.top[i] / b.total - p[i])), &gradient[teacher.ids[i]]);
    }
  }
  return target.weight * loss;
}

}  // namespace

template <typename T>
double target_loss(const Target& target, const float* logits, std::int64_t n, T* gradient) {
  if (target.teacher == nullptr) return cross_entropy(target, logits, n, gradient);
  return distillation(target, logits, n, gradient);
}

// With e = exp(-|m|): -log sigmoid(m) = log(1 + e) + max(-m, 0).
Margin margin_of(double m) {
  const double e = std::exp(-std::abs(m));
  return {std::log1p(e) + std::max(-m, 0.0), (m > 0 ? e : 1.0) / (1.0 + e)};
}

template <typename T>
void Head<T>::norm_and_project(const Target* targets, std::int64_t count, std::int64_t padded, const float* x) {
  const ModelShape& shape = model_.shape();
  const std::int64_t width = shape.n_embd;
  T* normed = normed_.grow(kChunk * width);
  parallel_for(count, width, [&](std::int64_t i) {
    kernels().of<T>().rms_norm(x + targets[i].position * width, model_.output_norm(), shape.rms_epsilon, width,
                               normed + i * width);
  });
  std::memset(static_cast<void*>(normed + count * width), 0,
              static_cast<std::size_t>((padded - count) * width) * sizeof(T));
  products_.project(normed, padded, logits_.grow(kChunk * shape.n_vocab));
}

template <typename T>
double Head<T>::run_chunk(const Target* targets, std::int64_t count, const float* x, float* dx) {
  const ModelShape& shape = model_.shape();
  const std::int64_t width = shape.n_embd;
  const std::int64_t padded = (count + kRowBucket - 1) / kRowBucket * kRowBucket;
  norm_and_project(targets, count, padded, x);
  losses_.assign(static_cast<std::size_t>(count), 0.0);
  T* d_logits = dx == nullptr ? nullptr : d_logits_.grow(kChunk * shape.n_vocab);
  parallel_for(count, shape.n_vocab, [&](std::int64_t i) {
    T* gradient = d_logits == nullptr ? nullptr : d_logits + i * shape.n_vocab;
    losses_[static_cast<std::size_t>(i)] =
        target_loss(targets[i], logits_.data() + i * shape.n_vocab, shape.n_vocab, gradient);
  });
  if (dx != nullptr) {
    std::memset(static_cast<void*>(d_logits + count * shape.n_vocab), 0,
                static_cast<std::size_t>((padded - count) * shape.n_vocab) * sizeof(T));
    float* d_normed = d_normed_.grow(kChunk * width);
    products_.project_back(d_logits, padded, d_normed);
    parallel_for(count, width, [&](std::int64_t i) {
      const std::int64_t at = targets[i].position * width;
      kernels().f32.rms_norm_backward(x + at, model_.output_norm(), d_normed + i * width, shape.rms_epsilon, width,
                                      dx + at);
    });
  }
  return std::accumulate(losses_.begin(), losses_.end(), 0.0);
}

template <typename T>
double Head<T>::run(const std::vector<Target>& targets, const float* x, float* dx) {
  const Timed timed(Part::head);
  double loss = 0;
  const auto n = static_cast<std::int64_t>(targets.size());
  for (std::int64_t first = 0; first < n; first += kChunk) {
    loss += run_chunk(targets.data() + first, std::min(kChunk, n - first), x, dx);
  }
  return loss;
}

template <typename T>
double Head<T>::run(const Preference& pair, const float* x, float* dx) {
  std::vector<Target> targets = pair.targets;
  const auto chosen_end = targets.begin() + static_cast<std::ptrdiff_t>(pair.chosen);
  for (Target& target : targets) target.weight = 1;
  // Cross-entropy sums -log q: the chosen reply's is to become the smaller one.
  const double chosen = run(std::vector<Target>(targets.begin(), chosen_end), x, nullptr);
  const double rejected = run(std::vector<Target>(chosen_end, targets.end()), x, nullptr);
  const Margin margin = margin_of(pair.beta * (rejected - chosen - pair.reference));
  if (dx != nullptr) {
    const double pull = pair.weight * pair.beta * margin.pull;
    for (auto target = targets.begin(); target != targets.end(); ++target) {
      target->weight = target < chosen_end ? pull : -pull;
    }
    run(targets, x, dx);
  }
  return pair.weight * margin.loss;
}

template <typename T>
void Head<T>::logits(const float* x, std::int64_t tokens, float* out) {
  const std::int64_t n_vocab = model_.shape().n_vocab;
  std::vector<Target> targets;
  for (std::int64_t first = 0; first < tokens; first += kChunk) {
    targets.clear();
    for (std::int64_t t = first; t < std::min(first + kChunk, tokens); ++t) targets.push_back({t});
    const auto count = static_cast<std::int64_t>(targets.size());
    norm_and_project(targets.data(), count, (count + kRowBucket - 1) / kRowBucket * kRowBucket, x);
    std::memcpy(out + first * n_vocab, logits_.data(), static_cast<std::size_t>(count * n_vocab) * sizeof(float));
  }
}

template double target_loss<float>(const Target&, const float*, std::int64_t, float*);
template double target_loss<Bf16>(const Target&, const float*, std::int64_t, Bf16*);
template class Head<float>;
template class Head<Bf16>;

}  // namespace banchu::lora
