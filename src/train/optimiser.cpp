#include "train/optimiser.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "train/kernels.h"
#include "train/parallel.h"
#include "train/part_times.h"

namespace banchu::lora {

namespace {
constexpr std::int64_t kPiece = 1 << 14;

// body(begin, n, piece) over fixed pieces of [0, size).
template <typename Body>
void for_pieces(std::int64_t size, const Body& body) {
  parallel_for((size + kPiece - 1) / kPiece, kPiece,
               [&](std::int64_t i) { body(i * kPiece, std::min(kPiece, size - i * kPiece), i); });
}
}  // namespace

double learning_rate_at(const TrainOptions& options, double peak, int step, int total) {
  const int warmup = static_cast<int>(std::ceil(options.warmup_share * total));
  if (step < warmup) return peak * step / std::max(1, warmup);
  const double left = static_cast<double>(total - step) / std::max(1, total - warmup);
  switch (options.schedule) {
    case TrainOptions::Schedule::constant:
      return peak;
    case TrainOptions::Schedule::linear:
      return peak * std::max(0.0, left);
    case TrainOptions::Schedule::cosine:
      return peak * 0.5 * (1.0 + std::cos(std::numbers::pi * (1.0 - std::max(0.0, left))));
  }
  return peak;
}

double gradient_norm(const std::vector<float>& gradients) {
  const Timed timed(Part::optimiser);
  const auto size = static_cast<std::int64_t>(gradients.size());
  std::vector<double> sums(static_cast<std::size_t>((size + kPiece - 1) / kPiece));
  for_pieces(size, [&](std::int64_t begin, std::int64_t n, std::int64_t piece) {
    sums[static_cast<std::size_t>(piece)] = kernels().sum_squares(gradients.data() + begin, n);
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return std::sqrt(total);
}

void adamw_step(const TrainOptions& options, double learning_rate, double norm, const std::vector<float>& gradients,
                AdamState* state, std::vector<float>* parameters) {
  const Timed timed(Part::optimiser);
  ++state->steps;
  const auto t = static_cast<double>(state->steps);
  AdamStep step;
  step.learning_rate = static_cast<float>(learning_rate);
  step.decay = static_cast<float>(1.0 - learning_rate * options.weight_decay);
  step.beta1 = static_cast<float>(options.beta1);
  step.beta2 = static_cast<float>(options.beta2);
  step.correction1 = static_cast<float>(1.0 - std::pow(options.beta1, t));
  step.correction2_root = static_cast<float>(std::sqrt(1.0 - std::pow(options.beta2, t)));
  step.epsilon = static_cast<float>(options.epsilon);
  if (options.max_grad_norm > 0) {
    step.gradient_scale = static_cast<float>(std::min(1.0, options.max_grad_norm / (norm + 1e-6)));
  }
  for_pieces(static_cast<std::int64_t>(gradients.size()), [&](std::int64_t begin, std::int64_t n, std::int64_t) {
    kernels().adamw(step, gradients.data() + begin, state->m.data() + begin, state->v.data() + begin,
                    parameters->data() + begin, n);
  });
}

}  // namespace banchu::lora
