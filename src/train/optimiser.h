// A letter to the reader: AdamW, and how fast it may walk.
//
// Adam (Kingma and Ba, 2015) keeps two running means of every gradient g: m of g, v of g^2, both corrected for
// having started at zero, and steps by m / (sqrt(v) + eps): about the rate itself, in the direction that was steady.
// The W (Loshchilov and Hutter, 2019) shrinks the parameter by rate * decay beside that, not through the gradient:
//   p <- p (1 - lr wd)
//   m <- b1 m + (1 - b1) g          v <- b2 v + (1 - b2) g^2
//   p <- p - lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps)          t = 1, 2, ...
// exactly as torch.optim.AdamW computes it. Before that the whole gradient is scaled down to length max_norm when it is
// longer: g <- g * min(1, max_norm / (|g| + 1e-6)), as torch.nn.utils.clip_grad_norm_ does.
//
// LoRA+ (Hayou, Ghosh and Yu, arXiv 2402.12354): B may walk faster than A, lr_B = ratio * lr, and so decays faster.
// m and v may be kept in eight bits (block_code.h), and in a mapped file (state_bytes.h).
//
// Beside the walker goes its shadow, the running mean of where it has been (Polyak and Juditsky, 1992):
//   e <- d e + (1 - d) p,   d = min(decay, (1 + t) / (10 + t))
// The second argument lets a young mean forget its beginning (as TensorFlow's ExponentialMovingAverage does).
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/result.h"
#include "train/lora_parameters.h"
#include "train/state_bytes.h"
#include "train/train.h"

namespace banchu::lora {

// The rate of step 0, 1, ... of `total`, as Hugging Face's schedules give it with w = warmup_steps, or
// ceil(warmup_share * total) when that is 0: lr * step / w while step < w (so the first warm-up step has rate 0), then
// constant, or falling to 0 at `total` along a line or half a cosine.
double learning_rate_at(const TrainOptions& options, double peak, int step, int total);

// Where a step's work is cut: pieces of one tensor each, the same for every thread count.
struct Piece {
  std::int64_t begin = 0;
  std::int64_t size = 0;
  std::int64_t block = 0;  // the first of its blocks of eight-bit states
  bool is_b = false;       // of a B matrix: LoRA+ walks it faster
};
std::vector<Piece> pieces_of(const ParameterPlan& plan);

// m and v. In 32 bits: m [n], v [n]; in 8 bits: m's and v's block scales, then m's and v's codes.
struct AdamState {
  StateBytes bytes;
  std::int64_t steps = 0;
};
std::size_t adam_state_bytes(TrainOptions::Optimiser optimiser, const std::vector<Piece>& pieces);
// Zeros; paged into `folder` when the options ask for it. Errors: those of StateBytes::create.
Result<AdamState> fresh_adam(const TrainOptions& options, const std::vector<Piece>& pieces,
                             const std::filesystem::path& folder);

// The length of the gradient. Summed in fixed pieces: the same for every thread count.
double gradient_norm(const std::vector<float>& gradients);

void adamw_step(const TrainOptions& options, double learning_rate, double norm, const std::vector<float>& gradients,
                const std::vector<Piece>& pieces, AdamState* state, std::vector<float>* parameters);

// Moves the mean after step `steps` (1, 2, ...).
void move_average(double decay, std::int64_t steps, const std::vector<float>& parameters, std::vector<float>* average);

}  // namespace banchu::lora
