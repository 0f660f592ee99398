// A model of any family with LoRA in plain double precision, written to be read and not to be fast: the yardstick of
// the gradients. Independent of src/train/ on purpose: it shares no code with what it judges.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ruminate/lesson.h"
#include "tests/train/tiny_model.h"
#include "train/adapter.h"

namespace banchu::test {

using Vector = std::vector<double>;

// y = x g / sqrt(mean(x^2) + eps)
Vector ref_rms_norm(const Vector& x, const Vector& weight, double epsilon);
// silu(gate) * up
Vector ref_swiglu(const Vector& gate, const Vector& up);
// gelu(gate) * up, gelu(z) = z / 2 (1 + tanh(sqrt(2 / pi) (z + 0.044715 z^3)))
Vector ref_geglu(const Vector& gate, const Vector& up);

struct RefRope {
  double base = 10000;
  int dims = 0;         // the first so many numbers turn; 0: all
  bool halves = false;  // pairs (i, i + dims / 2), else (2i, 2i + 1)
  Vector factors = {};  // one per pair; empty: all 1
  double stretch = 1;
  bool yarn = false;
  double original_context = 0;
  double magnitude = 1;
};
// Pair i turned by position * base^(-2i/dims) / factor_i, slowed down by the stretch and enlarged by the magnitude.
Vector ref_rope(const Vector& x, int position, const RefRope& rope);

struct RefHeads {
  int heads = 1, kv_heads = 1, dim = 0;
  RefRope rope = {};
  Vector q_norm = {}, k_norm = {};  // [dim]; empty: none
  double epsilon = 1e-5;
  int window = 0;  // 0: all positions up to the own one are seen
};
// Causal attention of one row; q [n][heads * dim], k and v [n][kv_heads * dim], norms and rope applied inside.
std::vector<Vector> ref_attention(const std::vector<Vector>& q, const std::vector<Vector>& k,
                                  const std::vector<Vector>& v, const RefHeads& heads);
double ref_cross_entropy(const Vector& logits, int token);
// Forward KL on the teacher's tokens and one bucket for all others.
double ref_distillation(const Vector& logits, const TopK& teacher);

struct ReferenceModel {
  TinyModel tiny;
  std::map<std::string, Vector> weights;
  std::map<std::string, std::pair<Vector, Vector>> lora;  // base tensor -> A [rank, in], B [out, rank]
  int rank = 0;
  double scale = 0;

  ReferenceModel(const TinyModel& model, const Adapter& adapter);
  std::vector<Vector> logits(const std::vector<Token>& tokens) const;
  // Sum of weight * loss over the row's targets.
  double loss(const LessonRow& row) const;
  // -log sigmoid(beta (log p(chosen) - log p(rejected) - reference)), times the row's weight.
  double preference_loss(const LessonRow& row, double beta, double reference) const;
  // log p(chosen) - log p(rejected).
  double lead(const LessonRow& row) const;

 private:
  // W x + bias + scale * B A x, for the tensor `name` + ".weight".
  Vector map(const std::string& name, const Vector& x) const;
  RefHeads heads(std::uint32_t layer) const;
  std::vector<Vector> attend(std::uint32_t layer, const std::vector<Vector>& normed) const;
  Vector feed_forward(const std::string& layer, const Vector& x) const;
  // What a branch gives to the residual.
  Vector branch(const Vector& y, const std::string& post_norm) const;
  Vector normed(const Vector& x, const std::string& name) const;
};

}  // namespace banchu::test
