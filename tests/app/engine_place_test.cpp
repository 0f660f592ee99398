// Where the engine's layers go: what fits, on made-up cards; and what whoever has none is told.
#include "app/engine_place.h"

#include <gtest/gtest.h>

#include "plan/chat_need.h"
#include "tests/app/shell.h"

namespace banchu {
namespace {

using lora::DeviceFacts;
using test::Ran;
using test::World;

constexpr std::uint64_t kGiB = 1ULL << 30;
constexpr int kTokens = 4096;

plan::Shape eight_billion() {
  plan::Shape shape = plan::shape_by_name("8b").value();
  shape.file_bytes = 5 * kGiB;
  return shape;
}

DeviceFacts card(const std::string& name, std::uint64_t free_bytes) { return {name, "", true, free_bytes, free_bytes}; }
const DeviceFacts kProcessor{"CPU", "", false, 64 * kGiB, 64 * kGiB};

TEST(EnginePlace, WithoutACardTheProcessorDoesItAllAndThatIsNoError) {
  const auto place = place_layers(eight_billion(), kTokens, {}, {kProcessor});
  ASSERT_TRUE(place);
  EXPECT_EQ(place->options.gpu_layers, 0);
  EXPECT_TRUE(place->options.devices.empty());
  EXPECT_EQ(place_line(AppContext(), *place), "no graphics card is used; the processor does it all");
}

TEST(EnginePlace, LayersThatWereAskedForNeedACard) {
  DeviceFlags flags;
  flags.gpu_layers = 8;
  EXPECT_EQ(place_layers(eight_billion(), kTokens, flags, {kProcessor}).error().code, Code::FailedPrecondition);
  flags.device = "cpu";
  EXPECT_EQ(place_layers(eight_billion(), kTokens, flags, {card("CUDA0", 24 * kGiB)}).error().code,
            Code::InvalidArgument);
  flags.gpu_layers = 0;
  EXPECT_TRUE(place_layers(eight_billion(), kTokens, flags, {card("CUDA0", 24 * kGiB)}));
}

TEST(EnginePlace, ALargeCardHoldsEveryLayerAndTheHead) {
  const auto place = place_layers(eight_billion(), kTokens, {}, {kProcessor, card("CUDA0", 24 * kGiB)});
  ASSERT_TRUE(place);
  EXPECT_EQ(place->options.gpu_layers, 33);
  EXPECT_EQ(place->options.devices, std::vector<std::string>{"CUDA0"});
  EXPECT_EQ(place_line(AppContext(), *place), "all 33 layers lie on CUDA0");
}

// By hand: (5 GiB + keys and values of 4096 tokens) / 32 layers, beside the driver's and the graph's own.
TEST(EnginePlace, ASmallCardHoldsWhatTheEstimatorSays) {
  const plan::Shape shape = eight_billion();
  const plan::ChatNeed need = plan::chat_need(shape, kTokens);
  const std::uint64_t own = (600ULL << 20) + need.workspace, layer = (need.weights + need.kv) / 32 + 1;
  const auto place = place_layers(shape, kTokens, {}, {card("CUDA0", 4 * kGiB)});
  ASSERT_TRUE(place);
  EXPECT_EQ(place->options.gpu_layers, static_cast<int>((4 * kGiB - own) / layer));
  EXPECT_GT(place->options.gpu_layers, 5);
  EXPECT_LT(place->options.gpu_layers, 33);
  DeviceFlags flags;
  flags.gpu_layers = place->options.gpu_layers + 1;
  const auto more = place_layers(shape, kTokens, flags, {card("CUDA0", 4 * kGiB)});
  EXPECT_EQ(more.error().code, Code::NoSpace);
  flags.gpu_layers = 3;
  EXPECT_EQ(place_layers(shape, kTokens, flags, {card("CUDA0", 4 * kGiB)})->options.gpu_layers, 3);
  EXPECT_EQ(place_layers(shape, kTokens, {}, {card("CUDA0", kGiB / 2)})->options.gpu_layers, 0);
}

TEST(EnginePlace, SeveralCardsTakeTheirSharesOfTheLayers) {
  const std::vector<DeviceFacts> two = {kProcessor, card("CUDA0", 4 * kGiB), card("CUDA1", 4 * kGiB)};
  const auto place = place_layers(eight_billion(), kTokens, {}, two);
  ASSERT_TRUE(place);
  EXPECT_EQ(place->options.gpu_layers, 33);  // 5.5 GiB on two of 4
  EXPECT_EQ(place->options.device_shares.size(), 2u);
  DeviceFlags flags;
  flags.split = {3, 1};
  const auto split = place_layers(eight_billion(), kTokens, flags, two);
  ASSERT_TRUE(split);
  EXPECT_EQ(split->options.device_shares, (std::vector<double>{3, 1}));
  EXPECT_LT(split->options.gpu_layers, 33);  // three quarters of all do not fit on the first
  flags.device = "CUDA1";
  EXPECT_EQ(place_layers(eight_billion(), kTokens, flags, two).error().code, Code::InvalidArgument);
  flags.split.clear();
  EXPECT_EQ(place_layers(eight_billion(), kTokens, flags, two)->options.devices, std::vector<std::string>{"CUDA1"});
  flags.device = "CUDA7";
  const auto none = place_layers(eight_billion(), kTokens, flags, two);
  EXPECT_EQ(none.error().code, Code::NotFound);
  EXPECT_NE(none.error().hint.find("CPU, CUDA0, CUDA1"), std::string::npos);
}

// On a machine whose engine sees no card.
TEST(EnginePlace, VerbsSayThatThereIsNoCardAndRefuseWhatNeedsOne) {
  const World world;
  world.make_bag();
  if (world.run({"--json", "doctor"}).out.find("this build uses it") != std::string::npos) GTEST_SKIP() << "a card";
  const Ran plain = world.run({"chat", "--once", "hello"});
  EXPECT_EQ(plain.exit_code, 0);
  EXPECT_EQ(plain.err.find("graphics card"), std::string::npos) << plain.err;
  const Ran said = world.run({"chat", "--once", "hello", "--device", "cpu"});
  EXPECT_EQ(said.exit_code, 0) << said.err;
  EXPECT_NE(said.err.find("no graphics card is used"), std::string::npos) << said.err;
  for (const std::vector<std::string>& verb :
       std::vector<std::vector<std::string>>{{"chat", "--once", "hello"}, {"evaluate"}, {"night"}, {"serve"}}) {
    std::vector<std::string> words = verb;
    words.insert(words.end(), {"--gpu-layers", "4"});
    const Ran refused = world.run(words);
    EXPECT_EQ(refused.exit_code, 5) << verb[0] << refused.err;
    EXPECT_NE(refused.err.find("banchu doctor"), std::string::npos) << refused.err;
    words.insert(words.begin(), {"--lang", "ko"});
    EXPECT_NE(world.run(words).err.find("그래픽 카드가 없습니다"), std::string::npos) << verb[0];
  }
  EXPECT_EQ(world.run({"chat", "--once", "hello", "--gpu-layers", "-1"}).exit_code, 2);
  EXPECT_EQ(world.run({"chat", "--once", "hello", "--device", "CUDA9"}).exit_code, 3);
  EXPECT_EQ(world.run({"chat", "--once", "hello", "--tensor-split", "1,1"}).exit_code, 2);
}

}  // namespace
}  // namespace banchu
