#include "tests/gradient/reference.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace banchu::test {

Vector ref_rms_norm(const Vector& x, const Vector& weight, double epsilon) {
  double sum = 0;
  for (const double v : x) sum += v * v;
  const double r = std::sqrt(sum / static_cast<double>(x.size()) + epsilon);
  Vector y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = x[i] * weight[i] / r;
  return y;
}

Vector ref_swiglu(const Vector& gate, const Vector& up) {
  Vector y(gate.size());
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = gate[i] / (1 + std::exp(-gate[i])) * up[i];
  return y;
}

Vector ref_rope(const Vector& x, int position, double base, const Vector& factors) {
  Vector y = x;
  for (std::size_t i = 0; i < x.size() / 2; ++i) {
    const double exponent = -2.0 * static_cast<double>(i) / static_cast<double>(x.size());
    const double factor = factors.empty() ? 1.0 : factors[i];
    const double angle = position * std::pow(base, exponent) / factor;
    y[2 * i] = x[2 * i] * std::cos(angle) - x[2 * i + 1] * std::sin(angle);
    y[2 * i + 1] = x[2 * i] * std::sin(angle) + x[2 * i + 1] * std::cos(angle);
  }
  return y;
}

namespace {

Vector slice(const Vector& x, int begin, int count) { return {x.begin() + begin, x.begin() + begin + count}; }

double dot(const Vector& x, const Vector& y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

Vector softmax(Vector x) {
  const double top = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (double& v : x) sum += (v = std::exp(v - top));
  for (double& v : x) v /= sum;
  return x;
}

Vector add(Vector x, const Vector& y) {
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += y[i];
  return x;
}

}  // namespace

std::vector<Vector> ref_attention(const std::vector<Vector>& q, const std::vector<Vector>& k,
                                  const std::vector<Vector>& v, int heads, int kv_heads, int dim, double base,
                                  const Vector& factors) {
  const int n = static_cast<int>(q.size());
  std::vector<Vector> out(q.size(), Vector(static_cast<std::size_t>(heads * dim), 0.0));
  for (int h = 0; h < heads; ++h) {
    const int kv = h / (heads / kv_heads);
    std::vector<Vector> turned;
    for (int t = 0; t < n; ++t) {
      const auto at = static_cast<std::size_t>(t);
      turned.push_back(ref_rope(slice(k[at], kv * dim, dim), t, base, factors));
      const Vector query = ref_rope(slice(q[at], h * dim, dim), t, base, factors);
      Vector scores;
      for (const Vector& key : turned) scores.push_back(dot(query, key) / std::sqrt(static_cast<double>(dim)));
      const Vector p = softmax(scores);
      for (int j = 0; j <= t; ++j) {
        for (int d = 0; d < dim; ++d) {
          out[at][static_cast<std::size_t>(h * dim + d)] +=
              p[static_cast<std::size_t>(j)] * v[static_cast<std::size_t>(j)][static_cast<std::size_t>(kv * dim + d)];
        }
      }
    }
  }
  return out;
}

double ref_cross_entropy(const Vector& logits, int token) {
  return -std::log(softmax(logits)[static_cast<std::size_t>(token)]);
}

double ref_distillation(const Vector& logits, const TopK& teacher) {
  const Vector q = softmax(logits);
  double loss = 0;
  double p_tail = 1;
  double q_tail = 0;
  const std::set<Token> top(teacher.ids.begin(), teacher.ids.end());
  for (std::size_t j = 0; j < q.size(); ++j) {
    if (!top.contains(static_cast<Token>(j))) q_tail += q[j];
  }
  for (std::size_t i = 0; i < teacher.ids.size(); ++i) {
    const double p = std::exp(static_cast<double>(teacher.logprobs[i]));
    loss += p * std::log(p / q[static_cast<std::size_t>(teacher.ids[i])]);
    p_tail -= p;
  }
  return p_tail > 1e-6 ? loss + p_tail * std::log(p_tail / q_tail) : loss;
}

ReferenceModel::ReferenceModel(const TinyLlama& model, const Adapter& adapter) : tiny(model) {
  for (const auto& [name, tensor] : model.tensors) weights[name] = Vector(tensor.data.begin(), tensor.data.end());
  for (const AdapterTensor& t : adapter.tensors) {
    lora[t.base] = {Vector(t.a.begin(), t.a.end()), Vector(t.b.begin(), t.b.end())};
    rank = static_cast<int>(t.rank);
  }
  scale = rank > 0 ? static_cast<double>(adapter.alpha) / rank : 0;
}

Vector ReferenceModel::map(const std::string& name, const Vector& x) const {
  const Vector& w = weights.at(name);
  const std::size_t out = w.size() / x.size();
  Vector y(out, 0.0);
  for (std::size_t o = 0; o < out; ++o) {
    for (std::size_t i = 0; i < x.size(); ++i) y[o] += w[o * x.size() + i] * x[i];
  }
  const auto found = lora.find(name);
  if (found == lora.end()) return y;
  const auto& [a, b] = found->second;
  const auto r = static_cast<std::size_t>(rank);
  for (std::size_t k = 0; k < r; ++k) {
    double h = 0;
    for (std::size_t i = 0; i < x.size(); ++i) h += a[k * x.size() + i] * x[i];
    for (std::size_t o = 0; o < out; ++o) y[o] += scale * b[o * r + k] * h;
  }
  return y;
}

std::vector<Vector> ReferenceModel::logits(const std::vector<Token>& tokens) const {
  const double eps = static_cast<double>(tiny.rms_epsilon);
  std::vector<Vector> x;
  for (const Token token : tokens) {
    const auto width = static_cast<int>(tiny.n_embd);
    x.push_back(slice(weights.at("token_embd.weight"), token * width, width));
  }
  for (std::uint32_t l = 0; l < tiny.n_layer; ++l) {
    const std::string layer = "blk." + std::to_string(l) + ".";
    std::vector<Vector> q, k, v;
    for (const Vector& one : x) {
      const Vector normed = ref_rms_norm(one, weights.at(layer + "attn_norm.weight"), eps);
      q.push_back(map(layer + "attn_q.weight", normed));
      k.push_back(map(layer + "attn_k.weight", normed));
      v.push_back(map(layer + "attn_v.weight", normed));
    }
    const auto attended = ref_attention(q, k, v, static_cast<int>(tiny.n_head), static_cast<int>(tiny.n_head_kv),
                                        static_cast<int>(tiny.head_dim), static_cast<double>(tiny.rope_base),
                                        weights.at("rope_freqs.weight"));
    for (std::size_t t = 0; t < x.size(); ++t) {
      x[t] = add(x[t], map(layer + "attn_output.weight", attended[t]));
      const Vector normed = ref_rms_norm(x[t], weights.at(layer + "ffn_norm.weight"), eps);
      const Vector inner = ref_swiglu(map(layer + "ffn_gate.weight", normed), map(layer + "ffn_up.weight", normed));
      x[t] = add(x[t], map(layer + "ffn_down.weight", inner));
    }
  }
  const std::string head = weights.contains("output.weight") ? "output.weight" : "token_embd.weight";
  std::vector<Vector> out;
  for (const Vector& one : x) out.push_back(map(head, ref_rms_norm(one, weights.at("output_norm.weight"), eps)));
  return out;
}

double ReferenceModel::loss(const LessonRow& row) const {
  const auto all = logits(row.tokens);
  double total = 0;
  for (std::size_t i = 0; i < row.targets.size(); ++i) {
    const Vector& here = all[row.targets[i] - 1];
    const double one = row.teacher.empty() ? ref_cross_entropy(here, row.tokens[row.targets[i]])
                                           : ref_distillation(here, row.teacher[i]);
    total += static_cast<double>(row.weight) * one;
  }
  return total;
}

}  // namespace banchu::test
