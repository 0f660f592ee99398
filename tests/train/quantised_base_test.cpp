// Every type in which people have their models: read back as ggml reads it, and trained on as on its plain twin.
#include <ggml.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/train/workshop.h"
#include "train/dequantise.h"

namespace banchu::test {
namespace {

struct TypeCase {
  const char* name;
  ggml_type type;
  double error;  // the most that may be lost, as a share of the numbers' root mean square
};

class QuantisedBase : public testing::TestWithParam<TypeCase> {};
INSTANTIATE_TEST_SUITE_P(Types, QuantisedBase,
                         testing::Values(TypeCase{"F32", GGML_TYPE_F32, 0}, TypeCase{"F16", GGML_TYPE_F16, 5e-4},
                                         TypeCase{"BF16", GGML_TYPE_BF16, 3e-3}, TypeCase{"Q8_0", GGML_TYPE_Q8_0, 0.01},
                                         TypeCase{"Q4_0", GGML_TYPE_Q4_0, 0.13}, TypeCase{"Q4_1", GGML_TYPE_Q4_1, 0.1},
                                         TypeCase{"Q5_0", GGML_TYPE_Q5_0, 0.07}, TypeCase{"Q5_1", GGML_TYPE_Q5_1, 0.05},
                                         TypeCase{"Q2_K", GGML_TYPE_Q2_K, 0.4}, TypeCase{"Q3_K", GGML_TYPE_Q3_K, 0.2},
                                         TypeCase{"Q4_K", GGML_TYPE_Q4_K, 0.1}, TypeCase{"Q5_K", GGML_TYPE_Q5_K, 0.05},
                                         TypeCase{"Q6_K", GGML_TYPE_Q6_K, 0.03},
                                         TypeCase{"IQ4_NL", GGML_TYPE_IQ4_NL, 0.11},
                                         TypeCase{"IQ4_XS", GGML_TYPE_IQ4_XS, 0.11}),
                         [](const auto& one) { return one.param.name; });

// The tensor in another type, by ggml's own quantiser.
TinyTensor quantised(const TinyTensor& plain, ggml_type type) {
  TinyTensor out{plain.ne, plain.data, static_cast<std::uint32_t>(type)};
  if (type == GGML_TYPE_F32) return out;
  const auto columns = static_cast<std::int64_t>(plain.ne[0]), rows = static_cast<std::int64_t>(plain.ne[1]);
  out.raw.resize(ggml_row_size(type, columns) * plain.ne[1]);
  ggml_quantize_chunk(type, plain.data.data(), out.raw.data(), 0, rows, columns, nullptr);
  return out;
}

// The same numbers in plain floats, by ggml.
TinyTensor dequantised(const TinyTensor& tensor) {
  TinyTensor out{tensor.ne, tensor.data};
  if (tensor.type == GGML_TYPE_F32) return out;
  const auto n = static_cast<std::int64_t>(out.data.size());
  ggml_get_type_traits(static_cast<ggml_type>(tensor.type))->to_float(tensor.raw.data(), out.data.data(), n);
  return out;
}

GgufTensor view(const TinyTensor& tensor) {
  const void* data = tensor.type == GGML_TYPE_F32 ? static_cast<const void*>(tensor.data.data()) : tensor.raw.data();
  return {"w", tensor.ne, tensor.type, 0, static_cast<const std::byte*>(data)};
}

TEST_P(QuantisedBase, IsReadAsGgmlReadsItWholeAndInRows) {
  const TinyTensor plain = random_tensor(3, "w", {512, 6}, 0.7, 0.1);
  const TinyTensor tensor = quantised(plain, GetParam().type);
  const std::vector<float> expected = dequantised(tensor).data;
  ASSERT_TRUE(lora::can_dequantise(view(tensor)));
  std::vector<float> got(expected.size(), NAN);
  lora::dequantise(view(tensor), 0, 512 * 6, got.data());
  EXPECT_EQ(expected, got);
  std::fill(got.begin(), got.end(), NAN);
  for (std::int64_t row = 5; row >= 0; --row) lora::dequantise(view(tensor), row * 512, 512, got.data() + row * 512);
  EXPECT_EQ(expected, got);
  double lost = 0, all = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    lost += std::pow(static_cast<double>(got[i]) - static_cast<double>(plain.data[i]), 2);
    all += std::pow(static_cast<double>(plain.data[i]), 2);
  }
  EXPECT_LE(std::sqrt(lost / all), GetParam().error);
}

// Rows of 256 numbers, as K-quants want them.
TinyModel wide_tiny_model() {
  TinyModel tiny;
  tiny.n_layer = 1;
  tiny.n_embd = 256;
  tiny.head_dim = 64;
  tiny.n_ff = 256;
  TinyWeights(7, &tiny);
  for (auto& [name, tensor] : tiny.tensors) {
    if (tensor.ne.size() < 2) continue;
    for (float& x : tensor.data) x *= 0.3f;  // the sums over 256 numbers are longer than those over 32
  }
  return tiny;
}

TEST_P(QuantisedBase, TrainsToTheLossOfItsPlainTwin) {
  TinyModel small = wide_tiny_model(), twin = small;
  for (auto& [name, tensor] : small.tensors) {
    if (tensor.ne.size() < 2) continue;
    tensor = quantised(tensor, GetParam().type);
    twin.tensors[name] = dequantised(tensor);
  }
  double losses[2];
  for (const bool plain : {false, true}) {
    Workshop shop(plain ? twin : small);
    shop.job.options.max_steps = 12;
    shop.settings.type = lora::Element::f32;
    const auto outcome = shop.run();
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_LT(outcome->loss_last, outcome->loss_first);
    losses[plain ? 1 : 0] = outcome->loss_last;
  }
  EXPECT_NEAR(losses[0], losses[1], 1e-3);
}

}  // namespace
}  // namespace banchu::test
