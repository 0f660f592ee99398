#include "train/optimiser.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "train/block_code.h"
#include "train/kernels.h"
#include "train/parallel.h"
#include "train/part_times.h"

namespace banchu::lora {

namespace {

constexpr std::int64_t kPiece = 1 << 14;
static_assert(kPiece % kBlock == 0);

// body(begin, n, piece) over fixed pieces of [0, size).
template <typename Body>
void for_pieces(std::int64_t size, const Body& body) {
  parallel_for((size + kPiece - 1) / kPiece, kPiece,
               [&](std::int64_t i) { body(i * kPiece, std::min(kPiece, size - i * kPiece), i); });
}

void cut(std::int64_t begin, std::int64_t size, bool is_b, std::vector<Piece>* pieces) {
  std::int64_t block = pieces->empty() ? 0 : pieces->back().block + (pieces->back().size + kBlock - 1) / kBlock;
  for (std::int64_t done = 0; done < size; done += kPiece) {
    const std::int64_t n = std::min(kPiece, size - done);
    pieces->push_back({begin + done, n, block, is_b});
    block += (n + kBlock - 1) / kBlock;
  }
}

struct Extent {
  std::int64_t numbers = 0;
  std::int64_t blocks = 0;
};
Extent extent_of(const std::vector<Piece>& pieces) {
  if (pieces.empty()) return {};
  const Piece& last = pieces.back();
  return {last.begin + last.size, last.block + (last.size + kBlock - 1) / kBlock};
}

// The states as arrays.
struct Full {
  float *m = nullptr, *v = nullptr;
};
Full full_of(StateBytes* bytes) {
  auto* m = reinterpret_cast<float*>(bytes->all().data());
  return {m, m + bytes->all().size() / (2 * sizeof(float))};
}

struct Packed {
  float *m_scales = nullptr, *v_scales = nullptr;
  std::uint8_t *m = nullptr, *v = nullptr;
};
Packed packed_of(StateBytes* bytes, const Extent& extent) {
  auto* scales = reinterpret_cast<float*>(bytes->all().data());
  auto* codes = reinterpret_cast<std::uint8_t*>(scales + 2 * extent.blocks);
  return {scales, scales + extent.blocks, codes, codes + extent.numbers};
}

// One block: out of its bytes, a step, back into its bytes.
void step_block(const AdamStep& step, const float* gradient, std::int64_t at, std::int64_t block, std::int64_t n,
                const Packed& states, float* parameter) {
  float m[kBlock], v[kBlock];
  unpack_block(DynamicCode::with_sign(), states.m + at, states.m_scales[block], n, m);
  unpack_block(DynamicCode::without_sign(), states.v + at, states.v_scales[block], n, v);
  kernels().adamw(step, gradient, m, v, parameter, n);
  pack_block(DynamicCode::with_sign(), m, n, states.m + at, &states.m_scales[block]);
  pack_block(DynamicCode::without_sign(), v, n, states.v + at, &states.v_scales[block]);
}

AdamStep step_of(const TrainOptions& options, double learning_rate, double norm, std::int64_t steps) {
  const auto t = static_cast<double>(steps);
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
  return step;
}

}  // namespace

double learning_rate_at(const TrainOptions& options, double peak, int step, int total) {
  const int warmup =
      options.warmup_steps > 0 ? options.warmup_steps : static_cast<int>(std::ceil(options.warmup_share * total));
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

std::vector<Piece> pieces_of(const ParameterPlan& plan) {
  std::vector<Piece> pieces;
  for (const ParameterTensor& tensor : tensors_of(plan)) cut(tensor.begin, tensor.size, tensor.is_b, &pieces);
  return pieces;
}

std::size_t adam_state_bytes(TrainOptions::Optimiser optimiser, const std::vector<Piece>& pieces) {
  const Extent extent = extent_of(pieces);
  const std::int64_t bytes = optimiser == TrainOptions::Optimiser::adamw
                                 ? extent.numbers * 2 * static_cast<std::int64_t>(sizeof(float))
                                 : extent.numbers * 2 + extent.blocks * 2 * static_cast<std::int64_t>(sizeof(float));
  return static_cast<std::size_t>(bytes);
}

Result<AdamState> fresh_adam(const TrainOptions& options, const std::vector<Piece>& pieces,
                             const std::filesystem::path& folder) {
  AdamState state;
  BANCHU_TRY(state.bytes, StateBytes::create(adam_state_bytes(options.optimiser, pieces),
                                             options.paged_states ? folder : std::filesystem::path()));
  if (options.optimiser == TrainOptions::Optimiser::adamw) return state;
  const Extent extent = extent_of(pieces);
  const Packed packed = packed_of(&state.bytes, extent);
  std::fill_n(packed.m, extent.numbers, DynamicCode::with_sign().nearest(0));
  std::fill_n(packed.v, extent.numbers, DynamicCode::without_sign().nearest(0));
  return state;
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
                const std::vector<Piece>& pieces, AdamState* state, std::vector<float>* parameters) {
  const Timed timed(Part::optimiser);
  ++state->steps;
  const AdamStep slow = step_of(options, learning_rate, norm, state->steps);
  const AdamStep fast = step_of(options, learning_rate * options.b_rate_ratio, norm, state->steps);
  const bool in_full = options.optimiser == TrainOptions::Optimiser::adamw;
  const Full full = in_full ? full_of(&state->bytes) : Full{};
  const Packed packed = in_full ? Packed{} : packed_of(&state->bytes, extent_of(pieces));
  parallel_for(static_cast<std::int64_t>(pieces.size()), kPiece, [&](std::int64_t i) {
    const Piece& piece = pieces[static_cast<std::size_t>(i)];
    const AdamStep& step = piece.is_b ? fast : slow;
    const float* gradient = gradients.data() + piece.begin;
    float* parameter = parameters->data() + piece.begin;
    if (in_full) {
      kernels().adamw(step, gradient, full.m + piece.begin, full.v + piece.begin, parameter, piece.size);
      return;
    }
    for (std::int64_t done = 0; done < piece.size; done += kBlock) {
      step_block(step, gradient + done, piece.begin + done, piece.block + done / kBlock,
                 std::min(kBlock, piece.size - done), packed, parameter + done);
    }
  });
}

void move_average(double decay, std::int64_t steps, const std::vector<float>& parameters, std::vector<float>* average) {
  const auto t = static_cast<double>(steps);
  const auto kept = static_cast<float>(std::min(decay, (1.0 + t) / (10.0 + t)));
  for_pieces(static_cast<std::int64_t>(parameters.size()), [&](std::int64_t begin, std::int64_t n, std::int64_t) {
    const float* p = parameters.data() + begin;
    float* e = average->data() + begin;
#pragma omp simd
    for (std::int64_t i = 0; i < n; ++i) e[i] += (1.0f - kept) * (p[i] - e[i]);
  });
}

}  // namespace banchu::lora
