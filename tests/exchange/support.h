// What the tests of exchange share: fixtures, random adapters, logits, and how far two answers are apart.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "exchange/exchange.h"
#include "model/model.h"

namespace banchu::test {

inline std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(BANCHU_SOURCE_DIR) / "tests/fixtures" / name;
}
inline std::filesystem::path parity_base() { return fixture("parity/base.gguf"); }
inline std::filesystem::path tiny_base() { return fixture("tiny/tiny.gguf"); }
inline std::shared_ptr<const GgufFile> open_gguf(const std::filesystem::path& path) {
  return GgufFile::open(path).value();
}

// Every linear map of a base's layers, with numbers of about `spread` in B.
inline Adapter random_adapter(const GgufFile& base, std::uint32_t rank, float alpha, double spread,
                              std::uint64_t seed) {
  Adapter adapter{base.text("general.architecture").value_or(""), alpha, {}};
  for (const GgufTensor& tensor : base.tensors()) {
    if (tensor.ne.size() != 2 || !tensor.name.starts_with("blk.")) continue;
    Rng rng(seed, tensor.name);
    AdapterTensor pair{
        tensor.name, static_cast<std::uint32_t>(tensor.ne[0]), static_cast<std::uint32_t>(tensor.ne[1]), rank, {}, {}};
    for (std::uint64_t i = 0; i < std::uint64_t{pair.in} * rank; ++i) {
      pair.a.push_back(static_cast<float>(rng.normal() / std::sqrt(pair.in)));
    }
    for (std::uint64_t i = 0; i < std::uint64_t{pair.out} * rank; ++i) {
      pair.b.push_back(static_cast<float>(spread * rng.normal()));
    }
    adapter.tensors.push_back(std::move(pair));
  }
  std::ranges::sort(adapter.tensors, {}, &AdapterTensor::base);  // as files and sums have them
  return adapter;
}

// scale B A, [out, in].
inline std::vector<double> update_of(const Adapter& adapter, const AdapterTensor& t) {
  std::vector<double> out(std::size_t{t.out} * t.in);
  const double scale = scale_of(adapter, t);
  for (std::size_t row = 0; row < t.out; ++row) {
    for (std::size_t k = 0; k < t.rank; ++k) {
      const double b = scale * static_cast<double>(t.b[row * t.rank + k]);
      for (std::size_t col = 0; col < t.in; ++col) {
        out[row * t.in + col] += b * static_cast<double>(t.a[k * t.in + col]);
      }
    }
  }
  return out;
}

// |x - y| / |y| over all updates of two adapters with the same matrices.
inline double relative_distance(const Adapter& x, const Adapter& y) {
  double apart = 0, whole = 0;
  EXPECT_EQ(x.tensors.size(), y.tensors.size());
  for (std::size_t i = 0; i < x.tensors.size() && i < y.tensors.size(); ++i) {
    EXPECT_EQ(x.tensors[i].base, y.tensors[i].base);
    const auto a = update_of(x, x.tensors[i]), b = update_of(y, y.tensors[i]);
    for (std::size_t k = 0; k < a.size(); ++k) {
      apart += (a[k] - b[k]) * (a[k] - b[k]);
      whole += b[k] * b[k];
    }
  }
  return std::sqrt(apart / whole);
}

// Log-probabilities of every next token of a fixed text, as the engine serves them.
inline std::vector<std::map<Token, double>> served(const std::filesystem::path& model, const AdapterUse* adapter) {
  const auto loaded = Model::load(model);
  EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message);
  if (!loaded) return {};
  auto session = Session::open(*loaded, {1, 256, 1}).value();
  if (adapter != nullptr) {
    const Status set = session->set_adapters({adapter, 1});
    EXPECT_TRUE(set) << set.error().message;
  }
  ScoreRequest request{(*loaded)->tokenizer().encode("the cat sits on the red box and the dog is in the garden"), {}};
  for (std::uint32_t t = 1; t < request.tokens.size(); ++t) request.positions.push_back(t);
  const auto scores = session->score(std::span(&request, 1), static_cast<int>((*loaded)->info().n_vocab), {}, nullptr);
  EXPECT_TRUE(scores) << (scores ? "" : scores.error().message);
  std::vector<std::map<Token, double>> rows;
  for (const TopK& top : scores->front().top) {
    auto& row = rows.emplace_back();
    for (std::size_t k = 0; k < top.ids.size(); ++k) row[top.ids[k]] = static_cast<double>(top.logprobs[k]);
  }
  return rows;
}

// Mean KL(p || q), nats a token.
inline double mean_kl(const std::vector<std::map<Token, double>>& p, const std::vector<std::map<Token, double>>& q) {
  double total = 0;
  EXPECT_EQ(p.size(), q.size());
  EXPECT_FALSE(p.empty());
  for (std::size_t t = 0; t < p.size() && t < q.size(); ++t) {
    for (const auto& [token, log_p] : p[t]) total += std::exp(log_p) * (log_p - q[t].at(token));
  }
  return total / static_cast<double>(p.size());
}

class ExchangeTest : public testing::Test {
 protected:
  std::filesystem::path at(const std::string& name) const { return folder_.path() / name; }
  std::size_t files_left() const {
    std::size_t n = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) ++n;
    return n;
  }

 private:
  TemporaryFolder folder_ = TemporaryFolder::create("banchu-exchange").value();
};

}  // namespace banchu::test
