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
#pragma once

#include <cstdint>
#include <vector>

#include "train/train.h"

namespace banchu::lora {

// The rate of step 0, 1, ... of `total`, as Hugging Face's schedules give it with w = ceil(warmup_share * total)
// warm-up steps: lr * step / w while step < w (so the first warm-up step has rate 0), then constant, or falling to 0 at
// `total` along a line or half a cosine.
double learning_rate_at(const TrainOptions& options, double peak, int step, int total);

struct AdamState {
  std::vector<float> m, v;
  std::int64_t steps = 0;
};

// The length of the gradient. Summed in fixed pieces: the same for every thread count.
double gradient_norm(const std::vector<float>& gradients);

void adamw_step(const TrainOptions& options, double learning_rate, double norm, const std::vector<float>& gradients,
                AdamState* state, std::vector<float>* parameters);

}  // namespace banchu::lora
