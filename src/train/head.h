// From the last hidden states to the loss, and back: final norm, vocabulary matrix, and the three losses.
//
// Only target positions pass through here, 128 at a time: the array [targets, vocabulary] never exists.
// With z the logits, q = softmax(z) and w the target's weight:
//   cross-entropy on token y:   l = log sum exp z - z_y                       dl/dz_j = q_j - [j = y]
//   distillation, forward KL(teacher || student) at temperature 1 on the teacher's top k with probabilities p_i, all
//   other tokens as one bucket with p_t = 1 - sum p_i and q_t = 1 - sum q_i:
//                               l = sum_i p_i log(p_i / q_i) + p_t log(p_t / q_t)
//                               dl/dz_j = q_j - p_j inside the top k, q_j (1 - p_t / q_t) outside it
//   preference (DPO; Rafailov et al., arXiv 2305.18290, equation 7), with log p(reply) = sum of its tokens' log q:
//                               m = beta (log p(chosen) - log p(rejected) - the same of the reference)
//                               l = -log sigmoid(m)
//                               dl/d log p(chosen) = -beta sigmoid(-m), of the rejected one the opposite
//   so its gradient is cross-entropy's with the weights +-beta sigmoid(-m), once m is known: these targets pass the
//   vocabulary twice.
// The loss is sum w l; weights are divided by the step's total weight before they come here.
#pragma once

#include <cstdint>
#include <vector>

#include "train/batch.h"
#include "train/frozen_model.h"

namespace banchu::lora {

// -log sigmoid(m), and sigmoid(-m), without overflow.
struct Margin {
  double loss = 0;
  double pull = 0;
};
Margin margin_of(double m);

// w * l of one target on its logits [n]; writes w * dl/dz to `gradient` [n] unless it is null.
template <typename T>
double target_loss(const Target& target, const float* logits, std::int64_t n, T* gradient);

// The two products with the vocabulary matrix W [n_vocab, n_embd], whoever holds it.
template <typename T>
class HeadProducts {
 public:
  virtual ~HeadProducts() = default;
  // logits [count, n_vocab] = normed [count, n_embd] W^T
  virtual void project(const T* normed, std::int64_t count, float* logits) = 0;
  // d_normed [count, n_embd] = d_logits [count, n_vocab] W
  virtual void project_back(const T* d_logits, std::int64_t count, float* d_normed) = 0;
};

template <typename T>
class Head {
 public:
  Head(const FrozenModel* model, HeadProducts<T>* products) : model_(*model), products_(*products) {}
  // x [tokens, n_embd]. Adds the gradient of the loss to dx [tokens, n_embd] unless it is null. Returns the loss.
  double run(const std::vector<Target>& targets, const float* x, float* dx);
  // The same of one pair.
  double run(const Preference& pair, const float* x, float* dx);
  // The logits of every position, [tokens, n_vocab].
  void logits(const float* x, std::int64_t tokens, float* out);

 private:
  double run_chunk(const Target* targets, std::int64_t count, const float* x, float* dx);
  void norm_and_project(const Target* targets, std::int64_t count, std::int64_t padded, const float* x);

  const FrozenModel& model_;
  HeadProducts<T>& products_;
  Buffer<T> normed_, d_logits_;
  Buffer<float> logits_, d_normed_;
  std::vector<double> losses_;
};

}  // namespace banchu::lora
