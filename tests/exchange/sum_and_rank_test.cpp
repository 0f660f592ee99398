// Sums are exact, and a lower rank loses what it says it loses.
#include "tests/exchange/support.h"

namespace banchu::test {
namespace {

class SumAndRank : public ExchangeTest {
 protected:
  Adapter random(std::uint32_t rank, float alpha, std::uint64_t seed) const {
    return random_adapter(*base_, rank, alpha, 0.1, seed);
  }
  const std::shared_ptr<const GgufFile> base_ = open_gguf(parity_base());
};

TEST_F(SumAndRank, AWeightedSumIsTheSumOfItsUpdates) {
  const Adapter x = random(3, 6, 1), y = random(5, 4, 2);
  const Adapter sum = sum_adapters({{x, 0.75}, {y, -0.5}}).value();
  EXPECT_EQ(common_rank(sum), 8U);
  for (std::size_t i = 0; i < sum.tensors.size(); ++i) {
    const auto ours = update_of(sum, sum.tensors[i]);
    const auto of_x = update_of(x, x.tensors[i]), of_y = update_of(y, y.tensors[i]);
    for (std::size_t k = 0; k < ours.size(); ++k) EXPECT_NEAR(ours[k], 0.75 * of_x[k] - 0.5 * of_y[k], 1e-7);
  }
}

TEST_F(SumAndRank, OneAdapterKeepsItsNumbersAndOnlyItsAlphaMoves) {
  const Adapter x = random(4, 8, 1);
  const Adapter scaled = sum_adapters({{x, 0.5}}).value();
  EXPECT_EQ(scaled.alpha, 4.0F);
  for (std::size_t i = 0; i < x.tensors.size(); ++i) {
    EXPECT_EQ(scaled.tensors[i].a, x.tensors[i].a);
    EXPECT_EQ(scaled.tensors[i].b, x.tensors[i].b);
  }
}

TEST_F(SumAndRank, MatricesThatOnlyOneOfThemHasAreKept) {
  Adapter x = random(2, 4, 1), y = random(2, 4, 2);
  const std::size_t all = x.tensors.size();
  x.tensors.pop_back();
  y.tensors.erase(y.tensors.begin());
  EXPECT_EQ(sum_adapters({{x, 1}, {y, 1}})->tensors.size(), all);
}

TEST_F(SumAndRank, AnAlphaOfZeroMeansAScaleOfOneAsInTheEngine) {
  const Adapter x = random(4, 0, 1);
  const Adapter whole = sum_adapters({{x, 1}}).value();
  EXPECT_EQ(whole.alpha, 4.0F);
  EXPECT_LT(relative_distance(whole, x), 1e-7);
}

TEST_F(SumAndRank, ASumOfNothingOrOfStrangersIsRefused) {
  const Adapter x = random(2, 4, 1);
  Adapter other = random_adapter(*open_gguf(tiny_base()), 2, 4, 0.1, 1);
  EXPECT_EQ(sum_adapters({}).error().code, Code::InvalidArgument);
  EXPECT_EQ(sum_adapters({{x, 0}}).error().code, Code::InvalidArgument);
  EXPECT_EQ(sum_adapters({{x, 1}, {other, 1}}).error().code, Code::InvalidArgument);
  other.architecture = "qwen3";
  EXPECT_EQ(sum_adapters({{x, 1}, {other, 1}}).error().code, Code::InvalidArgument);
}

// Two copies of one adapter have rank 8 on paper and 4 in truth.
TEST_F(SumAndRank, AnAdapterOfAKnownRankIsCompressedToItWithoutLoss) {
  const Adapter x = random(4, 8, 1);
  const Adapter twice = sum_adapters({{x, 1}, {x, -0.25}}).value();
  ASSERT_EQ(common_rank(twice), 8U);
  const LowRankAdapter low = lower_rank(twice, 4).value();
  EXPECT_EQ(common_rank(low.adapter), 4U);
  EXPECT_EQ(low.compressed, static_cast<int>(x.tensors.size()));
  EXPECT_LT(low.relative_error, 1e-7);
  EXPECT_LT(relative_distance(low.adapter, twice), 1e-6);
}

TEST_F(SumAndRank, TheLossThatIsReportedIsTheLossThatIsThere) {
  for (const std::uint32_t rank : {1U, 3U, 7U}) {
    const Adapter x = random(8, 16, rank);
    const LowRankAdapter low = lower_rank(x, rank).value();
    EXPECT_EQ(common_rank(low.adapter), rank);
    EXPECT_GT(low.relative_error, 0.05);
    EXPECT_GE(low.worst_relative_error, low.relative_error);
    EXPECT_FALSE(low.worst_tensor.empty());
    EXPECT_NEAR(relative_distance(low.adapter, x), low.relative_error, 1e-5);
  }
}

// Rank 100 is more than any of these matrices has rows: the large core's way, and thin factors wider than they are
// tall.
TEST_F(SumAndRank, MoreRankThanTheMatrixHasIsCutToWhatItHas) {
  const Adapter x = random(100, 100, 1);
  const LowRankAdapter low = lower_rank(x, 64).value();
  EXPECT_LT(low.relative_error, 1e-7);
  EXPECT_LT(relative_distance(low.adapter, x), 1e-5);
  for (const AdapterTensor& tensor : low.adapter.tensors) EXPECT_LE(tensor.rank, std::min(tensor.in, tensor.out));
}

TEST_F(SumAndRank, ARankItDoesNotExceedChangesNothing) {
  const Adapter x = random(4, 8, 1);
  const LowRankAdapter same = lower_rank(x, 4).value();
  EXPECT_EQ(same.compressed, 0);
  EXPECT_EQ(same.relative_error, 0);
  EXPECT_EQ(same.adapter.tensors.front().b, x.tensors.front().b);
  EXPECT_EQ(lower_rank(x, 0).error().code, Code::InvalidArgument);
  const CancelFlag stop{true};
  EXPECT_EQ(lower_rank(x, 2, {}, &stop).error().code, Code::Cancelled);
}

}  // namespace
}  // namespace banchu::test
