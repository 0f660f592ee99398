#include <fstream>

#include "base/digest.h"
#include "base/file.h"
#include "tests/model/gguf_writer.h"
#include "tests/model/model_fixture.h"

namespace banchu {
namespace {

class ModelLoad : public RealModelTest {
 protected:
  TemporaryFolder folder_ = std::move(TemporaryFolder::create("banchu-load")).value();
};

TEST_F(ModelLoad, NamesTheFileByItsContent) {
  EXPECT_EQ(model_->digest(), sha256_file(default_model_path()).value());
  EXPECT_EQ(model_->digest(), "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53");
}

TEST_F(ModelLoad, SaysBeforeLoadingThatAModelDoesNotFit) {
  const auto model = Model::load(default_model_path(), {0, 100 << 20});
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, Code::NoSpace);
  EXPECT_NE(model.error().message.find("0.10 GiB are there"), std::string::npos) << model.error().message;
}

TEST_F(ModelLoad, RefusesWhatIsNoUsableModel) {
  const auto path = folder_.path() / "m.gguf";
  EXPECT_EQ(Model::load(path).error().code, Code::NotFound);
  EXPECT_EQ(Model::load(GgufWriter::save(path, "not a model")).error().code, Code::Corruption);
  std::string head(1 << 20, '\0');
  std::ifstream(default_model_path(), std::ios::binary).read(head.data(), static_cast<std::streamsize>(head.size()));
  EXPECT_EQ(Model::load(GgufWriter::save(path, head)).error().code, Code::Corruption);
  GgufWriter foreign;
  foreign.text("general.architecture", "nobody-knows-this");
  foreign.tensor("x", {8}, std::vector<float>(8));
  EXPECT_EQ(Model::load(GgufWriter::save(path, foreign.bytes())).error().code, Code::Unsupported);
  GgufWriter empty;
  empty.text("general.architecture", "llama");
  EXPECT_EQ(Model::load(GgufWriter::save(path, empty.bytes())).error().code, Code::Unsupported);
  GgufWriter twice;  // the engine itself would end the process
  twice.text("general.architecture", "llama");
  twice.text("tokenizer.ggml.model", "gpt2");
  twice.texts("tokenizer.ggml.tokens", {"a", "b", "a"});
  const auto repeated = Model::load(GgufWriter::save(path, twice.bytes()));
  ASSERT_FALSE(repeated);
  EXPECT_EQ(repeated.error().code, Code::Corruption);
  EXPECT_NE(repeated.error().message.find("token 2"), std::string::npos) << repeated.error().message;
  GgufWriter zero;  // and it reads a token up to its first zero byte
  zero.text("general.architecture", "llama");
  zero.text("tokenizer.ggml.model", "gpt2");
  zero.texts("tokenizer.ggml.tokens", {"a", "b", std::string("a\0c", 3)});
  EXPECT_EQ(Model::load(GgufWriter::save(path, zero.bytes())).error().code, Code::Corruption);
  GgufWriter adapter;
  adapter.text("general.type", "adapter");
  EXPECT_EQ(Model::load(GgufWriter::save(path, adapter.bytes())).error().code, Code::InvalidArgument);
}

class Adapters : public ModelLoad {
 protected:
  // A LoRA pair of rank 2 for one matrix of 576 x 576, unless told otherwise.
  struct Shape {
    std::string architecture = "llama";
    std::string tensor = "blk.0.attn_q.weight";
    std::uint64_t in = 576;
    std::uint64_t out = 576;
    float value = 0.05f;
    bool has_b = true;
  };
  AdapterUse write(const Shape& shape, const std::string& name) const {
    GgufWriter writer;
    writer.text("general.type", "adapter");
    writer.text("adapter.type", "lora");
    writer.text("general.architecture", shape.architecture);
    writer.text("general.base_model.0.name", "Another Base 7B");
    writer.number<float>("adapter.lora.alpha", 6, 4.0f);
    writer.tensor(shape.tensor + ".lora_a", {shape.in, 2}, std::vector<float>(shape.in * 2, shape.value));
    if (shape.has_b) {
      writer.tensor(shape.tensor + ".lora_b", {2, shape.out}, std::vector<float>(shape.out * 2, shape.value));
    }
    const auto path = GgufWriter::save(folder_.path() / name, writer.bytes());
    return {sha256_file(path).value(), path, 1.0f};
  }
  float logprob(Session& session) const {
    const std::vector<ScoreRequest> requests = {{prompt("Hi"), {10}}};
    return session.score(requests, 0, nullptr, nullptr)->at(0).logprobs.at(0);
  }
};

TEST_F(Adapters, ChangeTheModelAndComeOffAgain) {
  const auto session = open(256);
  const float bare = logprob(*session);
  const std::vector<AdapterUse> use = {write({}, "a.gguf")};
  ASSERT_TRUE(session->set_adapters(use));
  const float changed = logprob(*session);
  EXPECT_NE(changed, bare);
  std::vector<AdapterUse> none = use;
  none[0].scale = 0;
  ASSERT_TRUE(session->set_adapters(none));
  EXPECT_EQ(logprob(*session), bare);
  ASSERT_TRUE(session->set_adapters(use));
  EXPECT_EQ(logprob(*session), changed);
  ASSERT_TRUE(session->set_adapters({}));
  EXPECT_EQ(logprob(*session), bare);
}

TEST_F(Adapters, NeverReuseACacheThatAnotherAdapterMade) {
  const auto session = open(256);
  CompletionRequest ask;
  ask.prompt = prompt("Hi");
  ask.sampling.max_tokens = 2;
  ASSERT_TRUE(session->complete(ask, nullptr, nullptr));
  ASSERT_TRUE(session->set_adapters(std::vector<AdapterUse>{write({}, "a.gguf")}));
  EXPECT_EQ(session->complete(ask, nullptr, nullptr)->cached_tokens, 0u);
  EXPECT_GT(session->complete(ask, nullptr, nullptr)->cached_tokens, 0u);
}

TEST_F(Adapters, OfAnotherBaseAreRefusedWithTheReason) {
  const auto session = open(256);
  const float bare = logprob(*session);
  const auto refusal = [&](const Shape& shape) {
    const Status status = session->set_adapters(std::vector<AdapterUse>{write(shape, "wrong.gguf")});
    EXPECT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::InvalidArgument);
    EXPECT_NE(status.error().message.find("Smollm2 135M"), std::string::npos) << status.error().message;
    EXPECT_NE(status.error().message.find("Another Base 7B"), std::string::npos) << status.error().message;
    return status ? "" : status.error().message;
  };
  EXPECT_NE(refusal({"llama", "blk.0.attn_q.weight", 4096, 4096}).find("576 x 576"), std::string::npos);
  EXPECT_NE(refusal({"gemma3"}).find("gemma3"), std::string::npos);
  EXPECT_NE(refusal({"llama", "blk.31.attn_q.weight"}).find("blk.31.attn_q.weight"), std::string::npos);
  Shape half;
  half.has_b = false;
  EXPECT_NE(refusal(half).find("lora_b is missing"), std::string::npos);
  EXPECT_EQ(logprob(*session), bare);
}

TEST_F(Adapters, ThatAreNoAdaptersAreRefused) {
  const auto session = open(256);
  const auto code = [&](const std::filesystem::path& path) {
    return session->set_adapters(std::vector<AdapterUse>{{"", path, 1.0f}}).error().code;
  };
  EXPECT_EQ(code(folder_.path() / "nothing.gguf"), Code::NotFound);
  EXPECT_EQ(code(GgufWriter::save(folder_.path() / "text.gguf", "hello")), Code::Corruption);
  EXPECT_EQ(code(default_model_path()), Code::Unsupported);
  GgufWriter wide;  // alpha in 64 bits: the engine would abort on it
  wide.text("general.type", "adapter");
  wide.text("adapter.type", "lora");
  wide.text("general.architecture", "llama");
  wide.number<double>("adapter.lora.alpha", 12, 4.0);
  wide.tensor("blk.0.attn_q.weight.lora_a", {576, 2}, std::vector<float>(1152));
  wide.tensor("blk.0.attn_q.weight.lora_b", {2, 576}, std::vector<float>(1152));
  EXPECT_EQ(code(GgufWriter::save(folder_.path() / "wide.gguf", wide.bytes())), Code::Unsupported);
}

}  // namespace
}  // namespace banchu
