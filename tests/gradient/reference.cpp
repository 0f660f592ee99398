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

Vector ref_geglu(const Vector& gate, const Vector& up) {
  Vector y(gate.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double z = gate[i];
    y[i] = z / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (z + 0.044715 * z * z * z))) * up[i];
  }
  return y;
}

namespace {

// By how much yarn slows down a pair: not at all when it makes 32 turns over the original context, by the whole
// stretch when it makes less than one; in between in a straight line over the pairs.
double yarn_slowdown(const RefRope& rope, double dims, double pair) {
  const auto where = [&](double turns) {
    return dims * std::log(rope.original_context / (turns * 2 * M_PI)) / (2 * std::log(rope.base));
  };
  const double low = std::max(0.0, std::floor(where(32)));
  const double high = std::min(dims - 1, std::ceil(where(1)));
  const double slow = std::min(1.0, std::max(0.0, (pair - low) / std::max(0.001, high - low)));
  return slow / rope.stretch + (1 - slow);
}

}  // namespace

Vector ref_rope(const Vector& x, int position, const RefRope& rope) {
  Vector y = x;
  const std::size_t dims = rope.dims == 0 ? x.size() : static_cast<std::size_t>(rope.dims);
  const double magnitude = rope.magnitude * (rope.yarn ? 1 + 0.1 * std::log(rope.stretch) : 1);
  for (std::size_t i = 0; i < dims / 2; ++i) {
    const auto pair = static_cast<double>(i), width = static_cast<double>(dims);
    const double factor = rope.factors.empty() ? 1.0 : rope.factors[i];
    const double slowdown = rope.yarn ? yarn_slowdown(rope, width, pair) : 1 / rope.stretch;
    const double angle = position * std::pow(rope.base, -2 * pair / width) / factor * slowdown;
    const std::size_t a = rope.halves ? i : 2 * i, b = rope.halves ? i + dims / 2 : 2 * i + 1;
    y[a] = magnitude * (x[a] * std::cos(angle) - x[b] * std::sin(angle));
    y[b] = magnitude * (x[a] * std::sin(angle) + x[b] * std::cos(angle));
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
                                  const std::vector<Vector>& v, const RefHeads& heads) {
  const int n = static_cast<int>(q.size()), dim = heads.dim;
  const auto prepared = [&](const Vector& x, int head, const Vector& norm, int t) {
    const Vector one = slice(x, head * dim, dim);
    return ref_rope(norm.empty() ? one : ref_rms_norm(one, norm, heads.epsilon), t, heads.rope);
  };
  std::vector<Vector> out(q.size(), Vector(static_cast<std::size_t>(heads.heads * dim), 0.0));
  for (int h = 0; h < heads.heads; ++h) {
    const int kv = h / (heads.heads / heads.kv_heads);
    std::vector<Vector> turned;
    for (int t = 0; t < n; ++t) {
      const auto at = static_cast<std::size_t>(t);
      turned.push_back(prepared(k[at], kv, heads.k_norm, t));
      const Vector query = prepared(q[at], h, heads.q_norm, t);
      const int first = heads.window == 0 ? 0 : std::max(0, t - heads.window + 1);
      Vector scores;
      for (int j = first; j <= t; ++j) {
        scores.push_back(dot(query, turned[static_cast<std::size_t>(j)]) / std::sqrt(static_cast<double>(dim)));
      }
      const Vector p = softmax(scores);
      for (int j = first; j <= t; ++j) {
        for (int d = 0; d < dim; ++d) {
          out[at][static_cast<std::size_t>(h * dim + d)] +=
              p[static_cast<std::size_t>(j - first)] *
              v[static_cast<std::size_t>(j)][static_cast<std::size_t>(kv * dim + d)];
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

ReferenceModel::ReferenceModel(const TinyModel& model, const Adapter& adapter) : tiny(model) {
  for (const auto& [name, tensor] : model.tensors) weights[name] = Vector(tensor.data.begin(), tensor.data.end());
  for (const AdapterTensor& t : adapter.tensors) {
    lora[t.base] = {Vector(t.a.begin(), t.a.end()), Vector(t.b.begin(), t.b.end())};
    rank = static_cast<int>(t.rank);
  }
  scale = rank > 0 ? static_cast<double>(adapter.alpha) / rank : 0;
}

Vector ReferenceModel::map(const std::string& name, const Vector& x) const {
  const Vector& w = weights.at(name + ".weight");
  const std::size_t out = w.size() / x.size();
  Vector y = weights.contains(name + ".bias") ? weights.at(name + ".bias") : Vector(out, 0.0);
  for (std::size_t o = 0; o < out; ++o) {
    for (std::size_t i = 0; i < x.size(); ++i) y[o] += w[o * x.size() + i] * x[i];
  }
  const auto found = lora.find(name + ".weight");
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

RefHeads ReferenceModel::heads(std::uint32_t layer) const {
  RefHeads h;
  h.heads = static_cast<int>(tiny.n_head);
  h.kv_heads = static_cast<int>(tiny.n_head_kv);
  h.dim = static_cast<int>(tiny.head_dim);
  h.epsilon = static_cast<double>(tiny.rms_epsilon);
  h.rope.dims = static_cast<int>(tiny.rotated());
  h.rope.halves = tiny.rope_halves;
  h.rope.magnitude = tiny.rope_magnitude == 0 ? 1 : static_cast<double>(tiny.rope_magnitude);
  if (tiny.head_norms) {
    h.q_norm = weights.at("blk." + std::to_string(layer) + ".attn_q_norm.weight");
    h.k_norm = weights.at("blk." + std::to_string(layer) + ".attn_k_norm.weight");
  }
  if (tiny.is_windowed(layer)) {
    h.window = static_cast<int>(tiny.window);
    h.rope.base = static_cast<double>(tiny.window_rope_base);
    return h;
  }
  h.rope.base = static_cast<double>(tiny.rope_base);
  h.rope.stretch = tiny.rope_stretch == 0 ? 1 : static_cast<double>(tiny.rope_stretch);
  h.rope.yarn = tiny.rope_type == "yarn";
  h.rope.original_context = static_cast<double>(tiny.rope_original_context);
  if (!tiny.rope_factors.empty()) h.rope.factors = weights.at(tiny.rope_factors);
  return h;
}

std::vector<Vector> ReferenceModel::attend(std::uint32_t layer, const std::vector<Vector>& normed_rows) const {
  const std::string prefix = "blk." + std::to_string(layer) + ".attn_";
  const int q_width = static_cast<int>(tiny.n_head * tiny.head_dim);
  const int kv_width = static_cast<int>(tiny.n_head_kv * tiny.head_dim);
  std::vector<Vector> q, k, v;
  for (const Vector& x : normed_rows) {
    if (tiny.fused) {
      const Vector qkv = map(prefix + "qkv", x);
      q.push_back(slice(qkv, 0, q_width));
      k.push_back(slice(qkv, q_width, kv_width));
      v.push_back(slice(qkv, q_width + kv_width, kv_width));
    } else {
      q.push_back(map(prefix + "q", x));
      k.push_back(map(prefix + "k", x));
      v.push_back(map(prefix + "v", x));
    }
  }
  return ref_attention(q, k, v, heads(layer));
}

Vector ReferenceModel::feed_forward(const std::string& layer, const Vector& x) const {
  Vector gate, up = map(layer + "ffn_up", x);
  if (tiny.fused) {
    const int half = static_cast<int>(tiny.n_ff);
    gate = slice(up, 0, half);
    up = slice(up, half, half);
  } else {
    gate = map(layer + "ffn_gate", x);
  }
  return map(layer + "ffn_down", tiny.gelu ? ref_geglu(gate, up) : ref_swiglu(gate, up));
}

Vector ReferenceModel::normed(const Vector& x, const std::string& name) const {
  return ref_rms_norm(x, weights.at(name), static_cast<double>(tiny.rms_epsilon));
}

Vector ReferenceModel::branch(const Vector& y, const std::string& post_norm) const {
  return tiny.post_norms ? normed(y, post_norm) : y;
}

std::vector<Vector> ReferenceModel::logits(const std::vector<Token>& tokens) const {
  std::vector<Vector> x;
  for (const Token token : tokens) {
    const auto width = static_cast<int>(tiny.n_embd);
    x.push_back(slice(weights.at("token_embd.weight"), token * width, width));
    if (tiny.scaled_embedding) {
      for (double& one : x.back()) one *= std::sqrt(static_cast<double>(width));
    }
  }
  for (std::uint32_t l = 0; l < tiny.n_layer; ++l) {
    const std::string layer = "blk." + std::to_string(l) + ".";
    std::vector<Vector> inputs;
    for (const Vector& one : x) inputs.push_back(normed(one, layer + "attn_norm.weight"));
    const auto attended = attend(l, inputs);
    for (std::size_t t = 0; t < x.size(); ++t) {
      x[t] = add(x[t], branch(map(layer + "attn_output", attended[t]), layer + "post_attention_norm.weight"));
      const Vector inner = feed_forward(layer, normed(x[t], layer + "ffn_norm.weight"));
      x[t] = add(x[t], branch(inner, layer + "post_ffw_norm.weight"));
    }
  }
  std::vector<Vector> out;
  for (const Vector& one : x)
    out.push_back(map(tiny.tied ? "token_embd" : "output", normed(one, "output_norm.weight")));
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

double ReferenceModel::lead(const LessonRow& row) const {
  LessonRow chosen{RowKind::sft, "", {}, row.tokens, row.targets, {}, 1};
  LessonRow rejected{RowKind::sft, "", {}, row.rejected, row.rejected_targets, {}, 1};
  return loss(rejected) - loss(chosen);
}

double ReferenceModel::preference_loss(const LessonRow& row, double beta, double reference) const {
  const double sigmoid = 1 / (1 + std::exp(-beta * (lead(row) - reference)));
  return -static_cast<double>(row.weight) * std::log(sigmoid);
}

}  // namespace banchu::test
