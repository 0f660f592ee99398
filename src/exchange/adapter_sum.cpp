#include "exchange/adapter_sum.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace banchu {
namespace {

void multiply(std::vector<float>& values, double factor) {
  for (float& value : values) value = static_cast<float>(static_cast<double>(value) * factor);
}

template <typename Key>
Key most_frequent(const std::map<Key, int>& counts, Key fallback) {
  int most = 0;
  for (const auto& [key, count] : counts) {
    if (count > most) {
      most = count;
      fallback = key;
    }
  }
  return fallback;
}

// alpha = scale * rank of as many matrices as possible. As floats: that is how the file keeps it.
float common_alpha(const std::vector<ScaledTensor>& tensors) {
  std::map<float, int> counts;
  for (const ScaledTensor& each : tensors) {
    const auto alpha = static_cast<float>(each.scale * each.tensor.rank);
    if (alpha != 0) ++counts[alpha];
  }
  return most_frequent(counts, 1.0F);
}

// [B1 | factor B2], rows of both side by side.
std::vector<float> side_by_side(const AdapterTensor& left, const AdapterTensor& right, double factor) {
  std::vector<float> joined;
  joined.reserve(left.b.size() + right.b.size());
  for (std::uint32_t row = 0; row < left.out; ++row) {
    const auto l = left.b.begin() + static_cast<std::ptrdiff_t>(std::size_t{row} * left.rank);
    joined.insert(joined.end(), l, l + left.rank);
    for (std::uint32_t k = 0; k < right.rank; ++k) {
      const auto value = static_cast<double>(right.b[std::size_t{row} * right.rank + k]);
      joined.push_back(static_cast<float>(value * factor));
    }
  }
  return joined;
}

Status add(ScaledTensor& sum, const ScaledTensor& term) {
  if (sum.tensor.in != term.tensor.in || sum.tensor.out != term.tensor.out) {
    return make_error(Code::InvalidArgument,
                      fmt::format("the adapters do not belong to the same base: {} is {} x {} in one and {} x {} in "
                                  "another",
                                  sum.tensor.base, sum.tensor.in, sum.tensor.out, term.tensor.in, term.tensor.out),
                      "add only adapters of one base model");
  }
  sum.tensor.b = side_by_side(sum.tensor, term.tensor, term.scale / sum.scale);
  sum.tensor.a.insert(sum.tensor.a.end(), term.tensor.a.begin(), term.tensor.a.end());
  sum.tensor.rank += term.tensor.rank;
  return {};
}

Error nothing_left() {
  return make_error(Code::InvalidArgument, "the sum of these adapters is nothing: every weight is 0");
}

}  // namespace

double scale_of(const Adapter& adapter, const AdapterTensor& tensor) {
  return adapter.alpha == 0 ? 1.0 : static_cast<double>(adapter.alpha) / tensor.rank;
}

Adapter assemble(std::string architecture, std::vector<ScaledTensor> tensors) {
  Adapter adapter{std::move(architecture), common_alpha(tensors), {}};
  for (ScaledTensor& each : tensors) {
    if (static_cast<float>(each.scale * each.tensor.rank) != adapter.alpha) {
      multiply(each.tensor.b, each.scale * each.tensor.rank / static_cast<double>(adapter.alpha));
    }
    adapter.tensors.push_back(std::move(each.tensor));
  }
  std::sort(adapter.tensors.begin(), adapter.tensors.end(),
            [](const auto& x, const auto& y) { return x.base < y.base; });
  return adapter;
}

Result<Adapter> sum_adapters(const std::vector<WeightedAdapter>& terms) {
  std::map<std::string, ScaledTensor> sums;
  std::string architecture;
  for (const WeightedAdapter& term : terms) {
    if (term.weight == 0) continue;
    if (architecture.empty()) architecture = term.adapter.architecture;
    if (term.adapter.architecture != architecture) {
      return make_error(Code::InvalidArgument, fmt::format("the adapters are for different architectures: {} and {}",
                                                           architecture, term.adapter.architecture));
    }
    for (const AdapterTensor& tensor : term.adapter.tensors) {
      ScaledTensor scaled{tensor, term.weight * scale_of(term.adapter, tensor)};
      const auto [place, is_new] = sums.try_emplace(tensor.base, scaled);
      if (!is_new) BANCHU_TRY_STATUS(add(place->second, scaled));
    }
  }
  if (sums.empty()) return nothing_left();
  std::vector<ScaledTensor> tensors;
  for (auto& [name, tensor] : sums) tensors.push_back(std::move(tensor));
  return assemble(std::move(architecture), std::move(tensors));
}

std::uint32_t common_rank(const Adapter& adapter) {
  std::map<std::uint32_t, int> counts;
  for (const AdapterTensor& tensor : adapter.tensors) ++counts[tensor.rank];
  return most_frequent(counts, std::uint32_t{0});
}

}  // namespace banchu
