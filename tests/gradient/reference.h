// A llama with LoRA in plain double precision, written to be read and not to be fast: the yardstick of the gradients.
// Independent of src/train/ on purpose: it shares no code with what it judges.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ruminate/lesson.h"
#include "tests/train/tiny_llama.h"
#include "train/adapter.h"

namespace banchu::test {

using Vector = std::vector<double>;

// y = x g / sqrt(mean(x^2) + eps)
Vector ref_rms_norm(const Vector& x, const Vector& weight, double epsilon);
// silu(gate) * up
Vector ref_swiglu(const Vector& gate, const Vector& up);
// Pairs (2i, 2i+1) turned by position * base^(-2i/n) / factor_i.
Vector ref_rope(const Vector& x, int position, double base, const Vector& factors);
// Causal attention of one row; q [n][heads * dim], k and v [n][kv_heads * dim], rope applied inside.
std::vector<Vector> ref_attention(const std::vector<Vector>& q, const std::vector<Vector>& k,
                                  const std::vector<Vector>& v, int heads, int kv_heads, int dim, double base,
                                  const Vector& factors);
double ref_cross_entropy(const Vector& logits, int token);
// Forward KL on the teacher's tokens and one bucket for all others.
double ref_distillation(const Vector& logits, const TopK& teacher);

struct ReferenceModel {
  TinyLlama tiny;
  std::map<std::string, Vector> weights;
  std::map<std::string, std::pair<Vector, Vector>> lora;  // base tensor -> A [rank, in], B [out, rank]
  int rank = 0;
  double scale = 0;

  ReferenceModel(const TinyLlama& model, const Adapter& adapter);
  std::vector<Vector> logits(const std::vector<Token>& tokens) const;
  // Sum of weight * loss over the row's targets.
  double loss(const LessonRow& row) const;

 private:
  Vector map(const std::string& name, const Vector& x) const;
};

}  // namespace banchu::test
