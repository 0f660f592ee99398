// Adapters that PEFT wrote mean here what they meant there, and go back as they came. Fixtures:
// tools/make_peft_fixture.py.
#include "exchange/peft.h"

#include "exchange/peft_config.h"
#include "exchange/tensor_names.h"
#include "tests/exchange/support.h"
#include "train/graph.h"

namespace banchu::test {
namespace {

// The trainer's own llama in f32 (tests/parity compares it with libllama's), on a model file.
std::vector<float> logits_of(const std::filesystem::path& model, const std::vector<Token>& tokens) {
  const auto file = open_gguf(model);
  const auto shape = lora::read_shape(*file).value();
  const auto plan = lora::plan_parameters(shape, 1, 1);
  const auto silent = lora::fresh_parameters(plan, 1);  // B is zero
  const auto weights = lora::Weights<float>::load(file, shape, plan, {}).value();
  lora::Gemm gemm;
  lora::Graph<float> graph(&weights, &plan, &gemm, 0, 0);
  graph.use_parameters(silent.data());
  lora::Batch batch;
  batch.tokens = tokens;
  batch.rows = {{0, static_cast<std::int64_t>(tokens.size())}};
  return graph.logits(batch);
}

class Peft : public ExchangeTest {
 protected:
  // Largest difference between PEFT's logits in the fixture and ours on the model at `path`.
  double apart(const std::string& name, const std::filesystem::path& path) const {
    const std::vector<float> ours = logits_of(path, theirs_["tokens"].get<std::vector<Token>>());
    double worst = 0;
    std::size_t i = 0;
    for (const Json& row : theirs_[name]) {
      for (const Json& logit : row) worst = std::max(worst, std::abs(logit.get<double>() - double{ours.at(i++)}));
    }
    EXPECT_EQ(i, theirs_["tokens"].size() * theirs_["vocabulary"].get<std::size_t>());
    return worst;
  }
  Result<PeftAdapter> read(const std::string& name) const { return read_peft(fixture("exchange/" + name), *base_); }
  std::filesystem::path merged(const Adapter& adapter) const {
    const auto outcome = merge_model({base_.get(), &adapter, at("merged.gguf"), "f32", 1, {}, nullptr});
    EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().message);
    return at("merged.gguf");
  }
  // A copy of a fixture's folder with its config changed.
  std::filesystem::path changed(const std::string& name, const char* key, const Json& value) const {
    std::filesystem::create_directories(at("changed"));
    std::filesystem::copy(fixture("exchange/" + name), at("changed"),
                          std::filesystem::copy_options::overwrite_existing | std::filesystem::copy_options::recursive);
    Json config = parse_json(read_file(at("changed/adapter_config.json")).value(), "config").value();
    config[key] = value;
    EXPECT_TRUE(write_file_atomic(at("changed/adapter_config.json"), to_line(config)));
    return at("changed");
  }

  const std::shared_ptr<const GgufFile> base_ = open_gguf(parity_base());
  const Json theirs_ = parse_json(read_file(fixture("exchange/logits.json")).value(), "logits.json").value();
};

TEST_F(Peft, OurLogitsWithItsAdaptersAreItsOwn) {
  ASSERT_LT(apart("base", parity_base()), 2e-4) << "the fixture belongs to another base";
  for (const char* name : {"plain", "stabilised", "patterns"}) {
    const auto peft = read(name);
    ASSERT_TRUE(peft) << peft.error().message;
    EXPECT_EQ(peft->made_for, "tiny-parity-llama");
    const double distance = apart(name, merged(peft->adapter));
    std::printf("%s: largest difference from PEFT's logits %.1e (from the base's %.1e)\n", name, distance,
                apart("base", at("merged.gguf")));
    EXPECT_LT(distance, 5e-4) << name;
    EXPECT_GT(apart("base", at("merged.gguf")), 0.1) << name;
  }
}

TEST_F(Peft, ScalesAreFoldedSoThatOneAlphaSaysThemAll) {
  EXPECT_FLOAT_EQ(read("plain")->adapter.alpha, 8);
  EXPECT_FLOAT_EQ(read("stabilised")->adapter.alpha, static_cast<float>(7 * std::sqrt(5.0)));
  const Adapter patterns = read("patterns")->adapter;
  EXPECT_FLOAT_EQ(patterns.alpha, 8);
  EXPECT_EQ(common_rank(patterns), 4U);
  for (const AdapterTensor& tensor : patterns.tensors) {
    if (tensor.base.ends_with("attn_q.weight")) {
      EXPECT_EQ(tensor.rank, 2U);
    }
    if (tensor.base == "blk.1.ffn_down.weight") {
      EXPECT_EQ(tensor.rank, 6U);
    }
  }
}

TEST_F(Peft, WhatPeftWroteGoesBackByteForByte) {
  const std::pair<const char*, FloatFormat> cases[] = {{"plain", FloatFormat::f32}, {"stabilised", FloatFormat::bf16}};
  for (const auto& [name, format] : cases) {
    ASSERT_TRUE(write_adapter(read(name)->adapter, at("adapter.gguf")));
    const auto adapter = read_gguf_adapter(at("adapter.gguf"), *base_);
    ASSERT_TRUE(adapter) << adapter.error().message;
    ASSERT_TRUE(write_peft(*adapter, *base_, at("back"), format));
    const auto before = SafetensorsFile::open(fixture("exchange") / name / "adapter_model.safetensors");
    const auto after = SafetensorsFile::open(at("back/adapter_model.safetensors"));
    ASSERT_TRUE(before && after);
    ASSERT_EQ(before->tensors().size(), after->tensors().size());
    for (const Safetensor& tensor : before->tensors()) {
      const Safetensor* other = after->find(tensor.name);
      ASSERT_NE(other, nullptr) << tensor.name;
      EXPECT_EQ(other->dtype, tensor.dtype);
      EXPECT_EQ(other->shape, tensor.shape);
      EXPECT_TRUE(std::equal(tensor.data.begin(), tensor.data.end(), other->data.begin(), other->data.end()))
          << tensor.name;
    }
  }
}

TEST_F(Peft, OursGoesOutAndComesBackTheSameAlsoWithSeveralRanks) {
  for (const char* name : {"stabilised", "patterns"}) {
    const Adapter ours = read(name)->adapter;
    ASSERT_TRUE(write_peft(ours, *base_, at("out"), FloatFormat::f32));
    const auto back = read_peft(at("out"), *base_);
    ASSERT_TRUE(back) << back.error().message;
    ASSERT_TRUE(write_adapter(ours, at("1.gguf")));
    ASSERT_TRUE(write_adapter(back->adapter, at("2.gguf")));
    EXPECT_EQ(read_file(at("1.gguf")).value(), read_file(at("2.gguf")).value()) << name;
  }
}

TEST_F(Peft, AnAdapterOfAnotherBaseIsRefusedAndSaysWhy) {
  const auto tiny = open_gguf(tiny_base());
  const auto wrong = read_peft(fixture("exchange/plain"), *tiny);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::InvalidArgument);
  EXPECT_NE(wrong.error().message.find("does not fit the base"), std::string::npos) << wrong.error().message;
  EXPECT_FALSE(wrong.error().hint.empty());
  ASSERT_TRUE(write_adapter(random_adapter(*tiny, 2, 4, 0.1, 1), at("tiny.gguf")));
  EXPECT_EQ(read_gguf_adapter(at("tiny.gguf"), *base_).error().code, Code::InvalidArgument);
  EXPECT_TRUE(read_gguf_adapter(at("tiny.gguf"), *tiny));
}

TEST_F(Peft, WhatIsNoPlainLoraIsRefusedByName) {
  const std::pair<const char*, Json> foreign[] = {{"peft_type", "IA3"},
                                                  {"use_dora", true},
                                                  {"bias", "all"},
                                                  {"modules_to_save", {"lm_head"}},
                                                  {"init_lora_weights", "pissa"},
                                                  {"lora_bias", true},
                                                  {"alora_invocation_tokens", {1, 2}},
                                                  {"alpha_pattern", {{"(a+)+", 3}}}};
  for (const auto& [key, value] : foreign) {
    const auto read = read_peft(changed("plain", key, value), *base_);
    ASSERT_FALSE(read) << key;
    EXPECT_EQ(read.error().code, Code::Unsupported) << key;
    EXPECT_FALSE(read.error().message.empty());
  }
  EXPECT_EQ(read_peft(changed("plain", "lora_alpha", "8"), *base_).error().code, Code::InvalidArgument);
  EXPECT_EQ(read_peft(changed("plain", "lora_alpha", -1), *base_).error().code, Code::InvalidArgument);
}

TEST_F(Peft, AMissingFileIsNamed) {
  const auto empty = read_peft(fixture("tiny"), *base_);
  EXPECT_EQ(empty.error().code, Code::NotFound);
  EXPECT_NE(empty.error().message.find("adapter_config.json"), std::string::npos);
  std::filesystem::create_directories(at("half"));
  std::filesystem::copy(fixture("exchange/plain/adapter_config.json"), at("half"));
  EXPECT_NE(read_peft(at("half"), *base_).error().message.find("adapter_model.safetensors"), std::string::npos);
}

TEST_F(Peft, TensorsThatAreNoLoraAreRefused) {
  std::filesystem::create_directories(at("odd"));
  std::filesystem::copy(fixture("exchange/plain/adapter_config.json"), at("odd"));
  const std::vector<float> x(32 * 4, 0.5F), y(32, 1), bad(32 * 4, NAN);
  const std::string q = "base_model.model.model.layers.0.self_attn.q_proj";
  const std::vector<NewSafetensor> good = {{q + ".lora_A.weight", {4, 32}, &x}, {q + ".lora_B.weight", {32, 4}, &x}};
  const auto code_with = [&](std::vector<NewSafetensor> tensors) {
    EXPECT_TRUE(write_safetensors(at("odd/adapter_model.safetensors"), std::move(tensors), FloatFormat::f32, {}));
    const auto read = read_peft(at("odd"), *base_);
    return read ? Code::Internal : read.error().code;
  };
  ASSERT_EQ(code_with(good), Code::Internal) << "the plain pair is fine";
  EXPECT_EQ(code_with({good[0], good[1], {q + ".lora_magnitude_vector", {32}, &y}}), Code::Unsupported);
  EXPECT_EQ(code_with({good[0], good[1], {"base_model.model.lm_head.base_layer.weight", {32}, &y}}), Code::Unsupported);
  EXPECT_EQ(code_with({good[0]}), Code::InvalidArgument);
  EXPECT_EQ(code_with({good[0], {q + ".lora_B.weight", {32, 4}, &bad}}), Code::InvalidArgument);
  EXPECT_EQ(code_with({good[0], {q + ".lora_B.weight", {64, 2}, &x}}), Code::InvalidArgument);
  EXPECT_EQ(code_with({}), Code::InvalidArgument);
}

TEST(PeftConfig, TheFirstPatternThatEndsTheNameCounts) {
  const auto config = parse_peft_config(
      R"({"peft_type":"LORA","lora_alpha":16,"alpha_pattern":{"^lm_head":5,"layers\\.1\\.mlp\\.up_proj":3,"up_proj":2,"proj":9}})",
      "c");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_DOUBLE_EQ(config->scale_of("model.layers.0.mlp.up_proj", 4), 2.0 / 4);
  EXPECT_DOUBLE_EQ(config->scale_of("model.layers.1.mlp.up_proj", 4), 3.0 / 4);
  EXPECT_DOUBLE_EQ(config->scale_of("model.layers.11.mlp.up_proj", 4), 2.0 / 4);
  EXPECT_DOUBLE_EQ(config->scale_of("model.layers.1.mlp.gate_proj", 4), 16.0 / 4) << "a name ends at a dot";
  EXPECT_DOUBLE_EQ(config->scale_of("lm_head", 5), 1.0);
}

TEST_F(Peft, NamesGoBothWays) {
  const auto names = TensorNames::open(*base_).value();
  for (const GgufTensor& tensor : base_->tensors()) {
    const auto module = names.module(tensor.name);
    if (!module) continue;
    EXPECT_EQ(names.gguf_name(*module), tensor.name);
  }
  EXPECT_EQ(names.gguf_name("model.layers.3.self_attn.q_proj"), "blk.3.attn_q.weight");
  EXPECT_EQ(names.gguf_name("model.language_model.layers.3.mlp.up_proj"), "blk.3.ffn_up.weight");
  for (const char* strange : {"model.layers..mlp.up_proj", "model.layers.x.mlp.up_proj", "model.layers.1", "", "x",
                              "model.layers.99999999999.mlp.up_proj", "model.layers.1.mlp.router"}) {
    EXPECT_EQ(names.gguf_name(strange), std::nullopt) << strange;
  }
}

}  // namespace
}  // namespace banchu::test
