#include "train/flops.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace banchu::lora {

namespace {

constexpr std::int64_t kHeadRows = 256;  // the head is measured in pieces of this many targets

class Tally {
 public:
  void add(std::int64_t m, std::int64_t k, std::int64_t n, std::int64_t times = 1) { times_[{m, k, n}] += times; }
  std::vector<ProductShape> list() const {
    std::vector<ProductShape> out;
    for (const auto& [shape, times] : times_) {
      out.push_back({std::get<0>(shape), std::get<1>(shape), std::get<2>(shape), times});
    }
    return out;
  }

 private:
  std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, std::int64_t> times_;
};

void add_group(const Group& group, std::int64_t rank, std::int64_t tokens, bool is_lowest, Tally* tally) {
  tally->add(tokens, group.in, group.out);
  if (!is_lowest) tally->add(tokens, group.out, group.in);
  const std::int64_t width = static_cast<std::int64_t>(group.members.size()) * rank;
  tally->add(tokens, group.in, width);                  // H = X A^T
  tally->add(width, tokens, group.in);                  // dA = dH^T X
  if (!is_lowest) tally->add(tokens, width, group.in);  // dX += dH A
  for (const Member& member : group.members) {
    tally->add(tokens, rank, member.out);  // Y += H B^T
    tally->add(tokens, member.out, rank);  // dH = dY B
    tally->add(member.out, tokens, rank);  // dB = dY^T H
  }
}

// Pairs (query, key) that attention looks at in one row of one layer.
double pairs(std::int64_t length, std::int64_t window) {
  double total = 0;
  for (std::int64_t i = 0; i < length; ++i) {
    total += static_cast<double>(window > 0 ? std::min(i + 1, window) : i + 1);
  }
  return total;
}

}  // namespace

std::vector<ProductShape> step_products(const ModelShape& shape, const ParameterPlan& plan, const StepSize& size) {
  Tally tally;
  const std::int64_t tokens = size.rows * size.row_tokens;
  for (std::size_t i = 0; i < plan.layers.size(); ++i) {
    for (std::size_t g = 0; g < kGroups; ++g) {
      add_group(plan.layers[i][g], plan.rank, tokens, i == 0 && g == kQkv, &tally);
    }
  }
  for (const std::int64_t rows : {kHeadRows, size.targets % kHeadRows}) {
    const std::int64_t times = rows == kHeadRows ? size.targets / kHeadRows : 1;
    if (rows == 0 || times == 0) continue;
    tally.add(rows, shape.n_embd, shape.n_vocab, times);
    tally.add(rows, shape.n_vocab, shape.n_embd, times);
  }
  return tally.list();
}

double attention_flops(const ModelShape& shape, const StepSize& size) {
  double total = 0;
  for (std::int64_t i = 0; i < shape.n_layer; ++i) {
    total += pairs(size.row_tokens, shape.is_windowed(i) ? shape.window : 0);
  }
  constexpr double kProducts = 6;  // q k^T, p v; and on the way back do v^T, p^T do, ds k, ds^T q
  return kProducts * 2.0 * total * static_cast<double>(size.rows * shape.query_width());
}

double step_flops(const ModelShape& shape, const ParameterPlan& plan, const StepSize& size) {
  double total = attention_flops(shape, size);
  for (const ProductShape& product : step_products(shape, plan, size)) total += product.flops();
  return total;
}

}  // namespace banchu::lora
