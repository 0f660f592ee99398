// The arithmetic of a plan against sums done by hand.
#include "plan/plan.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/json.h"
#include "base/yaml.h"

namespace banchu::plan {
namespace {

Prices shipped() { return prices_from_yaml(shipped_prices_yaml(), "shipped").value(); }
Shape named(const std::string& name) { return shape_by_name(name).value(); }

TEST(PlanShape, CountsTheWeightsOfModelsWhoseCountIsKnown) {
  // Published counts: SmolLM2-135M 134,515,008; Llama 3.1 8B 8,030,261,248; Llama 3.3 70B 70,553,706,496. Qwen's biases
  // are left out.
  EXPECT_EQ(named("135m").weights(), 134515008u);
  EXPECT_EQ(named("8b").weights(), 8030261248u);
  EXPECT_EQ(named("70B").weights(), 70553706496u);
  EXPECT_NEAR(static_cast<double>(named("7b").weights()), 7615616512.0, 2e6);
}

TEST(PlanShape, The70BTableIsHandArithmetic) {
  // Embedding and head 2 x 128256 x 8192 = 2,101,346,304. A layer: q and o 8192 x 8192, k and v 8192 x 1024, three
  // matrices 8192 x 28672, two norms of 8192: 134,217,728 + 16,777,216 + 704,643,072 + 16,384 = 855,654,400; 80 of them
  // 68,452,352,000. The last norm 8192. In all 70,553,706,496 weights.
  const struct {
    const char* name;
    double gigabytes;  // 70.553706496 x bits / 8
  } rows[] = {{"f32", 282.214826},   {"bf16", 141.107413},  {"q8_0", 74.963313}, {"q6_k", 57.876087},
              {"q5_k_m", 50.269516}, {"q4_k_m", 42.773185}, {"q4_0", 39.686460}, {"q3_k_m", 34.394932}};
  const Shape shape = named("70b");
  for (const auto& row : rows) {
    const ChatNeed need = chat_need(shape, find_quantisation(row.name).value(), 8192);
    EXPECT_NEAR(static_cast<double>(need.weights) / 1e9, row.gigabytes, 1e-5) << row.name;
    EXPECT_EQ(need.kv, 2684354560u);  // 2 x 80 layers x 1024 x 2 bytes x 8192 tokens
    EXPECT_EQ(need.total(), need.weights + need.kv + need.workspace);
  }
  EXPECT_EQ(std::size(rows), quantisations().size());
}

TEST(PlanShape, TablesOfWordsAndWhatIsLaidOutTwiceCount) {
  Shape shape = named("8b");
  shape.file_bytes = 5'000'000'000;
  const ChatNeed plain = chat_need(shape, 4096);
  shape.repacked_bytes = 3'000'000'000;
  EXPECT_EQ(chat_need(shape, 4096).total(), plain.total() + 3'000'000'000);
  shape.vocabulary += 1000;
  EXPECT_EQ(chat_need(shape, 4096).workspace, plain.workspace + 1000 * (340 + 4));  // its table, and its score
}

TEST(PlanDevices, CountsWholeLayersAndLeavesTheDriverItsRoom) {
  const Shape shape = named("70b");
  const Prices prices = shipped();
  const auto count = [&](const char* quantisation, const char* gpu) {
    return devices_needed(shape, chat_need(shape, find_quantisation(quantisation).value(), 8192),
                          find_gpu(prices, gpu).value().bytes());
  };
  EXPECT_EQ(count("q4_k_m", "RTX 4090"), 2);
  EXPECT_EQ(count("bf16", "H100"), 2);  // 141 GB do not lie in 80 GiB
  EXPECT_EQ(count("q8_0", "H100"), 1);
  EXPECT_EQ(count("bf16", "H200"), 1);
  EXPECT_EQ(devices_needed(shape, chat_need(shape, find_quantisation("f32").value(), 8192), 1u << 30), 0);
}

TEST(PlanEssay, ReprintsItsSumsAndSaysWhereItHoped) {
  const Essay told = essay(shipped()).value();
  EXPECT_DOUBLE_EQ(told.round_16bit_bytes, 140e9);
  EXPECT_DOUBLE_EQ(told.round_4bit_bytes, 39.375e9);
  EXPECT_DOUBLE_EQ(told.month.gpu, 90);    // 2 cards x $0.75 x 2 h x 30 days
  EXPECT_DOUBLE_EQ(told.month.volume, 7);  // 100 GB x $0.07
  EXPECT_DOUBLE_EQ(told.month_local, 129980);
  EXPECT_NEAR(told.month_with_nights_local, 196310, 1e-6);  // 2 x 0.75 x 30 x (2 + 1.1) + 7 = 146.5 dollars
  EXPECT_EQ(told.cards_q4, 2);
  EXPECT_EQ(told.h100_bf16, 2);
  EXPECT_EQ(told.h100_fits.name, "q8_0");
}

TEST(PlanMoney, BoughtIsTheWearAndTheCurrent) {
  const Prices prices = shipped();
  const Gpu card = find_gpu(prices, "4090").value();
  // 2000 dollars over 36 months, 0.45 kW x 60 h x $0.12.
  EXPECT_NEAR(bought_month(prices, card, {1, 2, 0, 0}), 2000.0 / 36 + 0.45 * 60 * 0.12, 1e-9);
}

constexpr const char* kConfig = R"({"hidden_size":4096,"num_hidden_layers":32,"num_attention_heads":32,)"
                                R"("num_key_value_heads":8,"intermediate_size":14336,"vocab_size":128256})";

TEST(PlanConfig, SaysTheSameAsTheShape) {
  EXPECT_EQ(shape_from_config(parse_json(kConfig, "c").value(), "c")->weights(), named("8b").weights());
  const Json nested = {{"text_config", parse_json(kConfig, "c").value()}};
  EXPECT_EQ(shape_from_config(nested, "c")->weights(), named("8b").weights());
}

TEST(PlanConfig, NamesWhatIsNonsense) {
  for (const auto& [key, value] : std::vector<std::pair<std::string, Json>>{{"hidden_size", 0},
                                                                            {"hidden_size", -4096},
                                                                            {"num_hidden_layers", "32"},
                                                                            {"num_hidden_layers", 1e9},
                                                                            {"vocab_size", 12.5},
                                                                            {"num_attention_heads", nullptr},
                                                                            {"head_dim", 0}}) {
    Json config = parse_json(kConfig, "c").value();
    config[key] = value;
    const auto shape = shape_from_config(config, "c.json");
    ASSERT_FALSE(shape) << key;
    EXPECT_NE(shape.error().message.find(key), std::string::npos) << shape.error().message;
  }
  Json config = parse_json(kConfig, "c").value();
  config.erase("intermediate_size");
  EXPECT_NE(shape_from_config(config, "c").error().message.find("intermediate_size is missing"), std::string::npos);
  config = parse_json(kConfig, "c").value();
  config["num_key_value_heads"] = 5;
  EXPECT_FALSE(shape_from_config(config, "c"));
  config["num_local_experts"] = 8;
  EXPECT_EQ(shape_from_config(config, "c").error().code, Code::Unsupported);
  EXPECT_FALSE(shape_from_config(Json::array(), "c"));
}

TEST(PlanShape, AnUnknownShapeIsAnsweredWithThoseThereAre) {
  const auto shape = shape_by_name("70x");
  ASSERT_FALSE(shape);
  EXPECT_NE(shape.error().hint.find("70b"), std::string::npos);
}

TEST(PlanPrices, RefusesAPriceOfZeroOrText) {
  const std::string good(shipped_prices_yaml());
  ASSERT_TRUE(prices_from_yaml(good, "p"));
  for (const auto& [old, with, key] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"hour: 0.75", "hour: 0", "hour"},
           {"hour: 0.75", "hour: cheap", "hour"},
           {"hour: 0.75", "hour: -1", "hour"},
           {"hour: 0.75", "hours: 1", "hours"},
           {"per_dollar: 1340", "per_dollar: 0", "per_dollar"},
           {"currency: KRW", "currency: [1]", "currency"},
           {"gpus:", "gpu:", "gpu"}}) {
    std::string bad = good;
    bad.replace(bad.find(old), old.size(), with);
    const auto prices = prices_from_yaml(bad, "my prices");
    ASSERT_FALSE(prices) << with;
    EXPECT_EQ(prices.error().code, Code::InvalidArgument);
    EXPECT_NE(prices.error().message.find(key), std::string::npos) << prices.error().message;
  }
  EXPECT_EQ(find_gpu(shipped(), "abacus").error().code, Code::NotFound);
}

}  // namespace
}  // namespace banchu::plan
